//! The `admin` binary, as an operator uses it.

use std::process::Output;
use std::time::SystemTime;

use insta::assert_snapshot;
use packages_api::records::Records;
use packages_api_local::{Stack, StackOptions};
use serde_json::Value;
use tokio::process::Command;

use crate::support::app::TestApp;
use crate::support::command;
use crate::support::contents::Contents;
use crate::support::gem::Gem;

/// Runs `admin` with these arguments.
async fn admin(stack: &Stack, arguments: &str) -> Output {
    command::run(stack, &format!("admin {arguments}")).await
}

async fn transcript(stack: &Stack, arguments: &str) -> String {
    command::transcript(stack, &format!("admin {arguments}")).await
}

/// The record that a command with `--json` printed.
async fn json(stack: &Stack, arguments: &str) -> Value {
    let output = admin(stack, &format!("{arguments} --json")).await;
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

async fn stack() -> Stack {
    Stack::start(StackOptions::default()).await.expect("a stack")
}

#[tokio::test]
async fn everything_is_made_listed_and_deleted() {
    let stack = stack().await;
    let mut transcripts = String::new();
    for arguments in [
        "organization create my_great_org",
        "organization create other",
        "registry create my_great_org/my-registry --ecosystem ruby",
        "registry create my_great_org/more --ecosystem rubygems --json",
        "registry list my_great_org",
        "registry list other",
        "token create my_great_org --scope read_packages create_packages --registry my-registry --description CI",
        "organization list",
        "organization list --json",
        "registry list my_great_org --json",
        "organization delete my_great_org",
        "registry delete my_great_org/my-registry",
        "registry delete my_great_org/more",
        "organization delete my_great_org",
        "organization list",
    ] {
        transcripts.push_str(&transcript(&stack, arguments).await);
    }
    assert_snapshot!(transcripts);
}

#[tokio::test]
async fn names_of_things_are_not_their_makers() {
    let stack = stack().await;
    json(&stack, "--as ann organization create my_great_org").await;
    let create = "registry create my_great_org/gems --ecosystem ruby --name Gems --description Ours --as ann";
    let registry = json(&stack, create).await;
    assert_eq!(
        (&registry["name"], &registry["description"]),
        (&"Gems".into(), &"Ours".into())
    );
    json(
        &stack,
        "token create my_great_org --scope read_packages --name bob --as ann",
    )
    .await;
    let contents = Contents::of(&stack).await;
    let events = contents.of_kind("audit");
    assert_eq!(events.len(), 3);
    for (_, event) in events {
        let actor = event["actor"].as_m().expect("a map");
        assert_eq!(actor["name"].as_s().expect("a text"), "ann");
    }
}

#[tokio::test]
async fn refusals_say_why_and_exit_with_1() {
    let stack = stack().await;
    admin(&stack, "organization create my_great_org").await;
    admin(
        &stack,
        "registry create my_great_org/my-registry --ecosystem ruby",
    )
    .await;
    let mut transcripts = String::new();
    for arguments in [
        "organization create my_great_org",
        "organization delete nothing",
        "organization delete my_great_org",
        "registry create my_great_org/my-registry --ecosystem files",
        "registry create nothing/my-registry --ecosystem ruby",
        "registry delete my_great_org/nothing",
        "registry list nothing",
        "token create nothing --scope read_packages",
        "token create my_great_org --scope read_packages --registry nothing",
        "token delete my_great_org 0191e23a-4bc8-7683-bfa4-5f73bc9b7c44",
    ] {
        transcripts.push_str(&transcript(&stack, arguments).await);
    }
    assert_snapshot!(transcripts);
}

#[tokio::test]
async fn wrong_usage_exits_with_2() {
    let stack = stack().await;
    for arguments in [
        "organization",
        "organization create Not_A_Slug",
        "registry create my_great_org --ecosystem ruby",
        "registry create my_great_org/r",
        "registry create my_great_org/r --ecosystem cobol",
        "token create my_great_org",
        "token create my_great_org --scope everything",
        "token create my_great_org --scope read_packages --expires never",
        "token create my_great_org --scope read_packages --expires 0s",
        "token delete my_great_org first",
    ] {
        let output = admin(&stack, arguments).await;
        assert_eq!(output.status.code(), Some(2), "{arguments}: {output:?}");
        assert!(
            !output.stderr.is_empty() && output.stdout.is_empty(),
            "{arguments}"
        );
    }
}

#[tokio::test]
async fn missing_environment_variables_are_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_admin"))
        .args(["organization", "list"])
        .env_clear()
        // Asking the machine that hosts this one would take its time.
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output();
    let output = output.await.expect("the binary is there");
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).expect("text");
    assert_snapshot!(errors, @"admin: the environment is not what is needed: TABLE_NAME is not set; BUCKET_NAME is not set; no AWS region is set: set AWS_REGION, or `region` in the profile; no AWS credentials are set: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with `aws sso login`");
}

#[tokio::test]
async fn every_command_has_help() {
    let stack = stack().await;
    let mut transcripts = String::new();
    for arguments in [
        "--help",
        "organization --help",
        "organization create --help",
        "organization list --help",
        "organization delete --help",
        "registry --help",
        "registry create --help",
        "registry list --help",
        "registry delete --help",
        "token --help",
        "token create --help",
        "token list --help",
        "token delete --help",
        "package --help",
        "package publish --help",
        "package list --help",
        "package get --help",
        "package copy --help",
        "package delete --help",
        "package history --help",
        "adopt --help",
        "quarantine --help",
    ] {
        transcripts.push_str(&transcript(&stack, arguments).await);
    }
    assert_snapshot!(transcripts);
}

/// Binds them whatever the table named before.
#[tokio::test]
async fn adopt_binds_the_table_to_the_bucket() {
    let stack = stack().await;
    let records = Records::new(&stack.sdk_config(), stack.table());
    assert_eq!(records.marker().await.expect("read"), None);
    let adopt = "READ_ONLY=1 admin adopt";
    let first = command::transcript(&stack, adopt).await;
    assert!(first.ends_with("-> 0\n\n"), "{first}");
    let adopted = records.marker().await.expect("read").expect("a marker");
    assert_eq!(
        (adopted.table.as_str(), adopted.bucket.as_str()),
        (stack.table(), stack.bucket())
    );
    records.mark("another-bucket").await.expect("marked");
    assert_eq!(command::transcript(&stack, adopt).await, first);
    let again = records.marker().await.expect("read").expect("a marker");
    assert_eq!(again.bucket, stack.bucket());
    assert!(again.quarantined_until > adopted.quarantined_until);
}

#[tokio::test]
async fn secrets_are_shown_once_and_can_be_revoked() {
    let app = TestApp::start().await;
    let stack = &app.stack;
    json(stack, "registry create my_great_org/other --ecosystem ruby").await;
    let token = "token create my_great_org --registry other --expires 90d \
                 --scope create_packages read_packages --description for-tests";
    let made = json(stack, token).await;
    let secret = made["token"].as_str().expect("a secret");
    let expires_at = made["expires_at"].as_str().expect("a time");
    let expires_at = humantime::parse_rfc3339(expires_at).expect("a time");
    let lifetime = expires_at.duration_since(SystemTime::now()).expect("to come");
    let days = lifetime.as_secs() / (24 * 60 * 60);
    assert!((89..=91).contains(&days), "{lifetime:?}");
    let listed = admin(stack, "token list my_great_org --json").await.stdout;
    let listed = String::from_utf8(listed).expect("text");
    assert!(
        listed.contains("for-tests") && !listed.contains(secret),
        "{listed}"
    );
    assert!(!listed.contains("hash"), "{listed}");

    let user = app
        .user
        .authorized(Some(&format!("Bearer {secret}")))
        .at("my_great_org", "other");
    let id = user.publish(&Gem::banana().build()).await.id();
    assert_eq!(user.get(&id).await.status, 200);
    user.delete(&id).await.assert_error(403);

    json(stack, "registry delete my_great_org/other").await;
    user.get(&id).await.assert_error(404);
    json(stack, "registry create my_great_org/other --ecosystem ruby").await;
    user.get(&id).await.assert_error(404);
    user.publish(&Gem::banana().build()).await.assert_error(404);

    let delete = format!(
        "token delete my_great_org {}",
        made["id"].as_str().expect("an id")
    );
    json(stack, &delete).await;
    user.get(&id).await.assert_error(401);
}

#[tokio::test]
async fn policies_are_set_shown_and_cleared() {
    let stack = stack().await;
    for arguments in ["organization create o", "registry create o/r --ecosystem ruby"] {
        assert!(admin(&stack, arguments).await.status.success());
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().to_str().expect("a path");
    let shown = async || String::from_utf8(admin(&stack, "registry policy o/r").await.stdout).expect("text");
    assert_eq!(shown().await, "");
    let policy = "# Releases.\n- iss: https://issuer.example\n  claims: { ref: { matches: refs/tags/* } }\n";
    std::fs::write(path, policy).expect("a file");
    let set = admin(&stack, &format!("registry policy o/r {path}")).await;
    assert!(set.status.success(), "{set:?}");
    assert_eq!(shown().await, policy, "byte for byte");
    // A policy that is not valid changes nothing, and is told with statement and line.
    std::fs::write(path, "- iss: https://issuer.example\n- claims: {}\n").expect("a file");
    let refused = admin(&stack, &format!("registry policy o/r {path}")).await;
    assert_eq!(refused.status.code(), Some(1));
    let message = String::from_utf8(refused.stderr).expect("text");
    assert!(
        message.contains("Statement 2, line 2: `iss` is missing"),
        "{message}"
    );
    let missing = admin(&stack, "registry policy o/r /nowhere/policy.yaml").await;
    assert_eq!(missing.status.code(), Some(1));
    let record = json(&stack, "registry policy o/r").await;
    assert_eq!(
        record,
        serde_json::json!({ "registry": "o/r", "oidc_policy": policy })
    );
    let cleared = json(&stack, "registry policy o/r --clear").await;
    assert_eq!(cleared["oidc_policy"], Value::Null);
    assert_eq!(shown().await, "");
}

//! The `admin` binary, as an operator uses it.

use std::process::Output;

use insta::assert_snapshot;
use packages_api_local::{Stack, StackOptions};
use serde_json::Value;
use tokio::process::Command;

use crate::support::answer::redacted;
use crate::support::app::TestApp;
use crate::support::gem::Gem;

/// Runs `admin` with these arguments, and nothing of this process's environment.
async fn admin(stack: &Stack, arguments: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_admin"))
        .args(arguments.split(' '))
        .env_clear()
        .envs(stack.environment())
        .output()
        .await
        .expect("the binary is there")
}

/// The command, its exit code and what it printed, without what no two runs have in common.
async fn told(stack: &Stack, arguments: &str) -> String {
    let output = admin(stack, arguments).await;
    let printed = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    let (out, errors) = (printed(&output.stdout), printed(&output.stderr));
    let code = output.status.code().expect("an exit code");
    let text = format!("$ admin {arguments}\n{out}{errors}-> {code}\n\n");
    without_secrets(&redacted(&text, "\0"))
}

/// The record that a command with `--json` printed.
async fn json(stack: &Stack, arguments: &str) -> Value {
    let output = admin(stack, &format!("{arguments} --json")).await;
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// `pkgs_…` → `[secret]`, and times that are not in quotes.
fn without_secrets(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n', '"']).map(|word| {
        let (bare, end) = word.split_at(word.len() - usize::from(word.ends_with([' ', '\n', '"'])));
        match bare {
            bare if bare.starts_with("pkgs_") => format!("[secret]{end}"),
            bare if bare.ends_with('Z') && bare.starts_with("20") => format!("[time]{end}"),
            _ => word.to_owned(),
        }
    });
    words.collect()
}

async fn stack() -> Stack {
    Stack::start(StackOptions::default()).await.expect("a stack")
}

#[tokio::test]
async fn everything_is_made_listed_and_deleted() {
    let stack = stack().await;
    let mut told_all = String::new();
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
        told_all.push_str(&told(&stack, arguments).await);
    }
    assert_snapshot!(told_all);
}

#[tokio::test]
async fn what_is_refused_says_why_and_exits_with_1() {
    let stack = stack().await;
    admin(&stack, "organization create my_great_org").await;
    admin(
        &stack,
        "registry create my_great_org/my-registry --ecosystem ruby",
    )
    .await;
    let mut told_all = String::new();
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
        told_all.push_str(&told(&stack, arguments).await);
    }
    assert_snapshot!(told_all);
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
async fn without_its_environment_it_names_what_is_missing() {
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
    let mut told_all = String::new();
    for arguments in [
        "--help",
        "organization --help",
        "registry create --help",
        "token create --help",
    ] {
        told_all.push_str(&told(&stack, arguments).await);
    }
    assert_snapshot!(told_all);
}

#[tokio::test]
async fn a_secret_is_shown_once_opens_the_registry_and_dies_with_it() {
    let app = TestApp::start().await;
    let stack = &app.stack;
    json(stack, "registry create my_great_org/other --ecosystem ruby").await;
    let token = "token create my_great_org --registry other --expires 90d \
                 --scope create_packages read_packages --description for-tests";
    let made = json(stack, token).await;
    let secret = made["token"].as_str().expect("a secret");
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

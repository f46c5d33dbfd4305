//! The API function's role, held against what all calls ask of the table and the bucket: it allows
//! nothing less and nothing more.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Method;
use packages_api::formats::Ecosystem;
use serde_json::json;
use serde_yaml_ng::Value;

use crate::api::attestations::bundle_of;
use crate::support::File;
use crate::support::accesses::Access;
use crate::support::app::{FILES, ORGANIZATION, TestApp};
use crate::support::client::Client;
use crate::support::fault::Fault;
use crate::support::fault_proxy::FaultProxy;
use crate::support::gem::Gem;
use crate::support::jobs::Jobs;
use crate::support::lines::Reader;
use crate::support::native_requests::native_requests;
use crate::support::npm::npm_requests;
use crate::support::uploads::UploadForm;

/// One permission: an action, and a pattern of what it may be done to.
type Permission = (String, String);

/// The statements of `template.yaml` that allow the API function something of the table and the bucket.
fn statements() -> Vec<(Vec<String>, Vec<String>)> {
    let template: Value = serde_yaml_ng::from_str(include_str!("../../../template.yaml")).expect("YAML");
    let role = &template["Resources"]["ApiFunctionRole"]["Properties"];
    let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_sequence();
    let statements = statements.expect("statements").iter();
    let mut allowed = Vec::new();
    for statement in statements.filter(|statement| statement["Sid"] != "Logs") {
        assert_eq!(statement["Effect"], "Allow");
        let actions = texts(&statement["Action"]);
        let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
        let of_table = actions[0].starts_with("dynamodb:");
        let patterns = texts(if of_table { keys } else { &statement["Resource"] });
        // Of an object's ARN, what follows the bucket's name.
        let patterns = patterns.iter().map(|pattern| pattern.rsplit("${Name}/").next());
        allowed.push((actions, patterns.flatten().map(str::to_owned).collect()));
    }
    allowed
}

/// One text or many; of a `!Sub`, the text that it fills in.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Sequence(values) => values.iter().flat_map(texts).collect(),
        Value::Tagged(sub) => texts(sub.value.get(0).unwrap_or(&sub.value)),
        other => panic!("no text: {other:?}"),
    }
}

fn allows(permission: &Permission, access: &Access) -> bool {
    let (action, pattern) = permission;
    let fits = match pattern.strip_suffix('*') {
        Some(beginning) => access.1.starts_with(beginning),
        None => access.1 == *pattern,
    };
    *action == access.0 && fits
}

/// Requests a form, and puts the file where it would have been posted: the proxy's region is not that of
/// the bucket, which takes no form of another.
async fn upload(app: &TestApp, file: &File) -> String {
    let form = UploadForm::of(&app.user.request_upload().await);
    let put = aws_sdk_s3::Client::new(&app.stack.sdk_config()).put_object();
    let put = put.bucket(app.stack.bucket()).key(form.key(&file.name));
    let put = put.body(file.bytes.clone().into()).send().await;
    put.expect("an object");
    form.package_url(&file.name)
}

/// All accesses of all calls, in every way in which they end.
async fn all_accesses() -> BTreeSet<Access> {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    app.create_registry("more-gems", Ecosystem::Ruby).await;
    let user = &app.user;
    app.app.warm_up().await;
    user.call(Method::GET, "/").await;
    // Publish: anew, again, other bytes, with metadata of its own object, and a file of any size.
    let id = user.publish(&Gem::banana().build()).await.id();
    user.publish(&Gem::banana().build()).await.id();
    let other = Gem::banana().summary("other").build();
    user.publish(&other).await.assert_error(409);
    let large = Gem::new("large", "1.0.0")
        .summary(&"long ".repeat(10_000))
        .build();
    let url = upload(&app, &large).await;
    let large = user.publish_url(&url).await.id();
    user.publish_url(&url).await.id();
    let url = upload(&app, &Gem::banana().build()).await;
    user.publish_url(&url).await.id();
    let files = user.at(ORGANIZATION, FILES);
    files.publish(&File::new("notes-1.0.0.txt", "x")).await.id();
    let attested = Gem::new("attested", "1.0.0").build();
    let bundle = bundle_of(&attested.bytes);
    let attested = user.publish_attested(&attested, &bundle).await.id();
    assert_eq!(user.attestations(&attested).await.status, 200);
    // Read.
    assert_eq!(user.get(&large).await.status, 200);
    for query in ["", "?name=banana", "?per_page=1"] {
        let list = format!("{}{query}", user.packages());
        assert_eq!(user.call(Method::GET, &list).await.status, 200);
    }
    let download = format!("{}/{id}/download", user.packages());
    for method in [Method::HEAD, Method::GET] {
        assert_eq!(user.call(method, &download).await.status, 200);
    }
    npm_requests(&app).await;
    native_requests(&app).await;
    registries(user, &proxy).await;
    account(&app).await;
    indexes(&app, &proxy).await;
    // Copy and delete.
    let copy = format!("{}/{large}/copy?to=more-gems", user.packages());
    user.call(Method::POST, &copy).await.id();
    for id in [&id, &large, &attested] {
        assert_eq!(user.delete(id).await.status, 200);
        user.get(id).await.assert_error(404);
    }
    let mut accesses = proxy.accesses();
    // A job, whose issuer's keys are shared.
    let (jobs, proxy) = Jobs::behind_proxy().await;
    jobs.job().publish(&Gem::banana().build()).await.id();
    accesses.extend(proxy.accesses());
    // A presigned form posts with the permission of whoever signed it.
    accesses.insert(("s3:PutObject".to_owned(), "uploads/x".to_owned()));
    accesses
}

/// The index of a registry: anew, after a change, and with nothing in memory.
async fn indexes(app: &TestApp, proxy: &FaultProxy) {
    let reader = || Reader::of(app, &proxy.sdk_config(&app.stack));
    reader().read("packages").await;
    app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    reader().read("packages").await;
    reader().read("packages").await;
}

/// All calls on registries.
async fn registries(user: &Client, proxy: &FaultProxy) {
    for path in [user.registries(), user.own_registry()] {
        assert_eq!(user.call(Method::GET, &path).await.status, 200);
    }
    let body = json!({ "name": "one", "ecosystem": "ruby" });
    let created = user.call_with(Method::POST, &user.registries(), &body).await;
    assert_eq!(created.status, 200);
    // A refusal after an attempt that was not answered leaves a fence.
    proxy.inject("TransactWriteItems", Fault::Disconnect, 1);
    let other = json!({ "name": "one", "ecosystem": "files" });
    let refused = user.call_with(Method::POST, &user.registries(), &other).await;
    refused.assert_error(422);
    let one = user.at(ORGANIZATION, "one");
    let body = json!({ "description": "text" });
    let updated = user.call_with(Method::PATCH, &one.own_registry(), &body).await;
    assert_eq!(updated.status, 200);
    let deleted = user.call(Method::DELETE, &one.own_registry()).await;
    assert_eq!(deleted.status, 200);
}

/// All calls on accounts and audit events.
async fn account(app: &TestApp) {
    let events = "/v2/organizations/my_great_org/audit_events";
    let page = app.user.call(Method::GET, events).await.json();
    let event = page["items"][0]["id"].as_str().expect("an event").to_owned();
    let event = format!("{events}/{event}");
    for path in [
        "/v2/access-token",
        "/v2/user",
        "/v2/organizations",
        "/v2/organizations/my_great_org",
        &event,
    ] {
        assert_eq!(app.user.call(Method::GET, path).await.status, 200, "{path}");
    }
    let tokens = app.user.tokens();
    let created = app.user.create_token("Jenkins").await.id();
    assert_eq!(app.user.call(Method::GET, &tokens).await.status, 200);
    let token = format!("{tokens}/{created}");
    assert_eq!(app.user.call(Method::GET, &token).await.status, 200);
    let body = json!({ "description": null });
    let changed = app.user.call_with(Method::PATCH, &token, &body).await;
    assert_eq!(changed.status, 200);
    assert_eq!(app.user.call(Method::DELETE, &token).await.status, 200);
    let own = app.user_with(&[]).await;
    assert_eq!(own.call(Method::DELETE, "/v2/access-token").await.status, 204);
}

#[tokio::test]
async fn role_allows_exactly_what_calls_need() {
    let accesses = all_accesses().await;
    let statements = statements();
    let mut permissions: Vec<Permission> = Vec::new();
    for (actions, patterns) in &statements {
        for action in actions {
            permissions.extend(patterns.iter().map(|pattern| (action.clone(), pattern.clone())));
        }
    }
    for access in &accesses {
        let allowed = permissions.iter().any(|permission| allows(permission, access));
        assert!(allowed, "{access:?} is not allowed");
    }
    for (actions, patterns) in &statements {
        let used = |action: &str, pattern: &str| {
            let permission = (action.to_owned(), pattern.to_owned());
            accesses.iter().any(|access| allows(&permission, access))
        };
        for action in actions {
            let needed = patterns.iter().any(|pattern| used(action, pattern));
            assert!(needed, "no call needs {action} of {patterns:?}");
        }
        for pattern in patterns {
            let needed = actions.iter().any(|action| used(action, pattern));
            assert!(needed, "no call needs {actions:?} of {pattern}");
        }
    }
}

/// Holds for every request to the function, and every failure in it.
#[test]
fn role_makes_no_organizations() {
    let partitions = ["organizations", "marker"];
    for (actions, patterns) in statements() {
        for action in actions.iter().filter(|action| action.starts_with("dynamodb:")) {
            let reads = ["BatchGetItem", "GetItem", "Query"].iter();
            if reads
                .map(|read| format!("dynamodb:{read}"))
                .any(|read| read == *action)
            {
                continue;
            }
            for partition in partitions {
                let access = (action.clone(), partition.to_owned());
                let allowed = |pattern: &String| allows(&(action.clone(), pattern.clone()), &access);
                assert!(!patterns.iter().any(allowed), "{access:?}");
            }
        }
    }
}

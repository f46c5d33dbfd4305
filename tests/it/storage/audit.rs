//! Audit events: one for each change, in its own transaction, and none for what changes nothing.

use std::time::Duration;

use packages_api::formats::Ecosystem;
use packages_api::records::NewToken;
use packages_api::{Scope, Secret};

use crate::support::app::{TestApp, slug, tester};
use crate::support::command;
use crate::support::contents::{Contents, Item, text};
use crate::support::fault::Fault;
use crate::support::gem::Gem;
use crate::support::uploads::posted;

const OTHER: &str = "more-gems";

/// The events of an organization, oldest first.
fn events(contents: &Contents) -> Vec<&Item> {
    contents
        .of_kind("audit")
        .into_iter()
        .map(|(_, event)| event)
        .collect()
}

/// Action, actor and subject of an event: the texts that they have.
fn line(event: &Item) -> String {
    let texts = |member: &str, names: &[&str]| {
        let member = event[member].as_m().expect("a map");
        let texts = names
            .iter()
            .filter_map(|name| member.get(*name)?.as_s().ok().cloned());
        texts.collect::<Vec<_>>().join(" ")
    };
    let actor = texts("actor", &["type", "name", "email", "access_key_id"]);
    let subject = texts("subject", &["type", "name", "version", "registry"]);
    format!("{}: {subject} by {actor}", text(event, "action"))
}

/// Events that the changes since `before` have left.
fn since(before: &Contents, after: &Contents) -> Vec<String> {
    events(after)
        .into_iter()
        .skip(events(before).len())
        .map(line)
        .collect()
}

#[tokio::test]
async fn every_change_of_packages_leaves_its_event() {
    let app = TestApp::start().await;
    app.create_registry(OTHER, Ecosystem::Ruby).await;
    let token = NewToken {
        scopes: Scope::ALL.to_vec(),
        name: Some("Ann Example".to_owned()),
        email: Some("ann@example.com".to_owned()),
        description: Some("laptop".to_owned()),
        ..NewToken::default()
    };
    let (user, token) = app.user_of(token).await;
    let before = app.contents().await;
    let id = user.publish(&Gem::banana().build()).await.id();
    let (_, url) = posted(&app, &Gem::new("apple", "2.0.0").build()).await;
    user.publish_url(&url).await.id();
    user.copy(&id, OTHER).await.id();
    assert_eq!(user.delete(&id).await.status, 200);
    let after = app.contents().await;
    let by = "by token Ann Example ann@example.com";
    assert_eq!(
        since(&before, &after),
        [
            format!("package.created: package banana 1.0.0 my-registry {by}"),
            format!("package.created: package apple 2.0.0 my-registry {by}"),
            format!("package.copied: package banana 1.0.0 {OTHER} {by}"),
            format!("package.deleted: package banana 1.0.0 my-registry {by}"),
        ]
    );
    let deleted = events(&after).pop().expect("an event");
    assert_eq!(text(deleted, "pk"), format!("audit/{}", app.organization.id));
    assert_eq!(text(deleted, "organization"), app.organization.slug.as_str());
    let (actor, subject) = (&deleted["actor"], &deleted["subject"]);
    let id_of = |member: &aws_sdk_dynamodb::types::AttributeValue, name: &str| {
        text(member.as_m().expect("a map"), name).to_owned()
    };
    assert_eq!(id_of(actor, "id"), token.id.to_string());
    assert_eq!(id_of(subject, "id"), id);
    assert_eq!(id_of(subject, "registry_id"), app.registry.id.to_string());
}

#[tokio::test]
async fn calls_that_change_nothing_leave_no_event() {
    let app = TestApp::start().await;
    app.create_registry(OTHER, Ecosystem::Ruby).await;
    let gem = Gem::banana().build();
    let id = app.user.publish(&gem).await.id();
    app.user.copy(&id, OTHER).await.id();
    let before = app.contents().await;
    assert_eq!(app.user.publish(&gem).await.id(), id, "a repeat");
    app.user.copy(&id, OTHER).await.id();
    let (_, url) = posted(&app, &gem).await;
    assert_eq!(app.user.publish_url(&url).await.id(), id);
    let other = Gem::banana().summary("Another").build();
    app.user.publish(&other).await.assert_error(409);
    app.user.delete("nothing").await.assert_error(404);
    let idle = app.user_with(&[Scope::ReadPackages]).await;
    idle.delete(&id).await.assert_error(403);
    let after = app.contents().await;
    assert_eq!(
        since(&before, &after),
        ["token.created: token by operator a test"],
        "the token that the test made"
    );
}

#[tokio::test]
async fn repeated_attempts_leave_one_event() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    for fault in [
        Fault::LoseAnswer,
        Fault::CutAnswer,
        Fault::Cancel("TransactionConflict"),
    ] {
        let before = app.contents().await;
        proxy.inject("TransactWriteItems", fault.clone(), 1);
        let id = app.user.publish(&Gem::banana().build()).await.id();
        proxy.inject("TransactWriteItems", fault.clone(), 1);
        assert_eq!(app.user.delete(&id).await.status, 200);
        let lines = since(&before, &app.contents().await);
        assert_eq!(lines.len(), 2, "{fault:?}: {lines:?}");
        assert!(lines[0].starts_with("package.created") && lines[1].starts_with("package.deleted"));
    }
}

#[tokio::test]
async fn operators_are_named_in_their_events() {
    let app = TestApp::start().await;
    let before = app.contents().await;
    for line in [
        "USER=ann admin organization create second",
        "admin --as Bob registry create second/gems --ecosystem ruby",
        "LOGNAME=cleo admin token create second --scope read_packages --registry gems --description CI",
        "USER=ann admin registry delete second/gems --as Dan",
        "admin organization delete second",
    ] {
        let output = command::run(&app.stack, line).await;
        assert!(output.status.success(), "{line}: {output:?}");
    }
    let key = &app.stack.environment()["AWS_ACCESS_KEY_ID"];
    let after = app.contents().await;
    let mut lines = since(&before, &after).join("\n").replace(key, "[key]");
    lines.push('\n');
    insta::assert_snapshot!(lines);
}

#[tokio::test]
async fn deletions_leave_the_events_of_before() {
    let app = TestApp::start().await;
    app.user.publish(&Gem::banana().build()).await.id();
    let before = app.contents().await;
    app.renew_registry().await;
    let secret = Secret::generate().expect("randomness");
    let organization = app.records.create_organization(&slug("second"), tester()).await;
    let organization = organization.expect("made");
    let token = NewToken::default();
    let token = app
        .records
        .create_token(&organization, &secret, token, tester())
        .await;
    token.expect("made");
    let deleted = app
        .records
        .delete_organization(&organization.slug, tester())
        .await;
    deleted.expect("deleted");
    let after = app.contents().await;
    for (key, event) in before
        .records
        .iter()
        .filter(|((pk, _), _)| pk.starts_with("audit/"))
    {
        assert_eq!(after.records.get(key), Some(event));
    }
    let of_second = format!("audit/{}", organization.id);
    let of_second = after.records.iter().filter(|((pk, _), _)| *pk == of_second);
    let lines: Vec<_> = of_second.map(|(_, event)| line(event)).collect();
    assert_eq!(
        lines,
        [
            "organization.created: organization second by operator a test",
            "token.created: token by operator a test",
            "organization.deleted: organization second by operator a test",
            "token.deleted: token by operator a test",
        ]
    );
}

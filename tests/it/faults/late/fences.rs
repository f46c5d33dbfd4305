//! Fences: put where an unanswered attempt may still be applied, and seen by nobody.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use http::Method;
use packages_api_local::Stack;
use serde_json::json;

use crate::support::app::{ORGANIZATION, REGISTRY, TestApp};
use crate::support::contents::text;
use crate::support::fault::{Fault, Gate};
use crate::support::fault_proxy::{ALWAYS, FaultProxy};
use crate::support::gem::Gem;
use crate::support::held::{Held, Seen};
use crate::support::invariants::assert_consistent;

async fn start() -> (TestApp, FaultProxy) {
    TestApp::behind_proxy(Duration::from_secs(25)).await
}

/// Holds the next transaction.
fn hold(proxy: &FaultProxy) -> Held {
    let held = Held::new(Seen::Disconnect);
    proxy.inject("TransactWriteItems", Fault::Hold(held.clone()), 1);
    held
}

/// One write more, in this case alone.
#[tokio::test]
async fn refusals_after_unanswered_attempts_put_a_fence() {
    let (app, proxy) = start().await;
    let first = app.user.publish(&Gem::banana().build()).await.id();
    proxy.clear();
    let held = hold(&proxy);
    let other = Gem::banana().summary("Another").build();
    app.user.publish(&other).await.assert_error(409);
    let expected = [
        "BatchGetItem",
        "PutObject",
        "TransactWriteItems",
        "TransactWriteItems",
        "PutItem",
        "TransactWriteItems",
    ];
    assert_eq!(proxy.calls(), expected);

    let contents = app.contents().await;
    let [fence] = contents.fences()[..] else {
        panic!("not one fence: {:?}", contents.fences())
    };
    let orphan = format!("{}/{}", text(fence, "pk"), text(fence, "sk"));
    assert_eq!(contents.orphans(), [orphan]);
    assert_eq!(text(fence, "registry_id"), app.registry.id.to_string());
    let ends = fence["expires_at"].as_n().expect("a number").parse::<u64>();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let hours = (ends.expect("seconds") - now.as_secs()) / 3600;
    assert!((23..=24).contains(&hours), "{hours}");

    assert_eq!(app.user.delete(&first).await.status, 200);
    let (status, body) = held.deliver().await;
    assert_eq!(status, 400, "{body}");
    assert!(body.contains("TransactionCanceledException"), "{body}");
    assert_eq!(assert_consistent(&app.contents().await), [""; 0]);
}

/// Arrived between the refusal and its fence, which it has won against then.
#[tokio::test]
async fn attempts_before_their_fence_are_published() {
    for summary in ["A banana", "Another banana"] {
        let (app, proxy) = start().await;
        let first = app.user.publish(&Gem::banana().summary("A banana").build()).await;
        proxy.clear();
        let held = hold(&proxy);
        let gate = Gate::new();
        proxy.inject("PutItem", Fault::PauseBefore(gate.clone()), 1);
        let publish = tokio::spawn({
            let (user, gem) = (app.user.clone(), Gem::banana().summary(summary).build());
            async move { user.publish(&gem).await }
        });
        gate.reached().await;
        assert_eq!(app.user.delete(&first.id()).await.status, 200);
        let (status, body) = held.deliver().await;
        assert_eq!(status, 200, "{body}");
        gate.open();
        let answer = publish.await.expect("no panic");
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_ne!(answer.id(), first.id());
        let contents = app.contents().await;
        assert_eq!(assert_consistent(&contents), [answer.id()]);
        assert_eq!(contents.fences().len(), 0);
    }
}

/// A fence's own attempts may arrive late as well, before or after what it is to keep out.
#[tokio::test]
async fn late_fences_are_harmless() {
    for fence_first in [false, true] {
        let (app, proxy) = start().await;
        let first = app.user.publish(&Gem::banana().build()).await.id();
        proxy.clear();
        let (attempt, fence) = (hold(&proxy), Held::new(Seen::Disconnect));
        proxy.inject("PutItem", Fault::Hold(fence.clone()), 1);
        let other = Gem::banana().summary("Another").build();
        app.user.publish(&other).await.assert_error(409);
        assert_eq!(app.user.delete(&first).await.status, 200);
        let before = app.contents().await;
        if fence_first {
            fence.deliver().await;
            attempt.deliver().await;
        } else {
            attempt.deliver().await;
            fence.deliver().await;
        }
        let after = app.contents().await;
        assert_eq!(after, before);
        assert_eq!((after.fences().len(), assert_consistent(&after).len()), (1, 0));
    }
}

/// The second attempt finds the release held by a package that is gone when it looks, and the third
/// publishes: the first must not be forgotten meanwhile.
#[tokio::test]
async fn unanswered_attempts_are_remembered_throughout() {
    let (app, proxy) = start().await;
    let gem = Gem::banana().build();
    let first = app.user.publish(&gem).await.id();
    proxy.clear();
    let held = hold(&proxy);
    let gate = Gate::new();
    proxy.inject("GetItem", Fault::PauseBefore(gate.clone()), 1);
    let publish = tokio::spawn({
        let (user, gem) = (app.user.clone(), gem.clone());
        async move { user.publish(&gem).await }
    });
    gate.reached().await;
    assert_eq!(app.user.delete(&first).await.status, 200);
    let other = Gem::banana().summary("Another").build();
    let other = app.user.publish(&other).await.id();
    gate.open();
    publish.await.expect("no panic").assert_error(409);
    assert_eq!(app.user.delete(&other).await.status, 200);
    held.deliver().await;
    let contents = app.contents().await;
    assert_eq!(assert_consistent(&contents), [""; 0]);
    assert_eq!(contents.fences().len(), 1);
}

/// Without its fence, a refusal is not certain.
#[tokio::test]
async fn refusals_without_their_fence_are_not_answered() {
    for fault in [Fault::Refuse, Fault::Fail, Fault::Throttle] {
        let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(8)).await;
        app.user.publish(&Gem::banana().build()).await.id();
        proxy.clear();
        let held = hold(&proxy);
        proxy.inject("PutItem", fault, ALWAYS);
        let other = Gem::banana().summary("Another").build();
        app.user.publish(&other).await.assert_error(503);
        assert!(!proxy.calls().contains(&"DeleteObject".to_owned()));
        held.deliver().await;
        assert_eq!(assert_consistent(&app.contents().await).len(), 1);
    }
}

/// The id in the middle of a package's.
fn between(id: &str) -> String {
    let (front, last) = id.split_at(id.len() - 1);
    let other = if last == "f" { "e" } else { "f" };
    format!("{front}{other}")
}

async fn put_fence(stack: &Stack, id: &str) {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let client = aws_sdk_dynamodb::Client::new(&stack.sdk_config());
    client
        .put_item()
        .table_name(stack.table())
        .item("pk", text(&format!("packages/{ORGANIZATION}/{REGISTRY}")))
        .item("sk", text(id))
        .item("fence", AttributeValue::Bool(true))
        .item("registry_id", text("0191e23a-4bc8-7683-bfa4-5f73bc9b7c44"))
        .item("expires_at", AttributeValue::N("99999999999".to_owned()))
        .send()
        .await
        .expect("a writable table");
}

#[tokio::test]
async fn fences_are_missing_packages_to_every_reader() {
    let app = TestApp::start().await;
    let mut ids = Vec::new();
    for version in ["1", "2", "3", "4", "5"] {
        let id = app.user.publish(&Gem::new("banana", version).build()).await.id();
        put_fence(&app.stack, &between(&id)).await;
        ids.insert(0, id);
    }
    let fence = between(&ids[0]);
    app.user.get(&fence).await.assert_error(404);
    app.user.delete(&fence).await.assert_error(404);
    let path = format!("{}/{fence}", app.user.packages());
    for (method, path) in [
        (Method::GET, format!("{path}/download")),
        (Method::POST, format!("{path}/copy?to={REGISTRY}")),
    ] {
        app.user.call(method, &path).await.assert_error(404);
    }

    // Pages are as long as they should be, forth and back.
    let list = async |query: &str| {
        let path = format!("{}?per_page=2{query}", app.user.packages());
        let page = app.user.call(Method::GET, &path).await.json();
        let items = page["items"].as_array().expect("items").clone();
        let ids: Vec<_> = items.iter().map(|item| item["id"].clone()).collect();
        let query_of = |link: &str| {
            let url = page["links"][link].as_str()?;
            let cursor = url
                .split(['?', '&'])
                .find(|part| ["after=", "before="].iter().any(|name| part.starts_with(name)))?;
            Some(format!("&{cursor}"))
        };
        (ids, query_of("next"), query_of("prev"))
    };
    let (first, next, _) = list("").await;
    assert_eq!(json!(first), json!(ids[..2]));
    let (second, next, _) = list(&next.expect("a second page")).await;
    assert_eq!(json!(second), json!(ids[2..4]));
    let (third, next, prev) = list(&next.expect("a third page")).await;
    assert_eq!(json!(third), json!(ids[4..]));
    assert_eq!(next, None);
    let (back, ..) = list(&prev.expect("a page before")).await;
    assert_eq!(json!(back), json!(ids[2..4]));
    assert_eq!(assert_consistent(&app.contents().await).len(), 5);
}

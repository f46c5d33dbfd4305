//! Cost of each call, counted where the SDK's requests arrive.

use std::time::Duration;

use http::Method;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::canned::Service;
use crate::support::fault_proxy::FaultProxy;
use crate::support::gem::Gem;

async fn start() -> (TestApp, FaultProxy) {
    TestApp::behind_proxy(Duration::from_secs(25)).await
}

#[tokio::test]
async fn publish_costs_three_get_one_delete_three() {
    let (app, proxy) = start().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    assert_eq!(proxy.calls(), ["BatchGetItem", "PutObject", "TransactWriteItems"]);
    proxy.clear();
    assert_eq!(app.user.get(&id).await.status, 200);
    assert_eq!(proxy.calls(), ["BatchGetItem"]);
    proxy.clear();
    assert_eq!(app.user.delete(&id).await.status, 200);
    assert_eq!(
        proxy.calls(),
        ["BatchGetItem", "TransactWriteItems", "DeleteObject"]
    );
}

#[tokio::test]
async fn repeated_publishes_drop_their_own_file() {
    let (app, proxy) = start().await;
    let gem = Gem::banana().build();
    app.user.publish(&gem).await.id();
    proxy.clear();
    app.user.publish(&gem).await.id();
    let calls = [
        "BatchGetItem",
        "PutObject",
        "TransactWriteItems",
        "GetItem",
        "HeadObject",
        "DeleteObject",
    ];
    assert_eq!(proxy.calls(), calls);
}

#[tokio::test]
async fn refused_calls_cost_at_most_one_read() {
    let (app, proxy) = start().await;
    app.user.authorized(None).get("x").await.assert_error(401);
    app.user
        .authorized(Some("Bearer pkgs_mistyped"))
        .get("x")
        .await
        .assert_error(401);
    assert_eq!(proxy.calls(), [""; 0]);
    app.user.get("x").await.assert_error(404);
    app.user
        .publish(&Gem::new("../x", "1").build())
        .await
        .assert_error(422);
    assert_eq!(proxy.calls(), ["BatchGetItem", "BatchGetItem"]);
}

#[tokio::test]
async fn health_costs_nothing() {
    let (app, proxy) = start().await;
    let health = app.user.call(http::Method::GET, "/").await;
    assert_eq!(health.status, 200);
    assert_eq!(proxy.calls(), [""; 0]);
}

#[tokio::test]
async fn every_request_names_its_program() {
    let (app, proxy) = start().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    assert_eq!(app.user.get(&id).await.status, 200);
    let program = concat!("packages-api/", env!("CARGO_PKG_VERSION")).to_owned();
    let expected = [Service::S3, Service::DynamoDb].map(|service| (service, program.clone()));
    assert_eq!(proxy.user_agents(), expected.into());
}

#[tokio::test]
async fn accounts_and_events_cost_two_at_most() {
    let (app, proxy) = start().await;
    let events = "/v2/organizations/my_great_org/audit_events";
    let event = app.user.call(http::Method::GET, events).await.json();
    let event = format!("{events}/{}", event["items"][0]["id"].as_str().expect("an id"));
    let get = http::Method::GET;
    for (method, path, calls) in [
        (&get, "/v2/access-token", &["GetItem"][..]),
        (&get, "/v2/user", &["GetItem"]),
        (&get, "/v2/organizations", &["GetItem", "GetItem"]),
        (&get, "/v2/organizations/my_great_org", &["BatchGetItem"]),
        (&get, events, &["BatchGetItem", "Query"]),
        (&get, &event, &["BatchGetItem", "GetItem"]),
        (
            &http::Method::DELETE,
            "/v2/access-token",
            &["GetItem", "TransactWriteItems"],
        ),
    ] {
        proxy.clear();
        let answer = app.user.call(method.clone(), path).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
        assert_eq!(proxy.calls(), calls, "{method} {path}");
    }
}

#[tokio::test]
async fn tokens_of_a_registry_cost_three_at_most() {
    let (app, proxy) = start().await;
    let tokens = app.user.tokens();
    let id = app.user.create_token("Jenkins").await.id();
    assert_eq!(proxy.calls(), ["BatchGetItem", "Query", "TransactWriteItems"]);
    let token = format!("{tokens}/{id}");
    let change = &["BatchGetItem", "GetItem", "TransactWriteItems"][..];
    for (method, path, body, calls) in [
        (http::Method::GET, &tokens, None, &["BatchGetItem", "Query"][..]),
        (http::Method::GET, &token, None, &["BatchGetItem", "GetItem"]),
        (
            http::Method::PATCH,
            &token,
            Some("{\"description\": \"x\"}"),
            change,
        ),
        (
            http::Method::PATCH,
            &token,
            Some("{\"description\": \"x\"}"),
            &change[..2],
        ),
        (http::Method::DELETE, &token, None, change),
    ] {
        proxy.clear();
        let request = app
            .user
            .request(method.clone(), path)
            .body(body.unwrap_or_default());
        let answer = app.user.send(request).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(proxy.calls(), calls, "{method} {path}");
    }
}

#[tokio::test]
async fn registries_are_listed_by_two_reads() {
    let (app, proxy) = start().await;
    let user = &app.user;
    assert_eq!(
        user.call(http::Method::GET, &user.own_registry()).await.status,
        200
    );
    assert_eq!(proxy.calls(), ["BatchGetItem"]);
    proxy.clear();
    assert_eq!(user.call(http::Method::GET, &user.registries()).await.status, 200);
    assert_eq!(proxy.calls(), ["BatchGetItem", "Query"]);
}

#[tokio::test]
async fn registry_writes_cost_one_transaction() {
    let (app, proxy) = start().await;
    let user = app.user.at(&app.user.organization, "one");
    let create = json!({ "name": "One", "ecosystem": "ruby" });
    let created = ["BatchGetItem", "Query", "Query", "TransactWriteItems"];
    proxy.clear();
    let answer = user.call_with(Method::POST, &user.registries(), &create).await;
    assert_eq!(answer.status, 200);
    assert_eq!(proxy.calls(), created, "the queries are sent at once");
    proxy.clear();
    let again = user.call_with(Method::POST, &user.registries(), &create).await;
    assert_eq!(again.text(), answer.text());
    assert_eq!(proxy.calls(), [&created[..], &["GetItem"]].concat());
    for (body, expected) in [
        (
            json!({ "emoji": "💎" }),
            &["BatchGetItem", "TransactWriteItems"][..],
        ),
        (json!({ "emoji": "💎" }), &["BatchGetItem"]),
    ] {
        proxy.clear();
        let answer = user.call_with(Method::PATCH, &user.own_registry(), &body).await;
        assert_eq!(answer.status, 200);
        assert_eq!(proxy.calls(), expected);
    }
    proxy.clear();
    assert_eq!(user.call(Method::DELETE, &user.own_registry()).await.status, 200);
    assert_eq!(proxy.calls(), ["BatchGetItem", "TransactWriteItems"]);
}

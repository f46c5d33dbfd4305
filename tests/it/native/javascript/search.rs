//! `npm search`: the index of a registry's names.

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::npm::{npm_user, tarball};

/// Names and versions that a search finds.
async fn found(user: &Client, query: &str) -> Vec<(String, String)> {
    let answer = user.npm_get(&format!("-/v1/search?{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let objects = answer.json()["objects"].clone();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let shown = |object: &Value| {
        (
            text(&object["package"]["name"]),
            text(&object["package"]["version"]),
        )
    };
    objects.as_array().expect("objects").iter().map(shown).collect()
}

fn named(names: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |&(name, version): &(&str, &str)| (name.to_owned(), version.to_owned());
    names.iter().map(owned).collect()
}

#[tokio::test]
async fn searches_answer_what_npm_shows() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    for package in [
        json!({
            "name": "@acme/fruit", "version": "1.0.0", "description": "Ripe\u{1b}[31m fruit\n", "license": "MIT",
            "keywords": ["sweet", "red"],
        }),
        json!({"name": "juice", "version": "0.1.0", "keywords": "fruit, pressed"}),
    ] {
        assert_eq!(user.npm_publish(&package, "latest").await.status, 201);
    }
    let path = "-/v1/search?text=fruit&size=20&from=0&quality=0.65&popularity=0.98&maintenance=0.5";
    assert_snapshot!(user.npm_get(path).await.rendered());
}

#[tokio::test]
async fn searches_show_every_publish_and_delete() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    assert_eq!(found(&user, "text=").await, []);
    user.npm_release("fruit", "1.0.0", "latest").await;
    assert_eq!(found(&user, "text=fruit").await, named(&[("fruit", "1.0.0")]));
    user.npm_release("fruit", "2.0.0-rc.1", "next").await;
    user.npm_release("fruit", "1.1.0", "latest").await;
    // Published through the API.
    let salad = tarball(&json!({"name": "fruit-salad", "version": "1.0.0"}));
    let id = user.publish(&salad).await.id();
    assert_eq!(
        found(&user, "text=fruit").await,
        named(&[("fruit", "1.1.0"), ("fruit-salad", "1.0.0")])
    );
    assert_eq!(user.delete(&id).await.status, 200);
    assert_eq!(found(&user, "text=salad").await, []);
    assert_eq!(found(&user, "text=FRUIT").await, named(&[("fruit", "1.1.0")]));
}

#[tokio::test]
async fn searches_beyond_their_bounds_are_refused() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    let long = format!("text={}", "x".repeat(257));
    for (query, error) in [
        (
            "size=x",
            "`size` is not a whole number: `x`. Send one, as in `size=20`.",
        ),
        (
            "from=-1",
            "`from` is not a whole number: `-1`. Send one, as in `from=20`.",
        ),
        (
            &*long,
            "The text has 257 bytes and 1 words. Search for at most 10 words of 256 bytes together.",
        ),
    ] {
        let answer = user.npm_get(&format!("-/v1/search?{query}")).await;
        assert_eq!(answer.status, 422, "{query}");
        assert_eq!(answer.json(), json!({"error": error}), "{query}");
    }
}

#[tokio::test]
async fn searches_cost_two_round_trips() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let user = npm_user(&app).await;
    user.npm_release("fruit", "1.0.0", "latest").await;
    assert_eq!(proxy.calls(), ["BatchGetItem", "PutObject", "TransactWriteItems"]);
    found(&user, "text=fruit").await;
    proxy.clear();
    assert_eq!(found(&user, "text=fruit").await, named(&[("fruit", "1.0.0")]));
    let mut calls = proxy.calls();
    calls.sort_unstable();
    assert_eq!(
        calls,
        ["BatchGetItem", "Query", "Query"],
        "the first two at the same time"
    );
}

/// A version from before left no changes and no head.
#[tokio::test]
async fn registries_from_before_are_searched_too() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    user.npm_release("fruit", "1.0.0", "latest").await;
    user.npm_release("juice", "1.0.0", "latest").await;
    let client = aws_sdk_dynamodb::Client::new(&app.stack.sdk_config());
    for ((pk, sk), item) in app.contents().await.records {
        if pk.starts_with("changes/") {
            let key = |name: &str| item[name].clone();
            let delete = client.delete_item().table_name(app.stack.table());
            let delete = delete.key("pk", key("pk")).key("sk", key("sk"));
            delete
                .send()
                .await
                .unwrap_or_else(|error| panic!("{sk}: {error}"));
        }
    }
    assert_eq!(app.contents().await.of_kind("changes"), []);
    assert_eq!(
        found(&user, "").await,
        named(&[("fruit", "1.0.0"), ("juice", "1.0.0")])
    );
}

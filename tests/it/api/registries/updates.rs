//! Update: what is sent changes, nothing else.

use aws_sdk_dynamodb::types::AttributeValue;
use http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::contents::put_item;

/// A registry with every field, and a user of it.
async fn start() -> (TestApp, Client, Value) {
    let app = TestApp::start().await;
    let sent = json!({
        "name": "One",
        "ecosystem": "rubygems",
        "description": "b",
        "emoji": "c",
        "color": "d",
        "oidc_policy": "[]",
        "team_ids": ["e"],
    });
    let user = app.user.at(&app.user.organization, "one");
    let created = user.call_with(Method::POST, &user.registries(), &sent).await;
    assert_eq!(created.status, 200, "{}", created.text());
    (app, user, created.json())
}

async fn update(user: &Client, body: &Value) -> Answer {
    user.call_with(Method::PATCH, &user.own_registry(), body).await
}

#[tokio::test]
async fn every_method_updates_alike() {
    let (_app, user, created) = start().await;
    let mut expected = created;
    for method in [Method::PATCH, Method::PUT, Method::POST] {
        for (field, values) in [
            ("name", [json!("Two"), json!("One")]),
            ("description", [json!(null), json!("")]),
            ("emoji", [json!(""), json!(null)]),
            ("color", [json!("#FFF"), json!("d")]),
            ("oidc_policy", [json!(null), json!("")]),
            ("team_ids", [json!([]), json!(["z", "a"])]),
        ] {
            for value in values {
                expected[field] = value.clone();
                let sent = json!({ field: value, "unknown": 1 });
                let updated = user.call_with(method.clone(), &user.own_registry(), &sent).await;
                assert_eq!(updated.json(), expected, "{method} {sent}");
                let got = user.call(Method::GET, &user.own_registry()).await;
                assert_eq!(got.text(), updated.text());
            }
        }
    }
    assert_eq!(expected["slug"], "one");
}

#[tokio::test]
async fn equal_updates_write_nothing() {
    let (app, user, created) = start().await;
    let before = app.contents().await;
    for body in [
        json!({}),
        json!({ "ecosystem": "rubygems", "team_ids": ["e"] }),
        created.clone(),
    ] {
        assert_eq!(update(&user, &body).await.json(), created, "{body}");
    }
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn wrong_updates_change_nothing() {
    let (app, user, _) = start().await;
    let before = app.contents().await;
    let mut answers = String::new();
    for body in [
        json!({ "name": null, "ecosystem": "python" }),
        json!({ "ecosystem": "ruby" }),
        json!({ "ecosystem": null }),
        json!({ "name": "" }),
        json!({ "color": 1, "description": "new" }),
        json!({ "oidc_policy": "a: b", "description": "new" }),
        json!([]),
    ] {
        let answer = update(&user, &body).await;
        answers.push_str(&format!("{body}\n{}\n\n", answer.assert_error(422).rendered()));
    }
    assert_snapshot!("wrong_updates", answers);
    assert_eq!(app.contents().await, before);
}

#[tokio::test]
async fn updates_at_once_keep_each_other() {
    let (_app, user, created) = start().await;
    for round in 0..5 {
        let text = format!("round {round}");
        let changes = ["name", "description", "emoji", "color"].map(|field| json!({ field: text }));
        let [one, two, three, four] = changes.each_ref().map(|body| update(&user, body));
        let answers = tokio::join!(one, two, three, four);
        for answer in [&answers.0, &answers.1, &answers.2, &answers.3] {
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        let got = user.call(Method::GET, &user.own_registry()).await.json();
        for field in ["name", "description", "emoji", "color"] {
            assert_eq!(got[field], text, "{field}");
        }
        assert_eq!(got["team_ids"], created["team_ids"]);
    }
}

#[tokio::test]
async fn attributes_of_later_versions_survive() {
    let (app, user, _) = start().await;
    let key = ("organization/my_great_org".to_owned(), "registry/one".to_owned());
    let mut item = app.contents().await.records[&key].clone();
    let later = AttributeValue::S("later".to_owned());
    item.insert("of_a_later_version".to_owned(), later.clone());
    put_item(&app.stack, item).await;
    assert_eq!(update(&user, &json!({ "name": "Two" })).await.status, 200);
    let item = app.contents().await.records[&key].clone();
    assert_eq!(item.get("of_a_later_version"), Some(&later));
    assert_eq!(item["name"].as_s().expect("a text"), "Two");
}

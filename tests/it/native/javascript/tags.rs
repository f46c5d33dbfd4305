//! Tags and deprecations.

use http::Method;
use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::npm::npm_user;

async fn tags(user: &Client) -> Value {
    user.npm_get("-/package/fruit/dist-tags").await.json()
}

async fn set(user: &Client, tag: &str, body: &str) -> Answer {
    let path = user.native(&format!("/npm/-/package/fruit/dist-tags/{tag}"));
    user.send(user.request(Method::PUT, &path).body(body.to_owned()))
        .await
}

async fn remove(user: &Client, tag: &str) -> Answer {
    let path = user.native(&format!("/npm/-/package/fruit/dist-tags/{tag}"));
    user.call(Method::DELETE, &path).await
}

#[tokio::test]
async fn tags_are_set_moved_and_removed() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    user.npm_release("fruit", "1.0.0", "latest").await;
    user.npm_release("fruit", "2.0.0", "next").await;
    assert_eq!(tags(&user).await, json!({"latest": "1.0.0", "next": "2.0.0"}));
    assert_eq!(set(&user, "stable", "\"1.0.0\"").await.status, 200);
    assert_eq!(set(&user, "latest", "\"2.0.0\"").await.status, 200);
    assert_eq!(
        tags(&user).await,
        json!({"latest": "2.0.0", "next": "2.0.0", "stable": "1.0.0"})
    );
    assert_eq!(remove(&user, "stable").await.status, 200);
    assert_eq!(remove(&user, "stable").await.status, 404);
    assert_eq!(tags(&user).await, json!({"latest": "2.0.0", "next": "2.0.0"}));
    // A publish sets its tag again.
    user.npm_release("fruit", "1.0.1", "stable").await;
    assert_eq!(tags(&user).await["stable"], "1.0.1");
    let events = user
        .call(
            Method::GET,
            "/v2/organizations/my_great_org/audit_events?per_page=3",
        )
        .await
        .json();
    let seen: Vec<_> = events["items"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            format!(
                "{} {} {}",
                text(&event["action"]),
                text(&event["subject"]["version"]),
                text(&event["subject"]["tag"])
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            "package.created 1.0.1 stable",
            "package.untagged 1.0.0 stable",
            "package.tagged 2.0.0 latest"
        ]
    );
}

#[tokio::test]
async fn tags_that_mean_nothing_are_refused() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    user.npm_release("fruit", "1.0.0", "latest").await;
    for (tag, body, status) in [
        ("stable", "\"3.0.0\"", 404),
        ("stable", "1", 422),
        ("stable", "", 422),
        ("1.0.0", "\"1.0.0\"", 422),
        ("%5E1", "\"1.0.0\"", 422),
        ("a%2fb", "\"1.0.0\"", 422),
        ("%C3%A4", "\"1.0.0\"", 422),
    ] {
        let answer = set(&user, tag, body).await;
        assert_eq!(answer.status, status, "{tag} {body}: {}", answer.text());
    }
    assert_eq!(
        remove(&user, "latest").await.text(),
        r#"{"error":"The tag `latest` cannot be removed, since it is what installers take. Set it to another version."}"#
    );
    assert_eq!(tags(&user).await, json!({"latest": "1.0.0"}));
}

#[tokio::test]
async fn tags_of_deleted_packages_are_gone() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    let before = app.contents().await;
    user.npm_release("fruit", "1.0.0", "next").await;
    let file = crate::support::npm::tarball(&json!({"name": "fruit", "version": "1.0.0"}));
    let id = user.publish(&file).await.id();
    assert_eq!(user.delete(&id).await.status, 200);
    let after = app.contents().await.without_removed_tags();
    assert_eq!(after.without_events(), before.without_events());
    user.npm_release("fruit", "2.0.0", "latest").await;
    assert_eq!(tags(&user).await, json!({"latest": "2.0.0"}));
}

/// Sends a document back with this reason for 1.0.0.
async fn deprecate(user: &Client, reason: &str) -> Answer {
    let mut document = user.npm_get("fruit?write=true").await.json();
    document["versions"]["1.0.0"]["deprecated"] = reason.into();
    user.npm_put("fruit", &document).await
}

#[tokio::test]
async fn deprecations_are_flags_of_versions() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    user.npm_release("fruit", "1.0.0", "latest").await;
    user.npm_release("fruit", "1.1.0", "latest").await;
    assert_eq!(deprecate(&user, "too sour").await.status, 200);
    let versions = user.npm_get("fruit").await.json()["versions"].clone();
    assert_eq!(versions["1.0.0"]["deprecated"], "too sour");
    assert_eq!(versions["1.1.0"]["deprecated"], Value::Null);
    let contents = app.contents().await;
    // Nothing changes, so nothing is written.
    assert_eq!(deprecate(&user, "too sour").await.status, 200);
    assert_eq!(app.contents().await, contents);
    assert_eq!(deprecate(&user, &"x".repeat(501)).await.status, 422);
    assert_eq!(deprecate(&user, "").await.status, 200);
    assert_eq!(
        user.npm_get("fruit").await.json()["versions"]["1.0.0"]["deprecated"],
        Value::Null
    );
}

#[tokio::test]
async fn stale_documents_change_nothing() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    user.npm_release("fruit", "1.0.0", "latest").await;
    let mut document = user.npm_get("fruit?write=true").await.json();
    document["versions"]["1.0.0"]["deprecated"] = "too sour".into();
    user.npm_release("fruit", "1.1.0", "latest").await;
    let answer = user.npm_put("fruit", &document).await;
    assert_eq!(
        (answer.status.as_u16(), answer.text()),
        (
            409,
            r#"{"error":"Somebody else has just changed `fruit`, so this change was not made. Repeat the command."}"#
        )
    );
}

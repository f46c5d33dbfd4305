//! Tags while something else happens to their name.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::fault::{Fault, Gate};
use crate::support::npm::{npm_user, tarball};

const PUBLISHERS: usize = 16;

async fn document(user: &Client) -> Value {
    user.npm_get("fruit").await.json()
}

/// The API's id of a version that is published.
async fn id_of(user: &Client, version: &str) -> String {
    let file = tarball(&json!({"name": "fruit", "version": version}));
    user.publish(&file).await.id()
}

async fn set_next(user: &Client, version: &str) -> (u16, String) {
    let path = user.native("/npm/-/package/fruit/dist-tags/next");
    let answer = user.call_with(Method::PUT, &path, &json!(version)).await;
    (answer.status.as_u16(), answer.text().to_owned())
}

const CHANGED: &str =
    r#"{"error":"Somebody else has just changed `fruit`, so this change was not made. Repeat the command."}"#;

/// All are published, and the tag is that of the last package to be made, whoever's transaction came last.
#[tokio::test]
async fn racing_publishers_of_one_tag_lose_nothing() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    let mut racing = JoinSet::new();
    for number in 0..PUBLISHERS {
        let user = user.clone();
        racing.spawn(async move { user.npm_release("fruit", &format!("1.{number}.0"), "next").await });
    }
    racing.join_all().await;
    let document = document(&user).await;
    let versions = document["versions"].as_object().expect("versions");
    assert_eq!(versions.len(), PUBLISHERS);
    let id = |version: &Value| {
        let address = version["dist"]["tarball"].as_str().expect("an address");
        address.rsplit('/').nth(1).expect("an id").to_owned()
    };
    let last = versions.values().max_by_key(|version| id(version));
    assert_eq!(document["dist-tags"]["next"], last.expect("versions")["version"]);
}

#[tokio::test]
async fn late_publishers_leave_the_later_tag() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let user = npm_user(&app).await;
    let gate = Gate::new();
    proxy.inject("TransactWriteItems", Fault::PauseBefore(gate.clone()), 1);
    let early = user.clone();
    let early = tokio::spawn(async move { early.npm_release("fruit", "1.0.0", "next").await });
    gate.reached().await;
    user.npm_release("fruit", "2.0.0", "next").await;
    gate.open();
    early.await.expect("it was published");
    let document = document(&user).await;
    assert_eq!(document["dist-tags"]["next"], "2.0.0");
    assert_eq!(
        document["versions"].as_object().map(serde_json::Map::len),
        Some(2)
    );
}

#[tokio::test]
async fn tags_of_versions_that_go_are_refused() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let user = npm_user(&app).await;
    user.npm_release("fruit", "1.0.0", "latest").await;
    user.npm_release("fruit", "1.1.0", "latest").await;
    let id = id_of(&user, "1.1.0").await;
    let gate = Gate::new();
    proxy.inject("TransactWriteItems", Fault::PauseBefore(gate.clone()), 1);
    let setting = user.clone();
    let setting = tokio::spawn(async move { set_next(&setting, "1.1.0").await });
    gate.reached().await;
    assert_eq!(user.delete(&id).await.status, 200);
    gate.open();
    let answer = setting.await.expect("an answer");
    assert_eq!(answer, (409, CHANGED.to_owned()));
    assert_eq!(document(&user).await["dist-tags"], json!({"latest": "1.0.0"}));
}

#[tokio::test]
async fn tags_set_before_a_delete_go_with_it() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let user = npm_user(&app).await;
    user.npm_release("fruit", "1.0.0", "latest").await;
    user.npm_release("fruit", "1.1.0", "latest").await;
    let id = id_of(&user, "1.1.0").await;
    let gate = Gate::new();
    proxy.inject("TransactWriteItems", Fault::PauseBefore(gate.clone()), 1);
    let deleting = user.clone();
    let deleting = tokio::spawn(async move { deleting.delete(&id).await.status.as_u16() });
    gate.reached().await;
    assert_eq!(set_next(&user, "1.1.0").await.0, 200);
    gate.open();
    assert_eq!(deleting.await.expect("an answer"), 200);
    assert_eq!(document(&user).await["dist-tags"], json!({"latest": "1.0.0"}));
    let names = app.contents().await.without_removed_tags();
    assert_eq!(names.of_kind("names").len(), 1, "the version, and no tag");
}

/// The removal of a deleted package's tags comes after its version was published again.
#[tokio::test]
async fn tags_of_successors_survive_a_delete() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let user = npm_user(&app).await;
    user.npm_release("fruit", "1.0.0", "next").await;
    let id = id_of(&user, "1.0.0").await;
    let gate = Gate::new();
    proxy.inject("UpdateItem", Fault::PauseBefore(gate.clone()), 1);
    let deleting = user.clone();
    let deleting = tokio::spawn(async move { deleting.delete(&id).await.status.as_u16() });
    gate.reached().await;
    user.npm_release("fruit", "1.0.0", "next").await;
    gate.open();
    assert_eq!(deleting.await.expect("an answer"), 200);
    assert_eq!(
        document(&user).await["dist-tags"],
        json!({"latest": "1.0.0", "next": "1.0.0"})
    );
    assert_eq!(
        app.contents().await.of_kind("names").len(),
        2,
        "the version and its tag"
    );
}

#[tokio::test]
async fn unpublishes_spare_a_later_publish() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let user = npm_user(&app).await;
    user.npm_release("fruit", "1.0.0", "latest").await;
    let revision = user.npm_get("fruit?write=true").await.json()["_rev"].clone();
    let revision = revision.as_str().expect("a revision");
    let path = user.native(&format!("/npm/fruit/-rev/{revision}"));
    let gate = Gate::new();
    proxy.inject("TransactWriteItems", Fault::PauseBefore(gate.clone()), 1);
    let unpublishing = user.clone();
    let unpublishing =
        tokio::spawn(async move { unpublishing.call(Method::DELETE, &path).await.status.as_u16() });
    gate.reached().await;
    user.npm_release("fruit", "1.1.0", "latest").await;
    gate.open();
    assert_eq!(unpublishing.await.expect("an answer"), 200);
    let document = document(&user).await;
    assert_eq!(document["dist-tags"], json!({"latest": "1.1.0"}));
    assert_eq!(
        document["versions"].as_object().map(serde_json::Map::len),
        Some(1)
    );
}

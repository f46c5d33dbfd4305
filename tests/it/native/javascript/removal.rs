//! `npm unpublish`.

use http::Method;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::npm::npm_user;

#[tokio::test]
async fn versions_are_unpublished_one_by_one() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    user.npm_release("@acme/fruit", "1.0.0", "old").await;
    user.npm_release("@acme/fruit", "1.1.0", "latest").await;
    let mut document = user.npm_get("@acme%2ffruit?write=true").await.json();
    let address = document["versions"]["1.1.0"]["dist"]["tarball"]
        .as_str()
        .expect("an address")
        .to_owned();
    let revision = document["_rev"].as_str().expect("a revision").to_owned();
    document["versions"]
        .as_object_mut()
        .expect("versions")
        .remove("1.1.0");
    let put = async |revision: &str| {
        let path = user.native(&format!("/npm/@acme%2ffruit/-rev/{revision}"));
        user.call_with(Method::PUT, &path, &document)
            .await
            .status
            .as_u16()
    };
    assert_eq!(put("1-of-before").await, 409);
    assert_eq!(put(&revision).await, 200);
    // Only the second step removes, and only what it names.
    assert_eq!(
        user.npm_get("@acme/fruit").await.json()["dist-tags"]["latest"],
        "1.1.0"
    );
    let path = address.strip_prefix(&user.base_url).expect("our own");
    // Where a scope has a registry of its own, npm puts the whole path behind the registry's.
    let path = user.native(&format!("/npm{path}/-rev/{revision}"));
    assert_eq!(user.call(Method::DELETE, &path).await.status, 200);
    assert_eq!(user.call(Method::DELETE, &path).await.status, 404);
    let document = user.npm_get("@acme/fruit").await.json();
    assert_eq!(document["dist-tags"], json!({"latest": "1.0.0", "old": "1.0.0"}));
}

#[tokio::test]
async fn unpublished_packages_leave_nothing() {
    let app = TestApp::start().await;
    let user = npm_user(&app).await;
    let before = app.contents().await;
    for version in ["1.0.0", "1.1.0", "2.0.0-rc.1"] {
        user.npm_release(
            "fruit",
            version,
            if version.contains('-') { "next" } else { "latest" },
        )
        .await;
    }
    let revision = user.npm_get("fruit?write=true").await.json()["_rev"].clone();
    let path = |revision: &str| user.native(&format!("/npm/fruit/-rev/{revision}"));
    assert_eq!(user.call(Method::DELETE, &path("1-of-before")).await.status, 409);
    let answer = user
        .call(Method::DELETE, &path(revision.as_str().expect("a revision")))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(user.npm_get("fruit").await.status, 404);
    let after = app.contents().await.without_removed_tags();
    assert_eq!(after.without_events(), before.without_events());
}

//! Writes of tags that arrive late: none undoes what came after it.

use std::time::Duration;

use http::Method;
use serde_json::json;

use crate::support::answer::Answer;
use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::fault::Fault;
use crate::support::held::{Held, Seen};
use crate::support::npm::{npm_user, tarball};
use crate::support::side_by_side::run_all;

/// Call whose first attempt is held.
#[derive(Debug, Clone, Copy)]
enum Call {
    Set,
    Remove,
    Publish,
}

/// Events between the answer and the arrival.
#[derive(Debug, Clone, Copy)]
enum Meanwhile {
    Nothing,
    /// Another version takes the tag.
    Moved,
    Removed,
    /// The version is deleted that the tag stands for.
    Unpublished,
    /// And published again, as another package.
    Republished,
}

const CALLS: [Call; 3] = [Call::Set, Call::Remove, Call::Publish];
const MEANWHILE: [Meanwhile; 5] = [
    Meanwhile::Nothing,
    Meanwhile::Moved,
    Meanwhile::Removed,
    Meanwhile::Unpublished,
    Meanwhile::Republished,
];

async fn set(user: &Client, version: &str) -> Answer {
    let path = user.native("/npm/-/package/fruit/dist-tags/next");
    user.call_with(Method::PUT, &path, &json!(version)).await
}

async fn remove(user: &Client) -> Answer {
    let path = user.native("/npm/-/package/fruit/dist-tags/next");
    user.call(Method::DELETE, &path).await
}

/// Deletes a version that is published, through the API.
async fn unpublish(user: &Client, version: &str) {
    let file = tarball(&json!({"name": "fruit", "version": version}));
    let id = user.publish(&file).await.id();
    assert_eq!(user.delete(&id).await.status, 200);
}

async fn run(call: Call, meanwhile: Meanwhile) {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let user = npm_user(&app).await;
    user.npm_release("fruit", "1.0.0", "latest").await;
    user.npm_release("fruit", "1.1.0", "next").await;
    let held = Held::new(Seen::Disconnect);
    proxy.inject("TransactWriteItems", Fault::Hold(held.clone()), 1);
    let version = match call {
        Call::Set => {
            assert_eq!(set(&user, "1.0.0").await.status, 200);
            "1.0.0"
        }
        Call::Remove => {
            assert_eq!(remove(&user).await.status, 200);
            "1.1.0"
        }
        Call::Publish => {
            user.npm_release("fruit", "2.0.0", "next").await;
            "2.0.0"
        }
    };
    held.taken().await;
    match meanwhile {
        Meanwhile::Nothing => {}
        Meanwhile::Moved => user.npm_release("fruit", "3.0.0", "next").await,
        Meanwhile::Removed => {
            let expected = if matches!(call, Call::Remove) { 404 } else { 200 };
            assert_eq!(remove(&user).await.status, expected);
        }
        Meanwhile::Unpublished => unpublish(&user, version).await,
        Meanwhile::Republished => {
            unpublish(&user, version).await;
            user.npm_release("fruit", version, "other").await;
        }
    }
    let shown = user.npm_get("fruit").await;
    let before = app.contents().await;
    held.deliver().await;
    let after = app.contents().await;
    assert_eq!(after.readable(), before.readable(), "{call:?} {meanwhile:?}");
    assert_eq!(
        user.npm_get("fruit").await.text(),
        shown.text(),
        "{call:?} {meanwhile:?}"
    );
}

#[tokio::test]
async fn late_tags_change_nothing_that_was_answered() {
    let cases = CALLS
        .into_iter()
        .flat_map(|call| MEANWHILE.into_iter().map(move |meanwhile| run(call, meanwhile)));
    run_all(cases).await;
}

//! Names with many versions, whose entries are kept, and the round trips of documents.

use std::time::Duration;

use http::Method;
use http::header::IF_NONE_MATCH;
use packages_api::Config;
use packages_api_local::{Server, ServerOptions};

use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::fault_proxy::FaultProxy;
use crate::support::npm::npm_user;

#[tokio::test]
async fn documents_cost_two_round_trips() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let user = npm_user(&app).await;
    user.npm_release("fruit", "1.0.0", "latest").await;
    assert_eq!(proxy.calls(), ["BatchGetItem", "PutObject", "TransactWriteItems"]);
    proxy.clear();
    let tag = user
        .npm_get("fruit")
        .await
        .header("etag")
        .expect("a tag")
        .to_owned();
    let mut calls = proxy.calls();
    calls.sort_unstable();
    assert_eq!(calls, ["BatchGetItem", "BatchGetItem", "Query"]);
    // The sandbox has what it needs of the versions, but whether they are there is asked each time.
    proxy.clear();
    user.npm_get("fruit").await;
    user.npm_get("fruit/1.0.0").await;
    let mut calls = proxy.calls();
    calls.sort_unstable();
    assert_eq!(calls, ["BatchGetItem", "BatchGetItem", "Query", "Query"]);
    proxy.clear();
    // A document that the client holds costs one, and so does one that it is about to change.
    let known = user
        .request(Method::GET, &user.native("/npm/fruit"))
        .header(IF_NONE_MATCH, tag);
    assert_eq!(user.send(known).await.status, 304);
    user.npm_get("fruit?write=true").await;
    let mut calls = proxy.calls();
    calls.sort_unstable();
    assert_eq!(calls, ["BatchGetItem", "BatchGetItem", "Query", "Query"]);
    // A deletion looks for tags beside the transaction, and beside the file's removal for those that were set meanwhile.
    let contents = app.contents().await;
    let id = contents.of_kind("packages")[0].0.to_owned();
    proxy.clear();
    assert_eq!(user.delete(&id).await.status, 200);
    let mut calls = proxy.calls();
    calls.sort_unstable();
    assert_eq!(
        calls,
        [
            "BatchGetItem",
            "DeleteObject",
            "Query",
            "Query",
            "TransactWriteItems",
            "UpdateItem"
        ]
    );
}

#[tokio::test]
async fn many_versions_are_read_once() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let user = npm_user(&app).await;
    for number in 0..60 {
        user.npm_release("fruit", &format!("1.0.{number}"), "latest")
            .await;
    }
    proxy.clear();
    let first = user.npm_get("fruit").await;
    assert_eq!(
        first.json()["versions"].as_object().map(serde_json::Map::len),
        Some(60)
    );
    let mut calls = proxy.calls();
    calls[2..4].sort_unstable();
    assert_eq!(
        calls[2..],
        ["GetObject", "Query", "BatchGetItem", "PutObject"],
        "{calls:?}"
    );
    // The sandbox has them all.
    proxy.clear();
    assert_eq!(user.npm_get("fruit").await.text(), first.text());
    let calls = proxy.calls();
    assert_eq!(calls[2..], ["Query"], "{calls:?}");
    // New versions are read beside the kept ones, in a sandbox that has none.
    user.npm_release("fruit", "2.0.0", "latest").await;
    let (_server, user) = in_another_sandbox(&app, &proxy, user).await;
    proxy.clear();
    let more = user.npm_get("fruit").await.json();
    assert_eq!(more["versions"].as_object().map(serde_json::Map::len), Some(61));
    assert_eq!(more["dist-tags"]["latest"], "2.0.0");
    assert_eq!(more["versions"]["1.0.7"], first.json()["versions"]["1.0.7"]);
    let mut calls = proxy.calls();
    calls[2..4].sort_unstable();
    assert_eq!(calls[2..], ["GetObject", "Query", "BatchGetItem"], "{calls:?}");
}

/// The same user, answered by another sandbox, behind the same proxy and under the same address.
async fn in_another_sandbox(app: &TestApp, proxy: &FaultProxy, user: Client) -> (Server, Client) {
    let sdk = proxy.sdk_config(&app.stack);
    let config = Config::new(app.stack.table(), app.stack.bucket());
    let server = Server::start(ServerOptions::default(), |_| {
        packages_api_local::function(config, &user.base_url, &sdk)
    });
    let server = server.await.expect("a server");
    let base_url = server.base_url();
    (server, Client { base_url, ..user })
}

//! Transactions of which a reader sees one half: the table promises plain reads no more than that.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::support::app::TestApp;
use crate::support::contents::{Contents, Item, put_item, remove_item};
use crate::support::fault::{Fault, Gate};
use crate::support::gem::Gem;
use crate::support::lines::Reader;

/// The only record whose partition is of this kind.
fn only(contents: &Contents, kind: &str) -> Item {
    let [(_, item)] = contents.of_kind(kind)[..] else {
        panic!("one record of `{kind}`");
    };
    item.clone()
}

async fn remove(app: &TestApp, item: &Item) {
    remove_item(&app.stack, item).await;
}

/// A registry with an index, a package that it has not taken in yet, and the package's record and change.
async fn published() -> (TestApp, Reader, Item, Item) {
    let app = TestApp::start().await;
    let reader = Reader::of(&app, &app.stack.sdk_config());
    assert_eq!(reader.packages().await, [""; 0]);
    app.user.publish(&Gem::banana().build()).await.id();
    let contents = app.contents().await;
    let (package, change) = (only(&contents, "packages"), only(&contents, "changes"));
    (app, reader, package, change)
}

#[tokio::test]
async fn changes_without_their_package_wait() {
    let (app, reader, package, _) = published().await;
    remove(&app, &package).await;
    let before = app.contents().await;
    assert_eq!(reader.packages().await, [""; 0]);
    assert_eq!(app.contents().await, before, "nothing was folded");
    // Beside one that is taken in.
    app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    assert_eq!(reader.packages().await, ["apple 1.0.0"]);
    assert_eq!(app.contents().await.of_kind("changes").len(), 1);
    put_item(&app.stack, package).await;
    assert_eq!(reader.packages().await, ["apple 1.0.0", "banana 1.0.0"]);
    assert_eq!(app.contents().await.of_kind("changes"), []);
}

#[tokio::test]
async fn packages_without_their_change_wait() {
    let (app, reader, _, change) = published().await;
    remove(&app, &change).await;
    assert_eq!(reader.packages().await, [""; 0]);
    put_item(&app.stack, change).await;
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
}

/// A package that is in the index and was deleted, its record, and the change of the delete.
async fn deleted() -> (TestApp, Reader, Item, Item) {
    let (app, reader, package, _) = published().await;
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    let id = package["id"].as_s().expect("an id");
    assert_eq!(app.user.delete(id).await.status, 200);
    let change = only(&app.contents().await, "changes");
    assert_ne!(change["sk"], AttributeValue::S(id.clone()));
    (app, reader, package, change)
}

#[tokio::test]
async fn deletions_of_packages_still_there_wait() {
    let (app, reader, package, _) = deleted().await;
    put_item(&app.stack, package.clone()).await;
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    assert_eq!(app.contents().await.of_kind("changes").len(), 1);
    remove(&app, &package).await;
    assert_eq!(reader.packages().await, [""; 0]);
    assert_eq!(app.contents().await.of_kind("changes"), []);
}

#[tokio::test]
async fn removed_packages_without_their_change_wait() {
    let (app, reader, _, change) = deleted().await;
    remove(&app, &change).await;
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    put_item(&app.stack, change).await;
    assert_eq!(reader.packages().await, [""; 0]);
}

/// Either half of a publish that is under way, as the proxy shows it.
#[tokio::test]
async fn publishes_under_way_are_shown_once_answered() {
    for hidden in ["changes", "packages"] {
        let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
        let reader = Reader::of(&app, &proxy.sdk_config(&app.stack));
        assert_eq!(reader.packages().await, [""; 0]);
        let gate = Gate::new();
        proxy.inject("TransactWriteItems", Fault::PauseAfter(gate.clone()), 1);
        let user = app.user.clone();
        let publish = tokio::spawn(async move { user.publish(&Gem::banana().build()).await.id() });
        gate.reached().await;
        let operation = if hidden == "changes" {
            "Query"
        } else {
            "BatchGetItem"
        };
        proxy.inject(operation, Fault::Hides(hidden), 1);
        assert_eq!(reader.packages().await, [""; 0], "{hidden}");
        gate.open();
        publish.await.expect("an id");
        assert_eq!(reader.packages().await, ["banana 1.0.0"], "{hidden}");
        assert_eq!(app.contents().await.of_kind("changes"), []);
    }
}

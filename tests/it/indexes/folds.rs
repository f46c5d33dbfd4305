//! Documents of an index after publishes and deletes, and the records that are left.

use packages_api::Digest;

use crate::support::app::TestApp;
use crate::support::gem::Gem;
use crate::support::lines::{LINES, OTHER_LINES, Reader, UNSPEAKABLE, text};

#[tokio::test]
async fn every_publish_and_delete_is_shown() {
    let app = TestApp::start().await;
    let reader = Reader::of(&app, &app.stack.sdk_config());
    assert_eq!(
        reader.read("packages").await,
        "# my_great_org/my-registry\n# end\n"
    );
    assert_eq!(reader.read("names").await, "# 0 names\n");
    let banana = app.user.publish(&Gem::banana().build()).await.id();
    let second = app.user.publish(&Gem::new("banana", "2.0.0").build()).await.id();
    app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    assert_eq!(
        reader.packages().await,
        ["apple 1.0.0", "banana 1.0.0", "banana 2.0.0"]
    );
    assert_eq!(reader.read("names").await, "# 2 names\napple\nbanana\n");
    assert_eq!(app.user.delete(&banana).await.status, 200);
    assert_eq!(reader.packages().await, ["apple 1.0.0", "banana 2.0.0"]);
    assert_eq!(app.user.delete(&second).await.status, 200);
    assert_eq!(reader.packages().await, ["apple 1.0.0"]);
    assert_eq!(reader.read("names").await, "# 1 names\napple\n");
    // Another sandbox, which has nothing in memory.
    let other = Reader::of(&app, &app.stack.sdk_config());
    assert_eq!(other.packages().await, ["apple 1.0.0"]);
    let contents = app.contents().await;
    assert_eq!(contents.of_kind("changes"), [], "changes that were taken in");
    assert_eq!(contents.of_kind("indexes").len(), 1);
}

#[tokio::test]
async fn documents_describe_their_text() {
    let app = TestApp::start().await;
    let reader = Reader::of(&app, &app.stack.sdk_config());
    app.user.publish(&Gem::banana().build()).await.id();
    let first = reader.document("packages").await;
    let content = text(&first);
    assert_eq!(first.text_bytes, content.len() as u64);
    assert_eq!(first.text_sha256, Some(Digest::sha256(content.as_bytes())));
    assert_eq!(first.text_md5, Some(Digest::md5(content.as_bytes())));
    assert_eq!(first.gzip_sha256, Digest::sha256(&first.gzip));
    assert_eq!((first.members, first.left_out), (1, 0));
    assert_eq!(reader.document("packages").await, first);
    assert_eq!(reader.document("names").await.text_sha256, None);
    app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    let second = reader.document("packages").await;
    assert!(second.modified > first.modified, "never the same second twice");
    let missing = reader.try_read(&LINES, "missing").await;
    let message = missing.expect_err("no such document").to_string();
    assert_eq!(message, "This registry has no document `missing`.");
}

#[tokio::test]
async fn packages_that_cannot_be_rendered_are_left_out() {
    let app = TestApp::start().await;
    let reader = Reader::of(&app, &app.stack.sdk_config());
    app.user.publish(&Gem::banana().build()).await.id();
    let bad = app
        .user
        .publish(&Gem::new(UNSPEAKABLE, "1.0.0").build())
        .await
        .id();
    let failing = app.user.publish(&Gem::new("panic", "1.0.0").build()).await.id();
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    // Known also after the block was rendered again.
    app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    let document = reader.document("packages").await;
    assert_eq!((document.members, document.left_out), (2, 2));
    for id in [bad, failing] {
        assert_eq!(app.user.delete(&id).await.status, 200);
    }
    let document = reader.document("packages").await;
    assert_eq!((document.members, document.left_out), (2, 0));
}

#[tokio::test]
async fn changes_stay_until_every_index_has_them() {
    let app = TestApp::start().await;
    let reader = Reader::of(&app, &app.stack.sdk_config());
    for lines in [&LINES, &OTHER_LINES] {
        reader.try_read(lines, "packages").await.expect("an empty index");
    }
    app.user.publish(&Gem::banana().build()).await.id();
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    assert_eq!(app.contents().await.of_kind("changes").len(), 1);
    let other = reader.try_read(&OTHER_LINES, "packages").await.expect("an index");
    assert!(text(&other).contains("banana 1.0.0"));
    assert_eq!(app.contents().await.of_kind("changes"), []);
}

#[tokio::test]
async fn successors_have_their_own_index() {
    let app = TestApp::start().await;
    let mut reader = Reader::of(&app, &app.stack.sdk_config());
    app.user.publish(&Gem::banana().build()).await.id();
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    // A change that the old registry's index has not taken in.
    app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    let old = reader.clone();
    reader.registry = app.renew_registry().await;
    assert_eq!(reader.packages().await, [""; 0]);
    app.user.publish(&Gem::new("cherry", "1.0.0").build()).await.id();
    assert_eq!(reader.packages().await, ["cherry 1.0.0"]);
    let late = old.try_read(&LINES, "packages").await;
    let message = late.expect_err("the registry is gone").to_string();
    assert_eq!(
        message,
        "The registry `my-registry` has just been deleted and made anew. Repeat the request."
    );
    assert_eq!(reader.packages().await, ["cherry 1.0.0"]);
}

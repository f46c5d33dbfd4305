//! Packages whose metadata cannot be read: for a moment, or for good.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use packages_api::Error;
use packages_api::indexes::rebuild;

use crate::support::app::{ORGANIZATION, REGISTRY, TestApp};
use crate::support::contents::{put_item, remove_item};
use crate::support::fault::Fault;
use crate::support::gem::Gem;
use crate::support::lines::{LINES, Reader};
use crate::support::orphan::id_of;
use crate::support::uploads::put;

/// A gem whose metadata lies beside its file.
fn gem() -> Gem {
    Gem::banana().summary(&"x".repeat(20_000))
}

fn key(id: &str) -> String {
    format!("metadata/{ORGANIZATION}/{REGISTRY}/{id}")
}

/// A registry and its package, both hours old, whose metadata is lost; and the bytes of that. Its next reader folds where
/// it has an index, or else scans.
async fn lost(has_index: bool) -> (TestApp, Reader, String, Vec<u8>) {
    let app = TestApp::start().await;
    let mut reader = Reader::of(&app, &app.stack.sdk_config());
    if has_index {
        assert_eq!(reader.packages().await, [""; 0]);
    }
    let first = app.user.publish(&gem().build()).await.id();
    let contents = app.contents().await;
    let replaced = [(app.registry.id.to_string(), 3), (first.clone(), 2)];
    let replaced = replaced.map(|(id, hours)| (id, id_of(Duration::from_hours(hours)).to_string()));
    for item in contents.records.values() {
        let mut aged = item.clone();
        for value in aged.values_mut() {
            if let AttributeValue::S(text) = value {
                for (id, old) in &replaced {
                    *text = text.replace(id, old);
                }
            }
        }
        if aged != *item {
            remove_item(&app.stack, item).await;
            put_item(&app.stack, aged).await;
        }
    }
    let registry = app.records.registry(&app.registry.address).await;
    reader.registry = registry.expect("a registry");
    let metadata = contents.objects[&key(&first)].clone();
    let [_, (_, id)] = replaced;
    (app, reader, id, metadata)
}

async fn counts(reader: &Reader) -> (u64, u64) {
    let document = reader.document("packages").await;
    (document.members, document.left_out)
}

#[tokio::test]
async fn refused_metadata_leaves_no_package_out() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let reader = Reader::of(&app, &proxy.sdk_config(&app.stack));
    assert_eq!(reader.packages().await, [""; 0]);
    let id = app.user.publish(&gem().build()).await.id();
    for _ in 0..2 {
        proxy.inject("GetObject", Fault::Refuse, 1);
        let refused = reader.try_read(&LINES, "packages").await;
        let message = refused.expect_err("its metadata is refused").to_string();
        let expected = format!(
            "The metadata of package {id} cannot be read. Repeat the request; if it fails again, publish the same \
             file again, which puts the metadata back, or delete that package."
        );
        assert_eq!(message, expected);
    }
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    // A scan that is refused the metadata keeps what the index has.
    proxy.inject("GetObject", Fault::Refuse, 1);
    let built = rebuild(&reader.context(), &reader.registry, &LINES).await;
    assert_eq!(built.expect("an index").members, 1);
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    // And one that has nothing to keep fails.
    for (_, head) in app.contents().await.of_kind("indexes") {
        remove_item(&app.stack, head).await;
    }
    proxy.inject("GetObject", Fault::Refuse, 1);
    let refused = reader.try_read(&LINES, "packages").await;
    assert!(matches!(refused, Err(Error::MetadataMissing(_))), "{refused:?}");
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
}

#[tokio::test]
async fn repaired_metadata_is_taken_in_at_once() {
    for has_index in [false, true] {
        let (app, reader, ..) = lost(has_index).await;
        assert_eq!(counts(&reader).await, (0, 1));
        assert_eq!(app.contents().await.of_kind("changes"), []);
        let before = app.contents().await;
        assert_eq!(counts(&reader).await, (0, 1));
        assert_eq!(app.contents().await, before, "nothing is tried again yet");
        app.user.publish(&gem().build()).await.id();
        assert_eq!(app.contents().await.of_kind("changes").len(), 1);
        assert_eq!(reader.packages().await, ["banana 1.0.0"]);
        assert_eq!(counts(&reader).await, (1, 0));
        assert_eq!(app.contents().await.of_kind("changes"), []);
    }
}

/// The change of a repair is read before the metadata is back.
#[tokio::test]
async fn repairs_under_way_stay_open() {
    let (app, reader, id, metadata) = lost(true).await;
    assert_eq!(counts(&reader).await, (0, 1));
    app.user.publish(&gem().build()).await.id();
    let s3 = aws_sdk_s3::Client::new(&app.stack.sdk_config());
    let delete = s3.delete_object().bucket(app.stack.bucket()).key(key(&id));
    delete.send().await.expect("a writable bucket");
    assert_eq!(counts(&reader).await, (0, 1));
    assert_eq!(app.contents().await.of_kind("changes").len(), 1);
    put(&app.stack, &key(&id), &metadata).await;
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
}

/// Nobody tells the index that it is back.
#[tokio::test]
async fn lost_metadata_is_tried_again() {
    let (app, reader, id, metadata) = lost(true).await;
    assert_eq!(counts(&reader).await, (0, 1));
    let retry_now = async || {
        let contents = app.contents().await;
        let (_, head) = contents.of_kind("indexes")[0];
        let mut head = head.clone();
        let Some(AttributeValue::M(unread)) = head.get_mut("unread") else {
            panic!("an index that lacks something: {head:?}");
        };
        unread.insert("retry_at".to_owned(), AttributeValue::N("1".to_owned()));
        put_item(&app.stack, head).await;
    };
    retry_now().await;
    assert_eq!(counts(&reader).await, (0, 1));
    put(&app.stack, &key(&id), &metadata).await;
    retry_now().await;
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    let contents = app.contents().await;
    assert!(!contents.of_kind("indexes")[0].1.contains_key("unread"));
}

//! Failures of each call of a fold: the reader gets the truth or an error, and the next one the truth.

use std::time::Duration;

use packages_api::Error;

use crate::support::app::TestApp;
use crate::support::fault::Fault;
use crate::support::fault_proxy::FaultProxy;
use crate::support::gem::Gem;
use crate::support::held::{Held, Seen};
use crate::support::lines::{LINES, Reader, text};

/// Calls of a fold, and how often each is made.
const CALLS: [(&str, usize); 5] = [
    ("Query", 2),
    ("BatchGetItem", 1),
    ("PutObject", 4),
    ("PutItem", 1),
    ("BatchWriteItem", 1),
];

async fn start() -> (TestApp, FaultProxy, Reader) {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let reader = Reader::of(&app, &proxy.sdk_config(&app.stack));
    (app, proxy, reader)
}

#[tokio::test]
async fn folds_survive_one_fault_of_each_call() {
    let (app, proxy, _) = start().await;
    let mut expected = Vec::new();
    for (operation, _) in CALLS {
        for fault in [
            Fault::Fail,
            Fault::Throttle,
            Fault::Disconnect,
            Fault::LoseAnswer,
            Fault::CutAnswer,
        ] {
            let number = expected.len();
            let gem = Gem::new("banana", &format!("1.0.{number}"));
            app.user.publish(&gem.build()).await.id();
            expected.push(format!("banana 1.0.{number}"));
            let reader = Reader::of(&app, &proxy.sdk_config(&app.stack));
            proxy.inject(operation, fault.clone(), 1);
            assert_eq!(reader.packages().await, expected, "{operation} {fault:?}");
            proxy.clear();
        }
    }
    assert_eq!(app.contents().await.of_kind("changes"), []);
}

#[tokio::test]
async fn refused_calls_lose_nothing() {
    let (app, proxy, reader) = start().await;
    assert_eq!(reader.packages().await, [""; 0]);
    app.user.publish(&Gem::banana().build()).await.id();
    for (operation, times) in CALLS {
        proxy.inject(operation, Fault::Refuse, times);
        let read = reader.try_read(&LINES, "packages").await;
        proxy.clear();
        match read {
            Ok(document) => assert!(text(&document).contains("banana 1.0.0"), "{operation}"),
            Err(error) => assert!(matches!(error, Error::Internal(_)), "{operation}: {error:?}"),
        }
    }
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
}

/// The reader gives up, and its head arrives when another's is in place.
#[tokio::test]
async fn late_heads_replace_nothing() {
    let (app, proxy, reader) = start().await;
    assert_eq!(reader.packages().await, [""; 0]);
    app.user.publish(&Gem::banana().build()).await.id();
    let held = Held::new(Seen::Disconnect);
    proxy.inject("PutItem", Fault::Hold(held.clone()), 1);
    assert_eq!(reader.packages().await, ["banana 1.0.0"], "the second attempt");
    app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    assert_eq!(reader.packages().await, ["apple 1.0.0", "banana 1.0.0"]);
    let (status, body) = held.deliver().await;
    assert_eq!(status, 400);
    assert!(body.contains("ConditionalCheckFailed"), "{body}");
    assert_eq!(reader.packages().await, ["apple 1.0.0", "banana 1.0.0"]);
}

/// A folder that ends before it has removed anything.
#[tokio::test]
async fn changes_that_were_left_are_removed_later() {
    let (app, proxy, reader) = start().await;
    assert_eq!(reader.packages().await, [""; 0]);
    let id = app.user.publish(&Gem::banana().build()).await.id();
    proxy.inject("BatchWriteItem", Fault::Refuse, 1);
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    assert_eq!(app.contents().await.of_kind("changes").len(), 1);
    // It is known to be in the index: nothing is folded.
    let before = app.contents().await;
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    assert_eq!(app.contents().await, before);
    assert_eq!(app.user.delete(&id).await.status, 200);
    assert_eq!(reader.packages().await, [""; 0]);
    assert_eq!(app.contents().await.of_kind("changes"), []);
}

#[tokio::test]
async fn missing_objects_are_made_again() {
    let (app, _proxy, _) = start().await;
    app.user.publish(&Gem::banana().build()).await.id();
    let fresh = || Reader::of(&app, &app.stack.sdk_config());
    assert_eq!(fresh().packages().await, ["banana 1.0.0"]);
    let s3 = aws_sdk_s3::Client::new(&app.stack.sdk_config());
    let objects = app.contents().await.objects.into_keys();
    for key in objects.filter(|key| key.starts_with("indexes/")) {
        let delete = s3.delete_object().bucket(app.stack.bucket()).key(key);
        delete.send().await.expect("a writable bucket");
    }
    // With nothing changed, and with a change.
    assert_eq!(fresh().packages().await, ["banana 1.0.0"]);
    app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    assert_eq!(fresh().packages().await, ["apple 1.0.0", "banana 1.0.0"]);
}

#[tokio::test]
async fn reads_cost_what_the_page_says() {
    let (app, proxy, reader) = start().await;
    let calls_of = async |reader: &Reader| {
        proxy.clear();
        reader.packages().await;
        proxy.calls()
    };
    reader.packages().await;
    // The changes are read beside the credential, so that a read of a client takes one round trip less than calls.
    assert_eq!(calls_of(&reader).await, ["Query", "Query"]);
    let fresh = Reader::of(&app, &proxy.sdk_config(&app.stack));
    assert_eq!(calls_of(&fresh).await, ["Query", "Query", "GetObject"]);
    assert_eq!(calls_of(&fresh).await, ["Query", "Query"]);
    app.user.publish(&Gem::banana().build()).await.id();
    let mut calls = calls_of(&reader).await;
    calls.dedup();
    let fold = ["Query", "BatchGetItem", "PutObject", "PutItem", "BatchWriteItem"];
    assert_eq!(calls, fold);
}

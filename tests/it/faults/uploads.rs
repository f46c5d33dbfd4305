//! Publishing by address, with every misfortune at every call of AWS: what is answered holds, and a
//! digest is never one of other bytes.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::support::app::TestApp;
use crate::support::fault::{Fault, Gate};
use crate::support::fault_case::FaultCase;
use crate::support::fault_proxy::{ALWAYS, FaultProxy};
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;
use crate::support::log::assert_explained;
use crate::support::side_by_side::run_all;
use crate::support::uploads::{posted, put};

/// The calls of a publish by address, in their order; the copy and the reads for the digests are
/// made side by side.
const CALLS: [&str; 6] = [
    "BatchGetItem",
    "HeadObject",
    "GetObject",
    "GetItem",
    "CopyObject",
    "TransactWriteItems",
];

/// No more than a release is given at least, which comes last and is what these tests wait for; and
/// enough for what comes before it, whatever else keeps the machine busy.
async fn start() -> (TestApp, FaultProxy) {
    TestApp::behind_proxy(Duration::from_secs(12)).await
}

/// The calls of a repeat: all after the first one are made side by side.
const REPEAT: [&str; 4] = ["BatchGetItem", "GetItem", "HeadObject", "HeadObject"];

fn side_by_side(proxy: &FaultProxy) -> Vec<String> {
    let mut calls = proxy.calls();
    calls[1..].sort();
    calls
}

#[tokio::test]
async fn publishes_by_address_cost_what_they_must() {
    let (app, proxy) = start().await;
    let (_, url) = posted(&app, &Gem::banana().build()).await;
    proxy.clear();
    let id = app.user.publish_url(&url).await.id();
    let mut calls = proxy.calls();
    // One read for the format, one for the digests, beside the copy.
    calls[4..6].sort();
    let expected = [
        "BatchGetItem",
        "HeadObject",
        "GetObject",
        "GetItem",
        "CopyObject",
        "GetObject",
        "TransactWriteItems",
    ];
    assert_eq!(calls, expected);
    proxy.clear();
    assert_eq!(app.user.publish_url(&url).await.id(), id);
    assert_eq!(side_by_side(&proxy), REPEAT);
    proxy.clear();
    app.user.request_upload().await;
    assert_eq!(proxy.calls(), ["BatchGetItem"]);
}

#[tokio::test]
async fn uploads_of_published_bytes_are_remembered() {
    let (app, proxy) = start().await;
    let gem = Gem::banana().build();
    let id = app.user.publish(&gem).await.id();
    let (_, url) = posted(&app, &gem).await;
    assert_eq!(app.user.publish_url(&url).await.id(), id);
    proxy.clear();
    assert_eq!(app.user.publish_url(&url).await.id(), id);
    assert_eq!(side_by_side(&proxy), REPEAT);
    assert_eq!(app.user.delete(&id).await.status, 200);
    let second = app.user.publish_url(&url).await.id();
    assert_ne!(second, id);
    assert_eq!(assert_consistent(&app.contents().await), [second]);
}

#[tokio::test]
async fn uploads_of_taken_releases_are_not_copied() {
    let (app, proxy) = start().await;
    let id = app.user.publish(&Gem::banana().build()).await.id();
    let larger = Gem::banana().member("more", "x").build();
    let (_, url) = posted(&app, &larger).await;
    proxy.clear();
    let answer = app.user.publish_url(&url).await;
    answer.assert_error(409);
    assert!(answer.message().contains(&id), "{}", answer.message());
    let expected = ["BatchGetItem", "HeadObject", "GetObject", "GetItem", "GetItem"];
    assert_eq!(proxy.calls(), expected);
    assert_eq!(assert_consistent(&app.contents().await), [id]);
}

#[tokio::test]
async fn formats_read_no_more_than_they_need() {
    let (app, proxy) = start().await;
    let large = Gem::banana().member("large.bin", vec![7; 20_000_000]).build();
    let (_, url) = posted(&app, &large).await;
    proxy.clear();
    let answer = app.user.publish_url(&url).await;
    assert_eq!(answer.json()["size"], large.bytes.len());
    let reads = proxy.calls().iter().filter(|call| *call == "GetObject").count();
    // Five blocks of 4 MiB for the digests; for the format the first block, and the end of the archive.
    assert!((6..=9).contains(&reads), "{:?}", proxy.calls());
    assert_consistent(&app.contents().await);
}

/// Small answers are cut before they begin, which the SDK repeats by itself; these are not.
#[tokio::test]
async fn broken_reads_are_repeated() {
    let (app, proxy) = start().await;
    let large = Gem::banana().member("large.bin", vec![7; 5_000_000]).build();
    let (_, url) = posted(&app, &large).await;
    for before in 0..3 {
        if before > 0 {
            proxy.inject("GetObject", Fault::Delay(Duration::ZERO), before);
        }
        proxy.inject("GetObject", Fault::CutAnswer, 2);
        let answer = app.user.publish_url(&url).await;
        assert_eq!(app.user.download(&answer.id()).await, large.bytes);
        assert_eq!(app.user.delete(&answer.id()).await.status, 200);
        proxy.clear();
    }
    proxy.inject("GetObject", Fault::CutAnswer, ALWAYS);
    app.user.publish_url(&url).await.assert_error(503);
}

async fn run(case: FaultCase) {
    let (app, proxy) = start().await;
    let gem = Gem::banana().build();
    let (key, url) = posted(&app, &gem).await;
    proxy.clear();
    case.inject(&proxy);
    let answer = app.user.publish_url(&url).await;
    assert!(
        case.expected(422).contains(&answer.status.as_u16()),
        "{case:?}: {} {}",
        answer.status,
        answer.text()
    );
    if answer.status != 200 {
        answer.assert_error(answer.status.as_u16());
    }
    assert_explained(&answer, case.operation);
    proxy.clear();
    let contents = app.contents().await;
    let packages = assert_consistent(&contents);
    assert!(packages.len() <= 1, "{case:?}");
    assert_eq!(contents.objects.get(&key), Some(&gem.bytes), "{case:?}");
    let again = app.user.publish_url(&url).await;
    assert_eq!(again.status, 200, "{case:?}: {}", again.text());
    assert_eq!(assert_consistent(&app.contents().await), [again.id()], "{case:?}");
    if let Some(id) = packages.first() {
        assert_eq!(again.id(), *id, "{case:?}");
    }
    if answer.status == 200 {
        assert_eq!(again.text(), answer.text(), "{case:?}");
    }
}

#[tokio::test]
async fn publishes_by_address_survive_every_fault() {
    run_all(FaultCase::all(&CALLS).map(run)).await;
}

/// Changes to the posted object while it is published, between any two calls.
#[tokio::test]
async fn changing_objects_are_never_half_read() {
    for operation in ["GetObject", "CopyObject", "TransactWriteItems"] {
        for removed in [false, true] {
            for skipped in 0..2 {
                let case = format!("{operation} {skipped}, removed: {removed}");
                let (app, proxy) = start().await;
                let gem = Gem::banana().build();
                let other = Gem::banana().summary("Another banana").build();
                let (key, url) = posted(&app, &gem).await;
                let gate = Gate::new();
                if skipped > 0 {
                    if operation != "GetObject" {
                        continue;
                    }
                    proxy.inject(operation, Fault::Delay(Duration::ZERO), skipped);
                }
                proxy.inject(operation, Fault::PauseBefore(gate.clone()), 1);
                let publish = tokio::spawn({
                    let (user, url) = (app.user.clone(), url.clone());
                    async move { user.publish_url(&url).await }
                });
                gate.reached().await;
                if removed {
                    let client = aws_sdk_s3::Client::new(&app.stack.sdk_config());
                    let delete = client.delete_object().bucket(app.stack.bucket()).key(&key);
                    delete.send().await.expect("a deletion");
                } else {
                    put(&app.stack, &key, &other.bytes).await;
                }
                gate.open();
                let answer = publish.await.expect("no panic");
                let packages = assert_consistent(&app.contents().await);
                if operation == "TransactWriteItems" {
                    assert_eq!(packages, [answer.id()], "{case}");
                    assert_eq!(app.user.download(&answer.id()).await, gem.bytes, "{case}");
                } else {
                    answer.assert_error(422);
                    assert_eq!(answer.json()["errors"][0]["code"], "changed", "{case}");
                    assert_eq!(packages, [""; 0], "{case}");
                    // The present object can be published by whoever wants that.
                    let again = app.user.publish_url(&url).await;
                    assert_eq!(again.status, if removed { 422 } else { 200 }, "{case}");
                    if !removed {
                        assert_eq!(app.user.download(&again.id()).await, other.bytes, "{case}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn publishes_outlasting_their_client_are_found_again() {
    let (app, proxy) = start().await;
    let gem = Gem::banana().build();
    let (_, url) = posted(&app, &gem).await;
    let gate = Gate::new();
    proxy.inject("CopyObject", Fault::PauseBefore(gate.clone()), 1);
    let publish = tokio::spawn({
        let (user, url) = (app.user.clone(), url.clone());
        async move { user.publish_url(&url).await }
    });
    gate.reached().await;
    publish.abort();
    assert!(publish.await.is_err());
    gate.open();
    let published = async {
        while app.contents().await.of_kind("packages").is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), published)
        .await
        .expect("it goes on without its client");
    proxy.clear();
    let id = app.user.publish_url(&url).await.id();
    assert!(!proxy.calls().contains(&"CopyObject".to_owned()));
    assert_eq!(assert_consistent(&app.contents().await), [id]);
}

#[tokio::test]
async fn racing_publishes_of_one_upload_are_one_package() {
    let app = TestApp::start().await;
    let gem = Gem::banana().build();
    let (_, url) = app.user.upload(&gem).await;
    let racers: JoinSet<_> = (0..8)
        .map(|_| {
            let (user, url) = (app.user.clone(), url.clone());
            async move { user.publish_url(&url).await.id() }
        })
        .collect();
    let mut ids = racers.join_all().await;
    ids.dedup();
    assert_eq!(ids.len(), 1);
    let contents = app.contents().await;
    assert_eq!(assert_consistent(&contents), ids);
    let stored = contents.objects.keys().filter(|key| key.starts_with("packages/"));
    assert_eq!(stored.count(), 1);
}

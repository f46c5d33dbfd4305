//! Scans of all packages: when one is due, who makes it, and what it must not lose.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use packages_api::indexes::rebuild;

use crate::support::app::TestApp;
use crate::support::contents::{Item, put_item, remove_item};
use crate::support::fault::{Fault, Gate};
use crate::support::fault_proxy::FaultProxy;
use crate::support::gem::Gem;
use crate::support::lines::{LINES, OTHER_LINES, Reader, text};

/// The record of the only head.
async fn head(app: &TestApp) -> Item {
    let contents = app.contents().await;
    let [(_, head)] = contents.of_kind("indexes")[..] else {
        panic!("one head");
    };
    head.clone()
}

/// Lets the head's next scan be due at this second since 1970.
async fn make_due(app: &TestApp, due: u64) {
    let mut head = head(app).await;
    head.insert("scan_due".to_owned(), AttributeValue::N(due.to_string()));
    put_item(&app.stack, head).await;
}

/// A package as a version from before changes publishes it.
async fn publish_without_change(app: &TestApp, gem: &Gem) {
    app.user.publish(&gem.build()).await.id();
    for (_, change) in app.contents().await.of_kind("changes") {
        remove_item(&app.stack, change).await;
    }
}

#[tokio::test]
async fn scans_stay_due_until_begun_later() {
    let app = TestApp::start().await;
    let reader = Reader::of(&app, &app.stack.sdk_config());
    assert_eq!(reader.packages().await, [""; 0]);
    let due = head(&app).await["scan_due"].clone();
    let built = rebuild(&reader.context(), &reader.registry, &LINES).await;
    assert_eq!(built.expect("an index").members, 0);
    assert_eq!(head(&app).await.get("scan_due"), Some(&due));
    publish_without_change(&app, &Gem::banana()).await;
    make_due(&app, 1).await;
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    assert_eq!(head(&app).await.get("scan_due"), None);
}

/// Objects of one build: two documents, their members and the manifest.
const BUILD: usize = 4;

/// Objects that eight readers put who begin at once, each with nothing in memory; all of them show `expected`.
async fn puts_of_readers(app: &TestApp, proxy: &FaultProxy, expected: &str) -> usize {
    proxy.clear();
    let mut reads = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let reader = Reader::of(app, &proxy.sdk_config(&app.stack));
        reads.spawn(async move { reader.packages().await });
    }
    while let Some(shown) = reads.join_next().await {
        let shown = shown.expect("an answer");
        assert!(shown.iter().any(|line| line == expected), "{shown:?}");
    }
    let calls = proxy.calls();
    calls.iter().filter(|call| *call == "PutObject").count()
}

#[tokio::test]
async fn first_readers_build_once() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    app.user.publish(&Gem::banana().build()).await.id();
    let puts = puts_of_readers(&app, &proxy, "banana 1.0.0").await;
    // A second one where the first takes too long.
    assert!(puts <= 2 * BUILD, "{puts} objects");
    assert!(!head(&app).await.contains_key("build"));
}

#[tokio::test]
async fn due_scans_are_made_by_one_reader() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let reader = Reader::of(&app, &app.stack.sdk_config());
    app.user.publish(&Gem::banana().build()).await.id();
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    publish_without_change(&app, &Gem::new("apple", "1.0.0")).await;
    make_due(&app, 1).await;
    assert_eq!(puts_of_readers(&app, &proxy, "banana 1.0.0").await, BUILD);
    assert_eq!(reader.packages().await, ["apple 1.0.0", "banana 1.0.0"]);
    assert_eq!(head(&app).await.get("scan_due"), None);
}

#[tokio::test]
async fn due_scans_that_fail_disturb_nobody() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    let reader = Reader::of(&app, &proxy.sdk_config(&app.stack));
    app.user.publish(&Gem::banana().build()).await.id();
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    make_due(&app, 1).await;
    proxy.inject("PutObject", Fault::Refuse, 1);
    for _ in 0..2 {
        assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    }
    app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    assert_eq!(reader.packages().await, ["apple 1.0.0", "banana 1.0.0"]);
    // Still to be made, once the claim is over.
    let mut head = head(&app).await;
    assert!(head.contains_key("scan_due"));
    let Some(AttributeValue::M(build)) = head.get_mut("build") else {
        panic!("a claim: {head:?}");
    };
    build.insert("claimed_until".to_owned(), AttributeValue::N("1".to_owned()));
    put_item(&app.stack, head).await;
    assert_eq!(reader.packages().await, ["apple 1.0.0", "banana 1.0.0"]);
    let last = self::head(&app).await;
    assert!(
        !last.contains_key("scan_due") && !last.contains_key("build"),
        "{last:?}"
    );
}

/// A reader whose build has scanned and waits at the gate before it puts its state.
async fn builder(
    app: &TestApp,
    proxy: &FaultProxy,
    lines: &'static crate::support::lines::Lines,
) -> (Gate, tokio::task::JoinHandle<String>) {
    let gate = Gate::new();
    proxy.inject("PutObject", Fault::PauseAfter(gate.clone()), 1);
    let reader = Reader::of(app, &proxy.sdk_config(&app.stack));
    let read = async move { text(&reader.try_read(lines, "packages").await.expect("a document")) };
    let read = tokio::spawn(read);
    gate.reached().await;
    (gate, read)
}

#[tokio::test]
async fn builds_keep_what_is_folded_meanwhile() {
    for (lines, is_due) in [(&LINES, true), (&OTHER_LINES, false)] {
        let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
        let reader = Reader::of(&app, &app.stack.sdk_config());
        app.user.publish(&Gem::banana().build()).await.id();
        assert_eq!(reader.packages().await, ["banana 1.0.0"]);
        if is_due {
            make_due(&app, 1).await;
        }
        let (gate, read) = builder(&app, &proxy, lines).await;
        app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
        assert_eq!(reader.packages().await, ["apple 1.0.0", "banana 1.0.0"]);
        assert_eq!(app.contents().await.of_kind("changes").len(), 1, "{lines:?}");
        gate.open();
        assert!(read.await.expect("an answer").contains("banana 1.0.0"));
        assert_eq!(reader.packages().await, ["apple 1.0.0", "banana 1.0.0"]);
        let built = reader.try_read(lines, "packages").await.expect("a document");
        assert!(text(&built).contains("apple 1.0.0"), "{lines:?}");
        assert_eq!(app.contents().await.of_kind("changes"), [], "{lines:?}");
    }
}

#[tokio::test]
async fn builds_that_were_given_up_are_taken_over() {
    let (app, proxy) = TestApp::behind_proxy(Duration::from_secs(25)).await;
    app.user.publish(&Gem::banana().build()).await.id();
    let (_gate, read) = builder(&app, &proxy, &LINES).await;
    read.abort();
    assert!(head(&app).await.contains_key("is_planned"));
    assert_eq!(puts_of_readers(&app, &proxy, "banana 1.0.0").await, BUILD);
    assert!(!head(&app).await.contains_key("is_planned"));
}

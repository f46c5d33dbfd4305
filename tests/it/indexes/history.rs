//! Publishers, readers and a sweep at once, through a proxy that loses answers: every read shows what was answered
//! before it began.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use packages_api::Files;
use packages_api::sweep::Sweep;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::support::app::TestApp;
use crate::support::client::Client;
use crate::support::fault::Fault;
use crate::support::fault_proxy::FaultProxy;
use crate::support::gem::Gem;
use crate::support::lines::{LINES, Reader, renderers, text};

const PUBLISHERS: usize = 8;
const READERS: usize = 4;
/// Packages that each publisher publishes; it deletes every third.
const PACKAGES: usize = 12;
/// Faults of the operations by which packages and indexes change.
const FAULTS: [(&str, Fault); 4] = [
    ("PutItem", Fault::LoseAnswer),
    ("BatchWriteItem", Fault::LoseAnswer),
    ("TransactWriteItems", Fault::LoseAnswer),
    ("PutObject", Fault::Fail),
];
/// Calls of an operation for each that meets its fault, the first of them: a slow machine meets no more faults than a
/// fast one, and where it folds seldom, it meets one all the same.
const CALLS_PER_FAULT: usize = 4;

/// Moments of one package.
#[derive(Debug, Clone, Copy, Default)]
struct Life {
    published: Option<Instant>,
    delete_begun: Option<Instant>,
    deleted: Option<Instant>,
}

/// Knowledge of each package: the model that reads are compared with.
type Lives = Arc<Mutex<BTreeMap<String, Life>>>;

fn note(lives: &Lives, line: &str, change: impl FnOnce(&mut Life)) {
    change(lives.lock().expect("a lock").entry(line.to_owned()).or_default());
}

async fn publish(user: Client, lives: Lives, publisher: usize) {
    for number in 0..PACKAGES {
        let (name, version) = (format!("gem{publisher}"), format!("1.{number}.0"));
        let line = format!("{name} {version}");
        let id = user.publish(&Gem::new(&name, &version).build()).await.id();
        note(&lives, &line, |life| life.published = Some(Instant::now()));
        if number % 3 == 2 {
            note(&lives, &line, |life| life.delete_begun = Some(Instant::now()));
            assert_eq!(user.delete(&id).await.status, 200);
            note(&lives, &line, |life| life.deleted = Some(Instant::now()));
        }
    }
}

/// Compares one read with the model.
fn check(lives: &Lives, begun: Instant, ended: Instant, shown: &str) {
    let before = |moment: Option<Instant>, limit| moment.is_some_and(|moment| moment < limit);
    for (line, life) in lives.lock().expect("a lock").iter() {
        let is_shown = shown.lines().any(|shown| shown == line);
        if before(life.published, begun) && !before(life.delete_begun, ended) {
            assert!(is_shown, "{line} was published before");
        }
        if before(life.deleted, begun) {
            assert!(!is_shown, "{line} was deleted before");
        }
    }
}

/// Reads until it is told to end, and once more. Every other reader has nothing in memory; some end in the middle.
async fn read(app: Arc<(TestApp, FaultProxy)>, lives: Lives, reader: usize, end: Arc<Mutex<bool>>) -> usize {
    let (app, proxy) = &*app;
    let kept = Reader::of(app, &proxy.sdk_config(&app.stack));
    let (mut reads, mut is_last) = (0, false);
    while !is_last {
        is_last = *end.lock().expect("a lock");
        let fresh = Reader::of(app, &proxy.sdk_config(&app.stack));
        let own = if reader.is_multiple_of(2) { &kept } else { &fresh };
        let begun = Instant::now();
        let killed_after = Duration::from_millis(fastrand::u64(5..60));
        let read = own.try_read(&LINES, "packages");
        let read = match fastrand::u8(..) % 4 {
            0 if !is_last => tokio::time::timeout(killed_after, read).await.ok(),
            _ => Some(read.await),
        };
        if let Some(Ok(document)) = read {
            check(&lives, begun, Instant::now(), &text(&document));
            reads += 1;
        }
    }
    reads
}

/// Sweeps, one after another, until it is told to end.
async fn sweep(app: Arc<(TestApp, FaultProxy)>, end: Arc<Mutex<bool>>) {
    while !*end.lock().expect("a lock") {
        let files = Files::new(&app.0.stack.sdk_config(), app.0.stack.bucket());
        let swept = Sweep::new(app.0.records.clone(), files, renderers).run().await;
        swept.expect("a report");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_read_shows_what_was_answered() {
    let app = Arc::new(TestApp::behind_proxy(Duration::from_secs(25)).await);
    for (operation, fault) in FAULTS {
        app.1.inject_every(operation, fault, CALLS_PER_FAULT);
    }
    let (lives, end) = (Lives::default(), Arc::new(Mutex::new(false)));
    let mut readers = JoinSet::new();
    for reader in 0..READERS {
        readers.spawn(read(
            Arc::clone(&app),
            Arc::clone(&lives),
            reader,
            Arc::clone(&end),
        ));
    }
    let mut publishers = JoinSet::new();
    for publisher in 0..PUBLISHERS {
        publishers.spawn(publish(app.0.user.patient(), Arc::clone(&lives), publisher));
    }
    let sweeps = tokio::spawn(sweep(Arc::clone(&app), Arc::clone(&end)));
    while let Some(published) = publishers.join_next().await {
        published.expect("every publish is answered");
    }
    *end.lock().expect("a lock") = true;
    sweeps.await.expect("the sweeps end");
    let mut reads = 0;
    while let Some(read) = readers.join_next().await {
        reads += read.expect("every read shows what was answered");
    }
    assert!(reads > 0, "some reads came to their end");
    for (operation, _) in FAULTS {
        let was_met = app.1.calls().iter().any(|call| call == operation);
        assert!(was_met, "{operation} met its fault");
    }
    // When all is quiet: exactly what is there.
    let last = Reader::of(&app.0, &app.0.stack.sdk_config());
    let lives = lives.lock().expect("a lock").clone();
    let there = lives.iter().filter(|(_, life)| life.deleted.is_none());
    let mut expected: Vec<_> = there.map(|(line, _)| line.clone()).collect();
    let mut shown = last.packages().await;
    expected.sort();
    shown.sort();
    assert_eq!(shown, expected);
}

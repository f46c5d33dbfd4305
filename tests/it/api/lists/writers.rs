//! Lists that are read while others publish and delete.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;

use super::{file, files, ids};
use crate::support::app::{FILES, ORGANIZATION, TestApp};
use crate::support::client::Client;
use crate::support::{File, bulk};

/// Publishes and deletes until it is told to stop. Answers how often.
async fn write(user: Client, number: usize, stop: Arc<AtomicBool>) -> usize {
    let mut turn = 0;
    while !stop.load(Ordering::Relaxed) {
        let name = format!("writer-{number}-{turn}-1.0.0.txt");
        let id = user.publish(&File::new(&name, name.as_bytes())).await.id();
        // Every third stays.
        if turn % 3 > 0 {
            assert_eq!(user.delete(&id).await.status, 200);
        }
        turn += 1;
    }
    turn
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lasting_packages_are_listed_once_during_writes() {
    let app = TestApp::start().await;
    let user = files(&app);
    let like = user.publish(&file("first")).await.id();
    let names = (1..1_000).map(|number| format!("name-{number}"));
    let mut lasting = bulk::add(&app.stack, &format!("{ORGANIZATION}/{FILES}"), &like, names).await;
    lasting.push(like);
    let lasting: BTreeSet<_> = lasting.into_iter().collect();
    let stop = Arc::new(AtomicBool::new(false));
    let writers: JoinSet<_> = (0..8)
        .map(|number| write(user.clone(), number, Arc::clone(&stop)))
        .collect();
    for per_page in [17, 100] {
        let first = user.list(&format!("?per_page={per_page}")).await.json();
        let forth = user.walk(first["links"]["self"].as_str().unwrap(), "next").await;
        let last = forth.last().unwrap()["links"]["self"].as_str().unwrap();
        let back = user.walk(last, "prev").await;
        for (way, pages) in [("forth", forth), ("back", back)] {
            let seen: Vec<_> = pages.iter().flat_map(ids).collect();
            let once: BTreeSet<_> = seen.iter().cloned().collect();
            assert_eq!(once.len(), seen.len(), "{way}: none is seen twice");
            assert_eq!(lasting.difference(&once).count(), 0, "{way}: none is left out");
        }
    }
    stop.store(true, Ordering::Relaxed);
    let written: usize = writers.join_all().await.into_iter().sum();
    assert!(written >= 8, "{written}");
}

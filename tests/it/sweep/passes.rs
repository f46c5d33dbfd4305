//! The sweep's pass over everything: what it sees, what it costs, and how it goes on.

use std::time::Duration;

use packages_api::Files;
use packages_api::formats::Ecosystem;
use packages_api::records::Records;
use packages_api::sweep::{MAX_ORPHANS, Report, Sweep};
use tokio::time::Instant;

use crate::support::app::{FILES, ORGANIZATION, REGISTRY, TestApp};
use crate::support::bulk;
use crate::support::fault::Fault;
use crate::support::fault_proxy::FaultProxy;
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;
use crate::support::lines::no_renderers as renderers;
use crate::support::orphan::{id_of, leave};

const DAY_AGO: Duration = Duration::from_hours(25);

/// A sweep through the proxy.
fn sweep_through(app: &TestApp, proxy: &FaultProxy) -> Sweep {
    let sdk = proxy.sdk_config(&app.stack);
    let records = Records::new(&sdk, app.stack.table());
    Sweep::new(records, Files::new(&sdk, app.stack.bucket()), renderers)
}

async fn behind_proxy() -> (TestApp, FaultProxy) {
    TestApp::behind_proxy(Duration::from_secs(25)).await
}

/// Deletes an object and leaves its record.
async fn lose(app: &TestApp, key: &str) {
    let s3 = aws_sdk_s3::Client::new(&app.stack.sdk_config());
    let delete = s3.delete_object().bucket(app.stack.bucket()).key(key);
    delete.send().await.expect("a writable bucket");
}

/// A package of [`REGISTRY`] and as many more records of it, none of which has a file.
async fn without_files(app: &TestApp, count: usize) -> String {
    let like = app.user.publish(&Gem::banana().build()).await.id();
    let names = (0..count).map(|number| format!("n{number}"));
    bulk::add(&app.stack, &format!("{ORGANIZATION}/{REGISTRY}"), &like, names).await;
    like
}

#[tokio::test]
async fn records_without_file_are_reported_and_kept() {
    let (app, proxy) = behind_proxy().await;
    let large = Gem::new("large", "1.0.0").summary(&"x".repeat(20_000)).build();
    let untouched = app.user.publish(&Gem::banana().build()).await.id();
    let without_file = app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    let without_metadata = app.user.publish(&large).await.id();
    let address = format!("{ORGANIZATION}/{REGISTRY}");
    lose(&app, &format!("packages/{address}/{without_file}")).await;
    lose(&app, &format!("metadata/{address}/{without_metadata}")).await;
    let before = app.contents().await;
    for _ in 0..2 {
        let report = sweep_through(&app, &proxy).run().await.expect("a report");
        let expected = Report {
            objects: 2,
            records: 3,
            records_without_file: 1,
            records_without_metadata: 1,
            missing: vec![
                format!("{address}/{without_file}"),
                format!("{address}/{without_metadata}"),
            ],
            ..Report::default()
        };
        assert_eq!(report, expected);
    }
    let after = app.contents().await;
    assert_eq!(after.objects, before.objects);
    assert_eq!(after.of_kind("packages"), before.of_kind("packages"));
    assert_eq!(app.user.get(&untouched).await.status, 200);
}

/// An empty bucket is the worst loss of all.
#[tokio::test]
async fn organizations_without_objects_are_seen() {
    let (app, proxy) = behind_proxy().await;
    let like = without_files(&app, 250).await;
    lose(&app, &format!("packages/{ORGANIZATION}/{REGISTRY}/{like}")).await;
    let report = sweep_through(&app, &proxy).run().await.expect("a report");
    assert_eq!((report.records, report.records_without_file), (251, 251));
    assert_eq!((report.missing.len(), report.objects), (100, 0));
}

/// The bucket sorts `-`, `/` and `_` otherwise than the table does: every registry is a list of its own.
#[tokio::test]
async fn neighbouring_addresses_are_kept_apart() {
    let (app, proxy) = behind_proxy().await;
    let mut kept = Vec::new();
    for name in ["a", "a-b", "a_b", "a0"] {
        app.create_registry(name, Ecosystem::Ruby).await;
        let user = app.user.at(ORGANIZATION, name);
        kept.push(user.publish(&Gem::banana().build()).await.id());
        leave(
            &app,
            &format!("packages/{ORGANIZATION}/{name}/{}", id_of(DAY_AGO)),
        )
        .await;
    }
    leave(&app, &format!("metadata/nobody/nothing/{}", id_of(DAY_AGO))).await;
    let report = sweep_through(&app, &proxy).run().await.expect("a report");
    assert_eq!((report.records, report.records_without_file), (4, 0));
    assert_eq!((report.orphans, report.removed_objects), (5, 5));
    let mut packages = assert_consistent(&app.contents().await);
    packages.sort();
    kept.sort();
    assert_eq!(packages, kept);
}

/// Interrupted at every call in turn, by an error or by the end of its time, it comes to the same end.
#[tokio::test]
async fn interrupted_passes_go_on() {
    let (app, proxy) = behind_proxy().await;
    let kept = app.user.publish(&Gem::banana().build()).await.id();
    for registry in [REGISTRY, FILES, "nothing"] {
        for _ in 0..3 {
            leave(
                &app,
                &format!("packages/{ORGANIZATION}/{registry}/{}", id_of(DAY_AGO)),
            )
            .await;
        }
    }
    // Every run reads a little more before its time is up.
    let slow = Fault::Delay(Duration::from_millis(30));
    proxy.inject("ListObjectsV2", slow, usize::MAX);
    let mut runs = 0;
    loop {
        runs += 1;
        assert!(runs < 60, "no end in sight");
        let sweep = sweep_through(&app, &proxy).until(Instant::now() + Duration::from_millis(600));
        let report = sweep.run().await.expect("a report");
        assert_eq!(report.stopped, None);
        if !report.continues {
            assert_eq!((report.objects, report.orphans), (10, 9));
            break;
        }
    }
    let contents = app.contents().await;
    assert_eq!(assert_consistent(&contents), [kept]);
    assert_eq!(contents.objects.len(), 1);
    assert!(contents.of_kind("sweep").is_empty());
}

/// The judgement is on all runs of a pass together: none of them alone has too many.
#[tokio::test]
async fn guard_counts_over_all_runs() {
    let (app, proxy) = behind_proxy().await;
    for number in 0..=MAX_ORPHANS {
        let registry = if number % 2 == 0 { "first" } else { "second" };
        leave(
            &app,
            &format!("packages/{ORGANIZATION}/{registry}/{}", id_of(DAY_AGO)),
        )
        .await;
    }
    let before = app.contents().await.objects;
    for _ in 0..200 {
        let sweep = sweep_through(&app, &proxy).until(Instant::now() + Duration::from_millis(40));
        let report = sweep.run().await.expect("a report");
        assert_eq!(report.removed_objects, 0);
        if !report.continues {
            break;
        }
    }
    let last = sweep_through(&app, &proxy).run().await.expect("a report");
    assert!(
        last.stopped
            .is_some_and(|reason| reason.starts_with("101 of 101 objects"))
    );
    assert_eq!(app.contents().await.objects, before);
}

/// A call that ends unknown is repeated by the SDK or left to the next run; nothing is removed that has a record.
#[tokio::test]
async fn faults_end_a_run_and_harm_nothing() {
    let operations = [
        "GetItem",
        "Query",
        "BatchGetItem",
        "ListObjectsV2",
        "DeleteObjects",
        "TransactWriteItems",
    ];
    for operation in operations {
        for fault in [
            Fault::LoseAnswer,
            Fault::Fail,
            Fault::Refuse,
            Fault::CutAnswer,
            Fault::Throttle,
        ] {
            let (app, proxy) = behind_proxy().await;
            app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
            app.renew_registry().await;
            let kept = app.user.publish(&Gem::banana().build()).await.id();
            leave(
                &app,
                &format!("packages/{ORGANIZATION}/{FILES}/{}", id_of(DAY_AGO)),
            )
            .await;
            proxy.clear();
            proxy.inject(operation, fault.clone(), 1);
            // An error is an error; the next run has no faults and finds the rest.
            let _ = sweep_through(&app, &proxy).run().await;
            assert!(
                app.contents()
                    .await
                    .objects
                    .keys()
                    .any(|key| key.ends_with(&kept))
            );
            let report = sweep_through(&app, &proxy).run().await.expect("a report");
            assert_eq!(
                (report.stopped, report.continues),
                (None, false),
                "{operation} {fault:?}"
            );
            assert_eq!(
                assert_consistent(&app.contents().await),
                [kept],
                "{operation} {fault:?}"
            );
            assert_eq!(app.contents().await.objects.len(), 1);
        }
    }
}

/// A publish and a delete in the middle of a pass are neither orphans nor losses.
#[tokio::test]
async fn concurrent_changes_are_no_losses() {
    let (app, proxy) = behind_proxy().await;
    let gate = crate::support::fault::Gate::new();
    let deleted = app.user.publish(&Gem::banana().build()).await.id();
    app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    proxy.clear();
    // The third listing of objects is that of the registry's files: its folders come first.
    let sweep = sweep_through(&app, &proxy);
    let files = Fault::PauseBefore(gate.clone());
    let running = tokio::spawn(async move { sweep.run().await });
    proxy.inject("ListObjectsV2", files, usize::MAX);
    gate.reached().await;
    app.user.delete(&deleted).await;
    app.user.publish(&Gem::new("cherry", "1.0.0").build()).await.id();
    gate.open();
    let report = running.await.expect("it ends").expect("a report");
    assert_eq!((report.records_without_file, report.removed_objects), (0, 0));
}

/// Of thousands of packages each run reads a page, not each; and emptying is fast.
#[tokio::test]
async fn passes_cost_pages() {
    let (app, proxy) = behind_proxy().await;
    let count = 3000;
    without_files(&app, count).await;
    app.renew_registry().await;
    let kept = app.user.publish(&Gem::banana().build()).await.id();
    leave(
        &app,
        &format!("packages/{ORGANIZATION}/{FILES}/{}", id_of(DAY_AGO)),
    )
    .await;
    proxy.clear();
    let started = Instant::now();
    let report = sweep_through(&app, &proxy).run().await.expect("a report");
    let took = started.elapsed();
    assert_eq!(
        (report.removed_objects, report.orphans, report.continues),
        (count + 2, 1, false)
    );
    // A package and a name each, and the change of the one that was published; its release has been taken over.
    assert_eq!(report.removed_records, 2 * (count + 1) + 1);
    assert_eq!(assert_consistent(&app.contents().await), [kept]);
    let calls = proxy.calls();
    assert!(calls.len() < 130, "{} calls: {calls:?}", calls.len());
    println!("{count} packages emptied in {took:?} with {} calls", calls.len());
}

#[tokio::test]
async fn passes_read_pages_of_both_lists() {
    let (app, proxy) = behind_proxy().await;
    let count = bulk::count(1500);
    let like = without_files(&app, count).await;
    let contents = app.contents().await;
    for (id, _) in contents.of_kind("packages") {
        if id != like {
            leave(&app, &format!("packages/{ORGANIZATION}/{REGISTRY}/{id}")).await;
        }
    }
    proxy.clear();
    let report = sweep_through(&app, &proxy).run().await.expect("a report");
    assert_eq!((report.records, report.objects), (count + 1, count + 1));
    assert_eq!(
        (report.records_without_file, report.orphans, report.continues),
        (0, 0, false)
    );
    let calls = proxy.calls();
    let of = |operation: &str| calls.iter().filter(|call| *call == operation).count();
    println!(
        "{} records and as many objects: {} Query, {} ListObjectsV2, {} calls in all",
        count + 1,
        of("Query"),
        of("ListObjectsV2"),
        calls.len()
    );
    assert!(calls.len() < 40 + 3 * (count / 1000 + 1), "{calls:?}");
}

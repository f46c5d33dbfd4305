//! Halves of transactions, which a restore can leave.

use packages_api::Files;
use packages_api::adoption::{Adoption, AdoptionReport};
use packages_api::records::Records;

use super::table::Table;
use super::{adopt, idle, sweep};
use crate::support::app::{ORGANIZATION, REGISTRY, TestApp, tester};
use crate::support::fault::Fault;
use crate::support::fault_case::FaultCase;
use crate::support::fault_proxy::FaultProxy;
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;
use crate::support::registry_deeds::RegistryDeeds as _;
use crate::support::side_by_side::run_all;

/// Six halves of publishes and deletes, and a package whose release another one has taken.
pub(crate) async fn with_halves() -> (TestApp, Vec<String>) {
    let app = TestApp::start().await;
    let table = Table::of(&app);
    let mut ids = Vec::new();
    for name in ["a", "b", "c", "d", "e", "f", "g"] {
        ids.push(app.user.publish(&Gem::new(name, "1.0.0").build()).await.id());
    }
    let halves: [(usize, &[&str]); 7] = [
        (0, &["names"]),
        (1, &["releases"]),
        (2, &["names", "releases"]),
        (3, &["packages"]),
        (4, &["packages", "names"]),
        (5, &["packages", "releases"]),
        (6, &["releases"]),
    ];
    for (number, kinds) in halves {
        for kind in kinds {
            table.remove(&app, kind, &ids[number]).await;
        }
    }
    let other = Gem::new("g", "1.0.0").summary("Another one").build();
    ids.push(app.user.publish(&other).await.id());
    (app, ids)
}

#[tokio::test]
async fn half_transactions_are_completed_or_removed() {
    let (app, ids) = with_halves().await;
    let objects = app.contents().await.objects;
    let report = adopt(&app).await;
    let expected = AdoptionReport {
        completed_packages: 3,
        removed_packages: 1,
        removed_names: 2,
        removed_releases: 2,
        quarantined_objects: 4,
        ..idle(&app, 5)
    };
    assert_eq!(
        AdoptionReport {
            quarantined_bytes: 0,
            ..report
        },
        expected
    );
    let contents = app.contents().await;
    let mut packages = assert_consistent(&contents);
    packages.sort();
    assert_eq!(packages, [0, 1, 2, 7].map(|number| ids[number].clone()));
    assert_eq!(contents.objects, objects);
    // The versions whose package was lost can be published again.
    app.user.publish(&Gem::new("d", "1.0.0").build()).await.id();
}

const CALLS: [&str; 9] = [
    "Scan",
    "Query",
    "GetItem",
    "TransactWriteItems",
    "ListObjectsV2",
    "ListObjectVersions",
    "HeadObject",
    "CopyObject",
    "PutItem",
];

/// Interrupted wherever it may be, it is run again and comes to the same end.
#[tokio::test]
async fn interrupted_adoptions_go_on() {
    let faults = [Fault::Refuse, Fault::LoseAnswer];
    let cases = CALLS.into_iter().flat_map(|operation| {
        faults.clone().map(|fault| FaultCase {
            operation,
            fault,
            times: 1,
        })
    });
    run_all(cases.map(interrupt)).await;
}

async fn interrupt(case: FaultCase) {
    let (app, ids) = with_halves().await;
    let s3 = aws_sdk_s3::Client::new(&app.stack.sdk_config());
    let key = format!("packages/{ORGANIZATION}/{REGISTRY}/{}", ids[0]);
    let delete = s3.delete_object().bucket(app.stack.bucket()).key(key);
    delete.send().await.expect("a marker");
    let proxy = FaultProxy::start(&app.stack).await;
    let sdk = proxy.sdk_config(&app.stack);
    let records = Records::new(&sdk, app.stack.table());
    let through = Adoption::new(records, Files::new(&sdk, app.stack.bucket()), false);
    case.inject(&proxy);
    // An error is an error; the next run has no faults and does the rest.
    let _ = through.run().await;
    proxy.clear();
    through.run().await.expect("a report");
    let mut packages = assert_consistent(&app.contents().await);
    packages.sort();
    let expected = [0, 1, 2, 7].map(|number| ids[number].clone());
    assert_eq!(packages, expected, "{case:?}");
}

/// Half of a deletion: the registry is there, and remembered as deleted.
#[tokio::test]
async fn existing_registries_are_not_emptied() {
    let app = TestApp::start().await;
    let kept = app.user.publish(&Gem::banana().build()).await.id();
    let before = app.contents().await.records;
    app.records
        .delete_registry(&app.registry, tester())
        .await
        .expect("it was there");
    let table = Table::of(&app);
    let is_registry = |(_, sk): &&(String, String)| sk == &format!("registry/{REGISTRY}");
    let key = before.keys().find(is_registry).expect("the registry");
    table.put(before[key].clone()).await;
    let reason = sweep(&app).await.stopped.expect("a reason");
    assert!(reason.contains("is there and remembered as deleted"), "{reason}");
    assert_eq!(app.user.get(&kept).await.status, 200);
    let report = adopt(&app).await;
    assert_eq!(
        (report.forgotten_deletions, report.corrected_organizations),
        (1, 1)
    );
    assert_eq!(sweep(&app).await.stopped, None);
    assert_eq!(assert_consistent(&app.contents().await), [kept]);
    app.records
        .delete_registry(&app.registry, tester())
        .await
        .expect("it is there");
}

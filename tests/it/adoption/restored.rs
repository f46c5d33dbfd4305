//! Restored tables: the files that they are given back, and those that are kept for an operator.

use std::time::Duration;

use packages_api::adoption::AdoptionReport;

use super::table::Table;
use super::{adopt, adoption, idle, sweep};
use crate::support::app::{ORGANIZATION, REGISTRY, TestApp};
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;
use crate::support::orphan::{id_of, leave};

const DAY_AGO: Duration = Duration::from_hours(25);

#[tokio::test]
async fn restored_tables_get_their_files_back() {
    let app = TestApp::start().await;
    let large = Gem::new("large", "1.0.0").summary(&"x".repeat(20_000)).build();
    let kept = app.user.publish(&Gem::banana().build()).await.id();
    let deleted = app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    let deleted_large = app.user.publish(&large).await.id();
    let before = app.contents().await;
    app.user.delete(&deleted).await;
    app.user.delete(&deleted_large).await;
    let newer = app.user.publish(&Gem::new("cherry", "1.0.0").build()).await.id();
    let orphan = format!("packages/{ORGANIZATION}/{REGISTRY}/{}", id_of(DAY_AGO));
    leave(&app, &orphan).await;
    Table::of(&app).restore(&app, &before.records).await;

    let reason = sweep(&app).await.stopped.expect("a reason");
    assert!(
        reason.starts_with("the table differs: `packages` says that it is the table `before-the-restore`"),
        "{reason}"
    );
    let restored = app.contents().await;
    let dry = adoption(&app, true).run().await.expect("a report");
    assert_eq!(app.contents().await, restored);
    let report = adopt(&app).await;
    assert_eq!(
        AdoptionReport {
            quarantined_bytes: 0,
            ..report.clone()
        },
        AdoptionReport {
            restored_files: 2,
            restored_metadata: 1,
            quarantined_objects: 2,
            ..idle(&app, 3)
        }
    );
    assert_eq!(
        dry,
        AdoptionReport {
            dry_run: true,
            ..report
        }
    );
    let mut packages = assert_consistent(&app.contents().await);
    packages.sort();
    assert_eq!(packages, [kept, deleted, deleted_large.clone()]);
    assert_eq!(app.user.get(&deleted_large).await.status, 200);
    let newer = format!("packages/{ORGANIZATION}/{REGISTRY}/{newer}");
    assert_kept_until_lifted(&app, &orphan, &newer).await;
}

/// Of an orphan and a package that was published since, both are kept until an operator lifts the quarantine.
async fn assert_kept_until_lifted(app: &TestApp, orphan: &str, newer: &str) {
    let swept = sweep(app).await;
    assert_eq!(
        (swept.quarantined, swept.removed_objects, swept.stopped),
        (1, 0, None)
    );
    let quarantine = adoption(app, false).quarantine().await.expect("a list");
    let keys: Vec<_> = quarantine
        .objects
        .iter()
        .map(|object| object.key.as_str())
        .collect();
    assert_eq!((quarantine.total, keys), (2, vec![orphan, newer]));
    adoption(app, false).lift_quarantine().await.expect("lifted");
    assert_eq!(sweep(app).await.removed_objects, 1);
    let objects = app.contents().await.objects;
    assert!(!objects.contains_key(orphan) && objects.contains_key(newer));
}

#[tokio::test]
async fn adoptions_can_be_repeated() {
    let app = TestApp::start().await;
    app.user.publish(&Gem::banana().build()).await.id();
    assert_eq!(adopt(&app).await, idle(&app, 1));
    let adopted = app.contents().await;
    assert_eq!(adopt(&app).await, idle(&app, 1));
    assert_eq!(app.contents().await.objects, adopted.objects);
    assert_eq!(sweep(&app).await.stopped, None);
}

/// A file of which there is no version any more cannot be brought back; other bytes under its key are not it.
#[tokio::test]
async fn only_matching_bytes_are_restored() {
    let app = TestApp::start().await;
    let lost = app.user.publish(&Gem::banana().build()).await.id();
    let key = format!("packages/{ORGANIZATION}/{REGISTRY}/{lost}");
    let s3 = aws_sdk_s3::Client::new(&app.stack.sdk_config());
    let bucket = app.stack.bucket();
    let versions = s3
        .list_object_versions()
        .bucket(bucket)
        .prefix(&key)
        .send()
        .await
        .expect("versions");
    let version = versions.versions()[0].version_id().expect("an id");
    leave(&app, &key).await;
    s3.delete_object()
        .bucket(bucket)
        .key(&key)
        .send()
        .await
        .expect("a marker");
    let report = adopt(&app).await;
    assert_eq!((report.restored_files, report.lost_packages), (1, 0));
    assert_consistent(&app.contents().await);
    for listed in s3
        .list_object_versions()
        .bucket(bucket)
        .prefix(&key)
        .send()
        .await
        .expect("versions")
        .versions()
    {
        let delete = s3.delete_object().bucket(bucket).key(&key);
        let delete = delete.set_version_id(listed.version_id().map(str::to_owned));
        delete.send().await.expect("a writable bucket");
    }
    assert!(!version.is_empty());
    leave(&app, &key).await;
    s3.delete_object()
        .bucket(bucket)
        .key(&key)
        .send()
        .await
        .expect("a marker");
    let report = adopt(&app).await;
    assert_eq!((report.restored_files, report.lost_packages), (0, 1));
    assert_eq!(report.lost, [format!("{ORGANIZATION}/{REGISTRY}/{lost}")]);
    assert_eq!(app.user.get(&lost).await.status, 200);
}

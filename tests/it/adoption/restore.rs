//! A table that was restored to an earlier moment, and its bucket.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use packages_api::Files;
use packages_api::adoption::{Adoption, AdoptionReport};
use packages_api::records::Records;
use packages_api::sweep::{Report, Sweep};

use crate::support::app::{ORGANIZATION, REGISTRY, TestApp};
use crate::support::command;
use crate::support::contents::{Item, text};
use crate::support::fault::Fault;
use crate::support::gem::Gem;
use crate::support::orphan::{id_of, leave};
use crate::support::whole::assert_whole;

const DAY_AGO: Duration = Duration::from_hours(25);

type Snapshot = BTreeMap<(String, String), Item>;

/// The table's items, behind the API's back.
struct Table {
    client: aws_sdk_dynamodb::Client,
    name: &'static str,
}

impl Table {
    fn of(app: &TestApp) -> Self {
        let client = aws_sdk_dynamodb::Client::new(&app.stack.sdk_config());
        Self {
            client,
            name: app.stack.table(),
        }
    }

    async fn put(&self, item: Item) {
        let put = self.client.put_item().table_name(self.name).set_item(Some(item));
        put.send().await.expect("a writable table");
    }

    async fn delete(&self, (pk, sk): &(String, String)) {
        let key = [("pk", pk), ("sk", sk)];
        let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.clone())));
        let delete = self.client.delete_item().table_name(self.name);
        delete
            .set_key(Some(key.into()))
            .send()
            .await
            .expect("a writable table");
    }

    /// Makes the table what it was, under another name by its own word.
    async fn restore(&self, app: &TestApp, snapshot: &Snapshot) {
        for key in app.contents().await.records.keys() {
            self.delete(key).await;
        }
        for item in snapshot.values() {
            let mut item = item.clone();
            if text(&item, "pk") == "marker" {
                item.insert(
                    "table".to_owned(),
                    AttributeValue::S("before-the-restore".to_owned()),
                );
            }
            self.put(item).await;
        }
    }

    /// Removes a package's item of this kind (`packages`, `names`, `releases`).
    async fn remove(&self, app: &TestApp, kind: &str, id: &str) {
        let contents = app.contents().await;
        let found = contents.records.iter().find(|((pk, _), item)| {
            let attribute = if kind == "releases" { "package_id" } else { "id" };
            pk.starts_with(kind) && item.get(attribute) == Some(&AttributeValue::S(id.to_owned()))
        });
        self.delete(found.expect("the item").0).await;
    }
}

fn adoption(app: &TestApp, dry_run: bool) -> Adoption {
    let files = Files::new(&app.stack.sdk_config(), app.stack.bucket());
    Adoption::new(app.records.clone(), files, dry_run)
}

async fn adopt(app: &TestApp) -> AdoptionReport {
    adoption(app, false).run().await.expect("a report")
}

async fn sweep(app: &TestApp) -> Report {
    let files = Files::new(&app.stack.sdk_config(), app.stack.bucket());
    Sweep::new(app.records.clone(), files, false)
        .run()
        .await
        .expect("a report")
}

/// Nothing but what was looked at.
fn idle(app: &TestApp, packages: usize) -> AdoptionReport {
    AdoptionReport {
        table: app.stack.table().to_owned(),
        bucket: app.stack.bucket().to_owned(),
        registries: 2,
        packages,
        ..AdoptionReport::default()
    }
}

#[tokio::test]
async fn a_restored_table_gets_its_files_back_and_keeps_the_others() {
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
    let expected = AdoptionReport {
        restored_files: 2,
        restored_metadata: 1,
        quarantined_objects: 2,
        ..idle(&app, 3)
    };
    assert_eq!(
        AdoptionReport {
            quarantined_bytes: 0,
            ..report.clone()
        },
        expected
    );
    assert_eq!(
        dry,
        AdoptionReport {
            dry_run: true,
            ..report.clone()
        }
    );
    let mut whole = assert_whole(&app.contents().await);
    whole.sort();
    assert_eq!(whole, [kept, deleted.clone(), deleted_large.clone()]);
    assert_eq!(app.user.get(&deleted_large).await.status, 200);

    // What was published since is kept until an operator says otherwise.
    let swept = sweep(&app).await;
    assert_eq!(
        (swept.quarantined, swept.removed_objects, swept.stopped),
        (1, 0, None)
    );
    let quarantine = adoption(&app, false).quarantine().await.expect("a list");
    let keys: Vec<_> = quarantine
        .objects
        .iter()
        .map(|object| object.key.as_str())
        .collect();
    let newer = format!("packages/{ORGANIZATION}/{REGISTRY}/{newer}");
    assert_eq!(
        (quarantine.total, keys),
        (2, vec![orphan.as_str(), newer.as_str()])
    );
    adoption(&app, false).lift_quarantine().await.expect("lifted");
    assert_eq!(sweep(&app).await.removed_objects, 1);
    let objects = app.contents().await.objects;
    assert!(!objects.contains_key(&orphan) && objects.contains_key(&newer));
}

#[tokio::test]
async fn an_adoption_can_be_repeated() {
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
async fn only_the_very_bytes_are_brought_back() {
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
    assert_whole(&app.contents().await);
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
    let mut whole = assert_whole(&contents);
    whole.sort();
    assert_eq!(whole, [0, 1, 2, 7].map(|number| ids[number].clone()));
    assert_eq!(contents.objects, objects);
    // The versions whose package was lost can be published again.
    app.user.publish(&Gem::new("d", "1.0.0").build()).await.id();
}

/// Interrupted wherever it may be, it is run again and comes to the same end.
#[tokio::test]
async fn an_interrupted_adoption_goes_on() {
    for operation in [
        "Scan",
        "Query",
        "GetItem",
        "TransactWriteItems",
        "ListObjectsV2",
        "ListObjectVersions",
        "HeadObject",
        "CopyObject",
        "PutItem",
    ] {
        for fault in [Fault::Refuse, Fault::LoseAnswer] {
            let (app, ids) = with_halves().await;
            let s3 = aws_sdk_s3::Client::new(&app.stack.sdk_config());
            let key = format!("packages/{ORGANIZATION}/{REGISTRY}/{}", ids[0]);
            s3.delete_object()
                .bucket(app.stack.bucket())
                .key(key)
                .send()
                .await
                .expect("a marker");
            let proxy = crate::support::fault_proxy::FaultProxy::start(&app.stack).await;
            let sdk = proxy.sdk_config(&app.stack);
            let records = Records::new(&sdk, app.stack.table());
            let through = Adoption::new(records, Files::new(&sdk, app.stack.bucket()), false);
            proxy.inject(operation, fault.clone(), 1);
            // An error is an error; the next run has no faults and does the rest.
            let _ = through.run().await;
            proxy.clear();
            through.run().await.expect("a report");
            let mut whole = assert_whole(&app.contents().await);
            whole.sort();
            assert_eq!(
                whole,
                [0, 1, 2, 7].map(|number| ids[number].clone()),
                "{operation} {fault:?}"
            );
        }
    }
}

/// Half of a deletion: the registry is there, and remembered as deleted.
#[tokio::test]
async fn a_registry_that_is_there_is_not_emptied() {
    let app = TestApp::start().await;
    let kept = app.user.publish(&Gem::banana().build()).await.id();
    let before = app.contents().await.records;
    app.records
        .delete_registry(&app.registry)
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
    assert_eq!(assert_whole(&app.contents().await), [kept]);
    app.records
        .delete_registry(&app.registry)
        .await
        .expect("it is there");
}

#[tokio::test]
async fn the_command_wants_a_registry_that_nobody_writes_to() {
    let app = TestApp::start().await;
    app.user.publish(&Gem::banana().build()).await.id();
    let mut told = String::new();
    for line in [
        "admin adopt",
        "admin adopt --dry-run",
        "READ_ONLY=1 admin adopt",
        "READ_ONLY=1 admin adopt --json",
        "admin quarantine list",
        "admin quarantine lift",
    ] {
        told.push_str(&command::told(&app.stack, line).await);
    }
    insta::assert_snapshot!(told);
}

//! Removals of the sweep, and above all what it leaves.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use insta::{assert_json_snapshot, assert_snapshot};
use packages_api::Files;
use packages_api::formats::Ecosystem;
use packages_api::records::Records;
use packages_api::sweep::{MAX_ORPHANS, Report, Sweep};
use packages_api_local::{Stack, StackOptions};
use tokio::time::Instant;
use uuid::Uuid;

use crate::support::app::{ORGANIZATION, REGISTRY, TestApp, tester};
use crate::support::command;
use crate::support::gem::Gem;
use crate::support::invariants::assert_consistent;
use crate::support::lines::no_renderers as renderers;
use crate::support::orphan::{id_of, leave};
use crate::support::registry_deeds::RegistryDeeds as _;

const HOUR: Duration = Duration::from_hours(1);

fn sweep_of(app: &TestApp, dry_run: bool) -> Sweep {
    let files = Files::new(&app.stack.sdk_config(), app.stack.bucket());
    Sweep::new(app.records.clone(), files, renderers).dry_run(dry_run)
}

async fn sweep(app: &TestApp) -> Report {
    sweep_of(app, false).run().await.expect("a report")
}

/// The key of an object of this kind, `packages` or `metadata`.
fn key(kind: &str, id: Uuid) -> String {
    format!("{kind}/{ORGANIZATION}/{REGISTRY}/{id}")
}

/// As if the registries that are gone had been deleted so long ago.
pub(super) async fn backdate_deletions(app: &TestApp, age: Duration) {
    let dynamodb = aws_sdk_dynamodb::Client::new(&app.stack.sdk_config());
    for (_, item) in app.contents().await.of_kind("gone") {
        let mut item = item.clone();
        item.insert("deletion".to_owned(), AttributeValue::S(id_of(age).to_string()));
        let put = dynamodb
            .put_item()
            .table_name(app.stack.table())
            .set_item(Some(item));
        put.send().await.expect("a writable table");
    }
}

/// As if the table had never said which bucket it belongs to.
async fn remove_marker(app: &TestApp) {
    let dynamodb = aws_sdk_dynamodb::Client::new(&app.stack.sdk_config());
    let marker = [("pk", "marker"), ("sk", "marker")];
    let marker = marker.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())));
    let delete = dynamodb
        .delete_item()
        .table_name(app.stack.table())
        .set_key(Some(marker.into()));
    delete.send().await.expect("a writable table");
}

#[tokio::test]
async fn orphans_older_than_a_day_are_removed() {
    let app = TestApp::start().await;
    app.user.publish(&Gem::banana().build()).await.id();
    // The first sweep makes the list of organizations.
    sweep(&app).await;
    let published = app.contents().await;
    let young = [
        key("packages", id_of(23 * HOUR)),
        key("metadata", id_of(Duration::ZERO)),
    ];
    let old = [
        key("packages", id_of(25 * HOUR)),
        key("metadata", id_of(1000 * HOUR)),
    ];
    for key in young.iter().chain(&old) {
        leave(&app, key).await;
    }
    assert_json_snapshot!(sweep(&app).await);
    let mut expected = published;
    for key in young {
        expected.objects.insert(key, b"left behind".to_vec());
    }
    assert_eq!(app.contents().await, expected);
    assert_eq!(sweep(&app).await.removed_objects, 0);
}

#[tokio::test]
async fn foreign_keys_are_left_alone() {
    let app = TestApp::start().await;
    let id = id_of(1000 * HOUR);
    for key in [
        "backup.tar".to_owned(),
        "packages/readme.txt".to_owned(),
        format!("packages/{ORGANIZATION}/{id}"),
        format!("packages/{ORGANIZATION}/{REGISTRY}/{id}/more"),
        format!("packages/{ORGANIZATION}/{REGISTRY}/{}", Uuid::nil()),
        format!("uploads/{ORGANIZATION}/{REGISTRY}/{id}/x.gem"),
    ] {
        leave(&app, &key).await;
    }
    let before = app.contents().await.objects;
    let report = sweep(&app).await;
    assert_eq!((report.removed_objects, report.foreign_objects), (0, 4));
    assert_eq!(app.contents().await.objects, before);
}

#[tokio::test]
async fn dry_runs_report_and_remove_nothing() {
    let app = TestApp::start().await;
    app.user.publish(&Gem::banana().build()).await.id();
    app.records
        .delete_registry(&app.registry, tester())
        .await
        .expect("it was there");
    backdate_deletions(&app, 25 * HOUR).await;
    leave(&app, &key("packages", id_of(25 * HOUR))).await;
    let before = app.contents().await;
    let dry = sweep_of(&app, true).run().await.expect("a report");
    assert_json_snapshot!(dry);
    assert_eq!(app.contents().await, before);
    let wet = sweep(&app).await;
    // The registry's packages are gone by the time that everything is looked at.
    let expected = Report {
        dry_run: false,
        objects: dry.objects - 1,
        records: dry.records - 1,
        ..dry
    };
    assert_eq!(wet, expected);
}

#[tokio::test]
async fn unmarked_tables_stop_the_sweep() {
    let app = TestApp::start().await;
    leave(&app, &key("packages", id_of(25 * HOUR))).await;
    remove_marker(&app).await;
    let mut reasons = vec![sweep(&app).await];
    for bucket in ["another-bucket", "packages"] {
        app.records.mark(bucket).await.expect("a writable table");
        reasons.push(sweep(&app).await);
    }
    assert_json_snapshot!(reasons);
    assert_eq!(app.contents().await.objects.len(), 0);
}

/// As an operator meets it: what stopped has failed, for people and for programs.
#[tokio::test]
async fn stopped_commands_report_and_exit_with_1() {
    let app = TestApp::start().await;
    app.user.publish(&Gem::banana().build()).await.id();
    leave(&app, &key("packages", id_of(25 * HOUR))).await;
    leave(&app, "packages/readme.txt").await;
    remove_marker(&app).await;
    let mut transcript = String::new();
    for line in [
        "sweep",
        "sweep --json",
        "READ_ONLY=1 admin adopt",
        "sweep --dry-run",
        "admin quarantine list",
        "admin quarantine lift",
        "sweep --dry-run",
        "sweep",
        "sweep",
    ] {
        transcript.push_str(&command::transcript(&app.stack, line).await);
    }
    assert_snapshot!(transcript);
}

#[tokio::test]
async fn suspiciously_many_orphans_stop_the_sweep() {
    let app = TestApp::start().await;
    for _ in 0..=MAX_ORPHANS {
        leave(&app, &key("packages", id_of(25 * HOUR))).await;
    }
    let before = app.contents().await.objects;
    assert_json_snapshot!(sweep(&app).await);
    assert_eq!(app.contents().await.objects, before);
    // Whoever has looked at them may say that the table is right.
    let allowed = sweep_of(&app, false).allowing(MAX_ORPHANS + 1).run().await;
    let report = allowed.expect("a report");
    assert_eq!((report.removed_objects, report.stopped), (MAX_ORPHANS + 1, None));
}

/// As a stack is between its deployment and its first organization.
#[tokio::test]
async fn unused_stacks_have_nothing_to_sweep() {
    let stack = Stack::start(StackOptions::default()).await.expect("a stack");
    let sdk = stack.sdk_config();
    let records = Records::new(&sdk, stack.table());
    let files = Files::new(&sdk, stack.bucket());
    let report = Sweep::new(records, files, renderers)
        .run()
        .await
        .expect("a report");
    assert_eq!(report, Report::default());
}

#[tokio::test]
async fn running_out_of_time_is_no_failure() {
    let app = TestApp::start().await;
    leave(&app, &key("packages", id_of(25 * HOUR))).await;
    let report = sweep_of(&app, false)
        .until(Instant::now())
        .run()
        .await
        .expect("a report");
    assert_eq!((report.removed_objects, report.continues), (0, true));
    assert_eq!(report.stopped, None);
}

/// By identity: what came after under the same address is not what was deleted.
#[tokio::test]
async fn deleted_registries_are_emptied_not_their_successors() {
    let app = TestApp::start().await;
    let large = Gem::banana().summary(&"x".repeat(20_000)).build();
    app.user.publish(&large).await.id();
    app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    app.renew_registry().await;
    let kept = app.user.publish(&Gem::banana().build()).await.id();

    let report = sweep(&app).await;
    assert_json_snapshot!(report);
    let contents = app.contents().await;
    assert_eq!(assert_consistent(&contents), [kept.as_str()]);
    assert_eq!(contents.objects.len(), 1);
    assert_eq!(app.user.get(&kept).await.status, 200);
    // For publishes that were under way, the deletion is remembered for a day.
    assert_eq!(contents.of_kind("gone").len(), 1);
    backdate_deletions(&app, 25 * HOUR).await;
    sweep(&app).await;
    assert_eq!(app.contents().await.of_kind("gone"), []);
    assert_eq!(app.user.get(&kept).await.status, 200);
}

#[tokio::test]
async fn tokens_of_deleted_registries_are_removed() {
    let app = TestApp::start().await;
    let before = app.contents().await.without_events().keys();
    let other = app.create_registry("other", Ecosystem::Ruby).await;
    let bound = packages_api::records::NewToken {
        registry: Some((other.id, other.slug().clone())),
        ..Default::default()
    };
    app.user_of(bound).await;
    app.records
        .delete_registry(&other, tester())
        .await
        .expect("it was there");
    backdate_deletions(&app, 25 * HOUR).await;
    sweep(&app).await;
    assert_eq!(app.contents().await.without_events().keys(), before);
}

#[tokio::test]
async fn tables_of_other_names_are_not_swept() {
    let app = TestApp::start().await;
    let sdk = app.stack.sdk_config();
    let records = Records::new(&sdk, app.stack.table());
    let files = Files::new(&sdk, "another-bucket");
    let report = Sweep::new(records, files, renderers)
        .run()
        .await
        .expect("a report");
    assert!(report.stopped.is_some_and(
        |reason| reason.starts_with("the bucket differs") && reason.contains("`another-bucket`")
    ));
}

//! Upkeep of indexes by the sweep.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use packages_api::Files;
use packages_api::sweep::{Report, Sweep};

use crate::support::app::{ORGANIZATION, REGISTRY, TestApp, tester};
use crate::support::contents::put_item;
use crate::support::gem::Gem;
use crate::support::lines::{Reader, renderers};
use crate::support::orphan::{id_of, leave};
use crate::support::registry_deeds::RegistryDeeds as _;

const HOUR: Duration = Duration::from_hours(1);

async fn sweep(app: &TestApp) -> Report {
    let files = Files::new(&app.stack.sdk_config(), app.stack.bucket());
    let sweep = Sweep::new(app.records.clone(), files, renderers);
    sweep.run().await.expect("a report")
}

#[tokio::test]
async fn unread_changes_are_folded_by_the_sweep() {
    let app = TestApp::start().await;
    app.user.publish(&Gem::banana().build()).await.id();
    let report = sweep(&app).await;
    assert_eq!((report.folded_changes, report.unfolded_indexes), (1, 0));
    assert_eq!(app.contents().await.of_kind("changes"), []);
    let before = app.contents().await;
    let reader = Reader::of(&app, &app.stack.sdk_config());
    assert_eq!(reader.packages().await, ["banana 1.0.0"]);
    assert_eq!(app.contents().await, before);
    assert_eq!(sweep(&app).await.folded_changes, 0);
}

#[tokio::test]
async fn due_scans_are_made_by_the_sweep() {
    let app = TestApp::start().await;
    app.user.publish(&Gem::banana().build()).await.id();
    sweep(&app).await;
    let head = async || app.contents().await.of_kind("indexes")[0].1.clone();
    let mut due = head().await;
    due.insert("scan_due".to_owned(), AttributeValue::N("1".to_owned()));
    // Also where a reader has claimed it, and ran out of time.
    let number = AttributeValue::N(u32::MAX.to_string());
    let build = [
        ("id".to_owned(), AttributeValue::S(id_of(HOUR).to_string())),
        ("claimed_until".to_owned(), number),
    ];
    let claimed = AttributeValue::M(build.into());
    for build in [None, Some(claimed)] {
        let mut due = due.clone();
        due.extend(build.map(|build| ("build".to_owned(), build)));
        put_item(&app.stack, due).await;
        assert_eq!(sweep(&app).await.unfolded_indexes, 0);
        let head = head().await;
        assert!(!head.contains_key("scan_due") && !head.contains_key("build"));
    }
}

#[tokio::test]
async fn unnamed_objects_are_removed_after_a_day() {
    let app = TestApp::start().await;
    app.user.publish(&Gem::banana().build()).await.id();
    sweep(&app).await;
    let before = app.contents().await;
    let key = |age| format!("indexes/{ORGANIZATION}/{REGISTRY}/{}", id_of(age));
    let (young, old) = (key(HOUR), key(25 * HOUR));
    for key in [&young, &old] {
        leave(&app, key).await;
    }
    assert_eq!(sweep(&app).await.removed_objects, 1);
    let mut expected = before;
    expected.objects.insert(young, b"left behind".to_vec());
    assert_eq!(app.contents().await, expected);
}

#[tokio::test]
async fn deleted_registries_leave_no_changes_or_heads() {
    let app = TestApp::start().await;
    let reader = Reader::of(&app, &app.stack.sdk_config());
    app.user.publish(&Gem::banana().build()).await.id();
    reader.packages().await;
    app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    let registry = app.records.registry(&app.registry.address).await;
    let registry = registry.expect("a registry");
    let deleted = app.records.delete_registry(&registry, tester()).await;
    deleted.expect("it was there");
    sweep(&app).await;
    let contents = app.contents().await;
    assert_eq!(contents.of_kind("changes"), []);
    assert_eq!(contents.of_kind("indexes"), []);
}

#[tokio::test]
async fn old_changes_without_a_package_are_removed() {
    let app = TestApp::start().await;
    app.user.publish(&Gem::banana().build()).await.id();
    let contents = app.contents().await;
    let change = contents.of_kind("changes")[0].1.clone();
    for age in [Duration::ZERO, 2 * HOUR] {
        let id = AttributeValue::S(id_of(age).to_string());
        let mut change = change.clone();
        for attribute in ["sk", "change_id", "package_id"] {
            change.insert(attribute.to_owned(), id.clone());
        }
        put_item(&app.stack, change).await;
    }
    sweep(&app).await;
    assert_eq!(app.contents().await.of_kind("changes").len(), 1);
}

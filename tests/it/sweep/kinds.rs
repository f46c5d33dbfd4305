//! Every kind of record and of object, and what a deleted registry and the sweep leave of them.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use http::Method;
use packages_api::Files;
use packages_api::sweep::{Report, Sweep};
use uuid::Uuid;

use super::removals::backdate_deletions;
use crate::api::attestations::bundle_of;
use crate::support::app::{ORGANIZATION, REGISTRY, TestApp, tester};
use crate::support::contents::{Contents, Item, put_item};
use crate::support::gem::Gem;
use crate::support::npm::npm_requests;
use crate::support::orphan::backdate;
use crate::support::registry_deeds::RegistryDeeds as _;

/// The table of kinds.
const KEYS: &str = include_str!("../../../src/records/keys.rs");
/// Prefixes of the kinds of objects.
const OBJECTS: [&str; 6] = [
    "attestations",
    "entries",
    "indexes",
    "metadata",
    "packages",
    "uploads",
];
/// Kinds that are no registry's.
const OTHERS: [&str; 3] = [
    "fence: of an operator's transaction",
    "keys of an issuer of OIDC tokens",
    "pass of the sweep that is not finished",
];

/// A kind of record, as a row of the table in `keys.rs` has it.
struct Kind {
    name: &'static str,
    /// First segment of the partition.
    partition: &'static str,
    /// Fixed parts of the sort key.
    sort_key: Vec<&'static str>,
}

fn kinds() -> Vec<Kind> {
    let rows = KEYS.lines().filter_map(|line| line.strip_prefix("//! | "));
    let rows = rows.filter(|row| row.contains('`') && !row.starts_with("Record"));
    let kinds = rows.map(|row| {
        let cells: Vec<_> = row.trim_end_matches(" |").split(" | ").collect();
        let &[name, pk, sk] = &cells[..] else {
            panic!("three cells: {row}")
        };
        let partition = pk.trim_matches('`').split('/').next().expect("a segment");
        // Between the variables in braces; a sort key in words has none.
        let fixed = sk.split(['`', '{', '}']).enumerate();
        let fixed = fixed.filter(|(place, text)| place % 2 == 1 && !text.is_empty() && sk.starts_with('`'));
        Kind {
            name,
            partition,
            sort_key: fixed.map(|(_, text)| text).collect(),
        }
    });
    kinds.collect()
}

impl Kind {
    fn is_of(&self, (pk, sk): &(String, String), item: &Item) -> bool {
        let is_fence = item.contains_key("fence");
        pk.split('/').next() == Some(self.partition)
            && self.sort_key.iter().all(|part| sk.contains(part))
            && is_fence == self.name.starts_with("fence")
    }
}

/// Puts an item among the content of the registry, as an interrupted publish leaves it.
async fn leave_item(app: &TestApp, partition: &str, sort_key: String, attributes: &[(&str, AttributeValue)]) {
    let text = |text: String| AttributeValue::S(text);
    let mut item = Item::from([
        (
            "pk".to_owned(),
            text(format!("{partition}/{ORGANIZATION}/{REGISTRY}")),
        ),
        ("sk".to_owned(), text(sort_key)),
        ("registry_id".to_owned(), text(app.registry.id.to_string())),
        (
            "expires_at".to_owned(),
            AttributeValue::N("4000000000".to_owned()),
        ),
    ]);
    let attributes = attributes.iter();
    item.extend(attributes.map(|(name, value)| ((*name).to_owned(), value.clone())));
    put_item(&app.stack, item).await;
}

/// One of every kind that a registry can have.
async fn make_all(app: &TestApp) {
    let large = Gem::banana().summary(&"x".repeat(20_000)).build();
    let bundle = bundle_of(&large.bytes);
    app.user.publish_attested(&large, &bundle).await.id();
    let (_, url) = app.user.upload(&Gem::new("cherry", "1.0.0").build()).await;
    app.user.publish_url(&url).await.id();
    let versions = app.user.native("/versions");
    assert_eq!(app.user.call(Method::GET, &versions).await.status, 200);
    app.user.publish(&Gem::new("apple", "1.0.0").build()).await.id();
    app.user.create_token("Jenkins").await.id();
    npm_requests(app).await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let worker = [
        ("worker", text(&Uuid::now_v7().to_string())),
        ("filename", text("a.gem")),
    ];
    leave_item(app, "uploads", format!("{}/work", Uuid::now_v7()), &worker).await;
    let fence = [("fence", AttributeValue::Bool(true))];
    leave_item(app, "packages", Uuid::now_v7().to_string(), &fence).await;
}

async fn sweep(app: &TestApp) -> Report {
    let files = Files::new(&app.stack.sdk_config(), app.stack.bucket());
    let sweep = Sweep::new(app.records.clone(), files, packages_api::renderers);
    sweep.run().await.expect("a report")
}

/// Names of the kinds of which there is nothing.
fn missing(contents: &Contents) -> Vec<&'static str> {
    let kinds = kinds().into_iter();
    let missing = kinds.filter(|kind| !contents.records.iter().any(|(key, item)| kind.is_of(key, item)));
    let objects = OBJECTS.into_iter();
    let objects = objects.filter(|prefix| !contents.objects.keys().any(|key| key.starts_with(prefix)));
    missing.map(|kind| kind.name).chain(objects).collect()
}

async fn delete_everything(app: &TestApp) {
    for registry in ["my-registry", "my-files", "my-npm"] {
        let address = format!("{ORGANIZATION}/{registry}").parse().expect("an address");
        let registry = app.records.registry(&address).await.expect("a registry");
        let deleted = app.records.delete_registry(&registry, tester()).await;
        deleted.expect("it was there");
    }
    let tokens = app.records.tokens(&app.organization).await.expect("tokens");
    for token in tokens.iter().filter(|token| token.registry.is_none()) {
        let deleted = app
            .records
            .delete_token(&app.organization, token.id, tester())
            .await;
        deleted.expect("it was there");
    }
    let slug = ORGANIZATION.parse().expect("a slug");
    let deleted = app.records.delete_organization(&slug, tester()).await;
    deleted.expect("it was empty");
}

#[tokio::test]
async fn deleted_registries_leave_audit_and_marker_alone() {
    let app = TestApp::start().await;
    make_all(&app).await;
    let gone = "registry that was deleted";
    let unmade = missing(&app.contents().await);
    let is_expected = |name: &&str| OTHERS.contains(name) || *name == gone;
    assert!(unmade.iter().all(is_expected), "{unmade:?} are not made");
    delete_everything(&app).await;
    assert!(!missing(&app.contents().await).contains(&gone));
    sweep(&app).await;
    backdate_deletions(&app, Duration::from_hours(25)).await;
    // Objects of an index are removed when they are a day old.
    for key in app
        .contents()
        .await
        .objects
        .keys()
        .filter(|key| key.starts_with("indexes/"))
    {
        backdate(&app, key).await;
    }
    sweep(&app).await;
    let contents = app.contents().await;
    // Fences end by themselves, a day after they were put.
    let kept = contents.readable().into_iter();
    let kept = kept.map(|((pk, _), _)| pk.split('/').next().expect("a segment"));
    let kept: std::collections::BTreeSet<_> = kept.collect();
    assert_eq!(kept, ["audit", "marker"].into());
    // The bucket itself removes these after some days.
    let expiring = ["entries", "uploads"];
    let objects = contents
        .objects
        .keys()
        .filter(|key| !expiring.iter().any(|prefix| key.starts_with(prefix)));
    assert_eq!(objects.collect::<Vec<_>>(), [""; 0]);
}

use aws_sdk_dynamodb::types::AttributeValue;

use super::*;
use crate::digest::{Digest, Digests};
use crate::ecosystem::Ecosystem;
use crate::id::PackageId;
use crate::records::Item;

/// Bytes of an item, as DynamoDB counts them: names, texts, digits in pairs, and a frame around each map.
fn size(item: &Item) -> usize {
    item.iter()
        .map(|(name, value)| name.len() + size_of_value(value))
        .sum()
}

fn size_of_value(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => number.len().div_ceil(2) + 2,
        AttributeValue::M(members) => 3 + members.len() + size(members),
        AttributeValue::Null(_) => 1,
        other => panic!("{other:?} is not used in events"),
    }
}

/// A slug of the longest kind.
fn slug() -> Slug {
    "s".repeat(100).parse().expect("a slug")
}

/// Actors with these texts.
fn actors(text: &str) -> [Actor; 4] {
    let text = text.to_owned();
    [
        Actor::Token {
            id: Uuid::now_v7(),
            name: Some(text.clone()),
            email: Some(text.clone()),
        },
        Actor::Oidc {
            id: Uuid::now_v7(),
            issuer: text.clone(),
            subject: text.clone(),
            statement: usize::MAX,
        },
        Actor::Operator {
            name: text.clone(),
            access_key_id: Some(text),
        },
        Actor::Sweep,
    ]
}

/// The longest of everything: texts of four bytes a character, slugs of 100.
fn longest() -> Vec<AuditEvent> {
    let text = "𝄞".repeat(1000);
    let actors = actors(&text);
    let organization = Organization {
        id: Uuid::now_v7(),
        slug: slug(),
        registries: u32::MAX,
    };
    let address = format!("{}/{}", slug(), slug()).parse().expect("an address");
    let registry = Registry::plain(Uuid::now_v7(), organization.id, address, Ecosystem::Ruby);
    let package = Package {
        id: PackageId::mint(),
        registry_id: registry.id,
        name: text.clone(),
        normalized_name: text.clone(),
        version: text.clone(),
        normalized_version: text.clone(),
        variant: Some(text.clone()),
        filename: text.clone(),
        size: u64::MAX,
        digests: Digests {
            sha256: Digest::sha256(b""),
            sha512: None,
        },
        metadata: None,
        has_attestations: true,
        published_by: Uuid::now_v7(),
        publisher: None,
    };
    let token = Token {
        id: Uuid::now_v7(),
        organization_id: organization.id,
        organization: slug(),
        scopes: Vec::new(),
        registry_id: Some(registry.id),
        registry: Some(slug()),
        expires_at: None,
        description: Some(text),
        hash: Digest::sha256(b""),
        name: None,
        email: None,
        created_by: None,
    };
    let events = actors.iter().flat_map(|by| {
        [
            AuditEvent::of_package(Action::PackageCreated, by, &registry, &package),
            AuditEvent::of_registry(Action::RegistryUpdated, by, &registry),
            AuditEvent::of_token(Action::TokenCreated, by, &token),
            AuditEvent::of_organization(Action::OrganizationCreated, by, &organization),
        ]
    });
    events.collect()
}

#[test]
fn events_take_one_kilobyte_at_most() {
    let sizes = longest().into_iter().map(|event| {
        let key = keys::audit_event(Uuid::now_v7(), event.id);
        size(&to_item(&key, &event).expect("an item"))
    });
    let largest = sizes.max().expect("events");
    assert!((900..=1024).contains(&largest), "{largest}");
}

#[test]
fn events_are_read_as_they_were_written() {
    for event in longest() {
        let key = keys::audit_event(Uuid::now_v7(), event.id);
        let item = to_item(&key, &event).expect("an item");
        assert_eq!(
            super::super::from_item::<AuditEvent>(item).expect("an event"),
            event
        );
    }
}

#[test]
fn events_are_kept_for_a_year() {
    let event = longest().remove(0);
    let days = (event.expires_at - epoch_seconds(minted_at(event.id))) / (24 * 60 * 60);
    assert_eq!(days, 365);
}

#[test]
fn long_texts_end_in_an_ellipsis() {
    assert_eq!(cut("banana", 6), "banana");
    assert_eq!(cut("bananas", 6), "ban…");
    // An accent of two bytes is left whole or left out.
    assert_eq!(cut("bañanas", 6), "ba…");
}

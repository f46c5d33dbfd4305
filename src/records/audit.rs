//! Audit events: who changed what, and when.
//!
//! An event is written in the transaction of its change, as its last record: there is no change without its
//! event and no event without its change, and it costs no round trip. It has no condition, for its key is its own id,
//! which is minted once a deed: every attempt of a transaction writes the same. The table removes it after a year.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Direction, Organization, Package, Records, Registry, Token, from_item, keys, to_item};
use crate::actor::Actor;
use crate::aws;
use crate::error::Result;
use crate::id::{PackageId, minted_at};
use crate::slug::Slug;
use crate::time::epoch_seconds;

mod action;

pub use action::Action;

/// Time for which an event is kept.
const KEPT: Duration = Duration::from_hours(365 * 24);

/// Bounds of texts in an event, in bytes: together with the names of the attributes, 1 kB at most, which is what one
/// write unit takes. A longer text is cut, and whatever it belongs to is named by its id.
const MAX_NAME_BYTES: usize = 100;
const MAX_VERSION_BYTES: usize = 60;
const MAX_TAG_BYTES: usize = 40;
const MAX_SUBJECT_BYTES: usize = 180;
const MAX_KEY_ID_BYTES: usize = 40;

/// One change: what was done to what, and by whom. Its kinds are texts, so that a version reads what a later one wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuditEvent {
    /// Its identity; it carries the time of the change.
    #[serde(rename = "sk")]
    pub(crate) id: Uuid,
    /// The organization's slug.
    pub(crate) organization: Slug,
    /// The change, such as `package.created`.
    pub(crate) action: String,
    pub(crate) actor: ActorRecord,
    pub(crate) subject: AuditSubject,
    /// End of the record, in seconds since 1970; the table removes it some time later.
    expires_at: u64,
}

/// An actor, as records hold it: of each kind the attributes that it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ActorRecord {
    /// `token`, `oidc`, `operator` or `sweep`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) issuer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) statement: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) access_key_id: Option<String>,
}

/// Subject of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AuditSubject {
    /// `package`, `registry`, `token` or `organization`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) id: Uuid,
    /// A package's name, a slug, or a token's description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// A package's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// The tag that stands for a package now, or did so before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tag: Option<String>,
    /// The registry of a package, or the only one that a token opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) registry_id: Option<Uuid>,
    /// That registry's slug.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) registry: Option<Slug>,
}

impl AuditEvent {
    /// The event of a change to a package.
    pub(crate) fn of_package(action: Action, by: &Actor, registry: &Registry, package: &Package) -> Self {
        Self::of_version(
            action,
            by,
            registry,
            (package.id, &package.name, &package.version),
            None,
        )
    }

    /// The event of a change to a package that is known by its name and version, or to a tag of it.
    pub(crate) fn of_version(
        action: Action,
        by: &Actor,
        registry: &Registry,
        (id, name, version): (PackageId, &str, &str),
        tag: Option<&str>,
    ) -> Self {
        let mut subject = AuditSubject::of_version(registry, (id, name, version));
        subject.tag = tag.map(|tag| cut(tag, MAX_TAG_BYTES));
        Self::new(action, by, &registry.address.organization, subject)
    }

    /// The event of a tag that this event's actor set in the same deed.
    pub(crate) fn of_tag(
        &self,
        registry: &Registry,
        (id, name, version): (PackageId, &str, &str),
        tag: &str,
    ) -> Self {
        let mut subject = AuditSubject::of_version(registry, (id, name, version));
        subject.tag = Some(cut(tag, MAX_TAG_BYTES));
        let id = Uuid::now_v7();
        Self {
            id,
            action: Action::PackageTagged.as_str().to_owned(),
            subject,
            ..self.clone()
        }
    }

    /// The event of a change to a registry.
    pub(super) fn of_registry(action: Action, by: &Actor, registry: &Registry) -> Self {
        let subject = AuditSubject::new("registry", registry.id, Some(registry.slug().as_str()));
        Self::new(action, by, &registry.address.organization, subject)
    }

    /// The event of a change to a token.
    pub(super) fn of_token(action: Action, by: &Actor, token: &Token) -> Self {
        let mut subject = AuditSubject::new("token", token.id, token.description.as_deref());
        subject.registry_id = token.registry_id;
        subject.registry.clone_from(&token.registry);
        Self::new(action, by, &token.organization, subject)
    }

    /// The event of a change to an organization.
    pub(super) fn of_organization(action: Action, by: &Actor, organization: &Organization) -> Self {
        let slug = &organization.slug;
        let subject = AuditSubject::new("organization", organization.id, Some(slug.as_str()));
        Self::new(action, by, slug, subject)
    }

    fn new(action: Action, by: &Actor, organization: &Slug, subject: AuditSubject) -> Self {
        let id = Uuid::now_v7();
        Self {
            id,
            organization: organization.clone(),
            action: action.as_str().to_owned(),
            actor: ActorRecord::of(by),
            subject,
            expires_at: epoch_seconds(minted_at(id) + KEPT),
        }
    }
}

impl ActorRecord {
    /// The actor, with texts that are cut where they are too long.
    pub(crate) fn of(actor: &Actor) -> Self {
        let name = |text: &String| cut(text, MAX_NAME_BYTES);
        let mut record = Self {
            kind: String::new(),
            id: actor.id(),
            name: None,
            email: None,
            issuer: None,
            subject: None,
            statement: None,
            access_key_id: None,
        };
        let kind = match actor {
            Actor::Token {
                id: _,
                name: own,
                email,
            } => {
                record.name = own.as_ref().map(name);
                record.email = email.as_ref().map(name);
                "token"
            }
            Actor::Oidc {
                id: _,
                issuer,
                subject,
                statement,
            } => {
                record.issuer = Some(name(issuer));
                record.subject = Some(cut(subject, MAX_SUBJECT_BYTES));
                record.statement = u64::try_from(*statement).ok();
                "oidc"
            }
            Actor::Operator {
                name: own,
                access_key_id,
            } => {
                record.name = Some(name(own));
                record.access_key_id = access_key_id.as_deref().map(|id| cut(id, MAX_KEY_ID_BYTES));
                "operator"
            }
            Actor::Sweep => "sweep",
        };
        kind.clone_into(&mut record.kind);
        record
    }
}

impl AuditSubject {
    fn new(kind: &str, id: Uuid, name: Option<&str>) -> Self {
        Self {
            kind: kind.to_owned(),
            id,
            name: name.map(|name| cut(name, MAX_NAME_BYTES)),
            version: None,
            tag: None,
            registry_id: None,
            registry: None,
        }
    }

    fn of_version(registry: &Registry, (id, name, version): (PackageId, &str, &str)) -> Self {
        let mut subject = Self::new("package", id.into(), Some(name));
        subject.version = Some(cut(version, MAX_VERSION_BYTES));
        subject.registry_id = Some(registry.id);
        subject.registry = Some(registry.slug().clone());
        subject
    }
}

impl Records {
    /// Part of a change that records it, in the organization's own partition: by identity, for its slug can be taken
    /// again.
    pub(super) fn audit_put(&self, organization_id: Uuid, event: &AuditEvent) -> Result<TransactWriteItem> {
        let key = keys::audit_event(organization_id, event.id);
        self.transaction_items().put(to_item(&key, event)?, |put| put)
    }

    /// The next `count` events of an organization from `start` on, which is not among them.
    pub(crate) async fn audit_events(
        &self,
        organization_id: Uuid,
        direction: Direction,
        start: Option<Uuid>,
        count: usize,
    ) -> Result<Vec<AuditEvent>> {
        let mut events: Vec<AuditEvent> = Vec::new();
        let mut next = start.map(|id| keys::audit_event(organization_id, id).attributes());
        // A hundred events are less than the 1 MB of one answer, so this ends after one.
        while events.len() < count {
            let query = self
                .partition_query(&keys::audit_partition(organization_id), "")
                .scan_index_forward(direction == Direction::Newer)
                .limit(i32::try_from(count - events.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(next);
            let answer = query.send().await.map_err(aws::failed)?;
            for item in answer.items.unwrap_or_default() {
                events.push(from_item(item)?);
            }
            next = answer.last_evaluated_key;
            if next.is_none() {
                break;
            }
        }
        Ok(events)
    }

    /// The organization's event of this id.
    pub(crate) async fn audit_event(&self, organization_id: Uuid, id: Uuid) -> Result<Option<AuditEvent>> {
        self.get(&keys::audit_event(organization_id, id)).await
    }
}

/// The text, or as much of it as leaves room for an ellipsis within so many bytes.
fn cut(text: &str, max_bytes: usize) -> String {
    const ELLIPSIS: &str = "…";
    if text.len() <= max_bytes {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(max_bytes - ELLIPSIS.len());
    text.get(..end).unwrap_or_default().to_owned() + ELLIPSIS
}

#[cfg(test)]
mod tests;

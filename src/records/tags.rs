//! Tags of a name, which are texts that stand for one of its versions, and the notes of versions that can change.
//! One `Query` reads both: tags lie beyond every id of the name.
//!
//! Each change has an id of its own, a UUIDv7, and is applied only over earlier ones: an attempt that arrives late
//! cannot undo what came after it. So a tag that was removed leaves its record for a day, without a package.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use super::keys::{self, Key};
use super::transaction::Outcome;
use super::{AuditEvent, Records, Registry, from_item, to_item};
use crate::address::RegistryAddress;
use crate::aws;
use crate::error::Result;
use crate::id::PackageId;
use crate::time::epoch_seconds;

/// Tags that are removed at the same time.
const CONCURRENCY: usize = 8;

/// Time for which the record of a removed tag is kept: until no attempt of an earlier change can arrive.
const REMOVED_KEPT: Duration = Duration::from_hours(24);

/// A version of a name, as the record of the name has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct VersionEntry {
    /// The package that it is.
    pub(crate) id: PackageId,
    registry_id: Uuid,
    pub(crate) name: String,
    /// The version as the file spells it.
    pub(crate) version: String,
    /// The reason for which it should not be used any more.
    pub(crate) deprecated: Option<String>,
    /// Id of the last change of that reason.
    pub(crate) revision: Option<Uuid>,
}

/// A tag, as its record has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TagEntry {
    registry_id: Uuid,
    pub(crate) tag: String,
    /// The package that it stands for; none where the tag was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tagged: Option<PackageId>,
    /// Id of its last change.
    pub(crate) revision: Uuid,
    /// End of the record of a removed tag, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
}

/// Some of the versions and tags of a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TaggedEntries {
    pub(crate) versions: Vec<VersionEntry>,
    pub(crate) tags: Vec<TagEntry>,
    /// The sort key after which there are more.
    pub(crate) next: Option<String>,
}

impl TaggedEntries {
    /// Whether there are more than were read.
    pub(crate) fn has_more(&self) -> bool {
        self.next.is_some()
    }

    /// Leaves out what earlier registries left at the same address.
    pub(crate) fn of(mut self, registry: &Registry) -> Self {
        self.versions.retain(|version| version.registry_id == registry.id);
        self.tags.retain(|tag| tag.registry_id == registry.id);
        self
    }
}

/// A change of a version's note: the version, and the reason for which it is deprecated from now on, if it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deprecation<'a> {
    pub(crate) version: &'a VersionEntry,
    pub(crate) reason: Option<&'a str>,
}

impl Records {
    /// Up to `limit` versions and tags of a normalized name, the oldest version first and tags last, whose sort keys
    /// come after `after`. The registry is not known yet: this is read beside it.
    pub(crate) async fn tagged_entries(
        &self,
        address: &RegistryAddress,
        name: &str,
        after: Option<&str>,
        limit: Option<usize>,
    ) -> Result<TaggedEntries> {
        let prefix = keys::name_prefix(name);
        let low = after.map_or_else(|| format!("{prefix}-"), str::to_owned);
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", AttributeValue::S(keys::names_partition(address)))
            .expression_attribute_values(":low", AttributeValue::S(low))
            // Beyond every tag, whose texts are ASCII.
            .expression_attribute_values(":high", AttributeValue::S(format!("{prefix}~\u{7f}")))
            .set_limit(limit.map(|limit| i32::try_from(limit).unwrap_or(i32::MAX)))
            .send()
            .await
            .map_err(aws::failed)?;
        let mut entries = TaggedEntries {
            next: answer
                .last_evaluated_key
                .as_ref()
                .and_then(Key::of)
                .map(|key| key.sk),
            ..TaggedEntries::default()
        };
        for item in answer.items.unwrap_or_default() {
            let Some(sk) = Key::of(&item).map(|key| key.sk) else {
                continue;
            };
            // `BETWEEN` has its start among what it finds.
            if Some(sk.as_str()) == after {
                continue;
            }
            if keys::is_tag(&sk) {
                entries.tags.push(from_item(item)?);
            } else {
                entries.versions.push(from_item(item)?);
            }
        }
        Ok(entries)
    }

    /// The package that a tag stands for.
    pub(crate) async fn tagged(
        &self,
        registry: &Registry,
        name: &str,
        tag: &str,
    ) -> Result<Option<PackageId>> {
        let entry: Option<TagEntry> = self.get(&keys::tag(&registry.address, name, tag)).await?;
        let own = entry.filter(|entry| entry.registry_id == registry.id);
        Ok(own.and_then(|entry| entry.tagged))
    }

    /// Makes a tag stand for a version, unless a later change was first. Returns whether the version is there and
    /// the change was the last one.
    pub(crate) async fn set_tag(
        &self,
        registry: &Registry,
        (name, tag): (&str, &str),
        (version, revision): (PackageId, Uuid),
        event: &AuditEvent,
        deadline: Instant,
    ) -> Result<bool> {
        let key = keys::name_of(&registry.address, name, version);
        let items = vec![
            self.transaction_items().check(&key, |check| {
                check
                    .condition_expression("registry_id = :registry_id")
                    .expression_attribute_values(":registry_id", AttributeValue::S(registry.id.to_string()))
            })?,
            self.tag_put(registry, (name, tag), Some(version), revision)?,
            self.audit_put(registry.organization_id, event)?,
        ];
        let outcome = self.transaction(items, event.id).send(deadline).await?;
        Ok(matches!(outcome, Outcome::Applied))
    }

    /// Removes a tag, unless a later change was first. Returns whether the change was the last one.
    pub(crate) async fn remove_tag(
        &self,
        registry: &Registry,
        (name, tag): (&str, &str),
        event: &AuditEvent,
        deadline: Instant,
    ) -> Result<bool> {
        let items = vec![
            self.tag_put(registry, (name, tag), None, event.id)?,
            self.audit_put(registry.organization_id, event)?,
        ];
        let outcome = self.transaction(items, event.id).send(deadline).await?;
        Ok(matches!(outcome, Outcome::Applied))
    }

    /// Part of a change that makes a tag stand for `tagged`.
    pub(super) fn tag_put(
        &self,
        registry: &Registry,
        (name, tag): (&str, &str),
        tagged: Option<PackageId>,
        revision: Uuid,
    ) -> Result<TransactWriteItem> {
        let expires_at = || epoch_seconds(SystemTime::now() + REMOVED_KEPT);
        let entry = TagEntry {
            registry_id: registry.id,
            tag: tag.to_owned(),
            tagged,
            revision,
            expires_at: tagged.is_none().then(expires_at),
        };
        let item = to_item(&keys::tag(&registry.address, name, tag), &entry)?;
        self.transaction_items().put(item, |put| {
            // Of a registry that is gone is no tag: of two that had this address, the one with the older id.
            put.condition_expression(
                "attribute_not_exists(pk) OR registry_id < :registry_id \
                 OR (registry_id = :registry_id AND revision <= :revision)",
            )
            .expression_attribute_values(":registry_id", AttributeValue::S(registry.id.to_string()))
            .expression_attribute_values(":revision", AttributeValue::S(revision.to_string()))
        })
    }

    /// Deprecates versions of a name, or ends that, all or none: at most [`MAX_DEPRECATIONS`]. Returns whether all of
    /// them are there, and the changes were the last ones.
    pub(crate) async fn deprecate(
        &self,
        registry: &Registry,
        name: &str,
        changes: &[(Deprecation<'_>, AuditEvent)],
        deadline: Instant,
    ) -> Result<bool> {
        let mut items = Vec::new();
        for (change, event) in changes {
            let key = keys::name_of(&registry.address, name, change.version.id);
            items.push(self.transaction_items().update(&key, |update| {
                let update = update
                    .condition_expression(
                        "registry_id = :registry_id AND (attribute_not_exists(revision) OR revision <= :revision)",
                    )
                    .expression_attribute_values(":registry_id", AttributeValue::S(registry.id.to_string()))
                    .expression_attribute_values(":revision", AttributeValue::S(event.id.to_string()));
                match change.reason {
                    Some(reason) => update
                        .update_expression("SET deprecated = :reason, revision = :revision")
                        .expression_attribute_values(":reason", AttributeValue::S(reason.to_owned())),
                    None => update.update_expression("SET revision = :revision REMOVE deprecated"),
                }
            })?);
            items.push(self.audit_put(registry.organization_id, event)?);
        }
        let Some((_, first)) = changes.first() else {
            return Ok(true);
        };
        let outcome = self.transaction(items, first.id).send(deadline).await?;
        Ok(matches!(outcome, Outcome::Applied))
    }

    /// Tags of a name that stand for a package.
    pub(crate) async fn tags_of(
        &self,
        registry: &Registry,
        name: &str,
        package: PackageId,
    ) -> Result<Vec<TagEntry>> {
        let prefix = keys::tag_prefix(name);
        let partition = keys::names_partition(&registry.address);
        let mut tags: Vec<TagEntry> = self.all(&partition, &prefix).await?;
        tags.retain(|tag| tag.tagged == Some(package));
        Ok(tags)
    }

    /// Removes tags that stand for a package that is gone, [`CONCURRENCY`] at a time. What is left of them keeps late
    /// attempts of the changes before from being applied, and nothing else: their revision stays.
    pub(crate) async fn drop_tags(
        &self,
        registry: &Registry,
        name: &str,
        package: PackageId,
        tags: &[TagEntry],
    ) -> Result<()> {
        let keys = tags
            .iter()
            .map(|entry| keys::tag(&registry.address, name, &entry.tag));
        let drops: Vec<_> = keys.map(|key| self.drop_tag(key, package)).collect();
        stream::iter(drops)
            .buffer_unordered(CONCURRENCY)
            .try_collect::<Vec<()>>()
            .await
            .map(drop)
    }

    /// Removes a tag, if it still stands for the package.
    async fn drop_tag(&self, key: Key, package: PackageId) -> Result<()> {
        let end = epoch_seconds(SystemTime::now() + REMOVED_KEPT);
        let update = self.client.update_item().table_name(&self.table);
        let removed = update
            .set_key(Some(key.attributes()))
            .update_expression("REMOVE tagged SET expires_at = :end")
            .condition_expression("tagged = :package")
            .expression_attribute_values(":package", AttributeValue::S(package.to_string()))
            .expression_attribute_values(":end", AttributeValue::N(end.to_string()))
            .send()
            .await;
        match removed {
            Err(error)
                if !error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Err(aws::failed(error))
            }
            _ => Ok(()),
        }
    }
}

/// Versions that one transaction deprecates: each takes two of its hundred items.
pub(crate) const MAX_DEPRECATIONS: usize = 50;

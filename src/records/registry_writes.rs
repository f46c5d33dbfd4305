//! Creating, changing and deleting registries: a transaction each, with its audit events.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use tokio::time::Instant;
use uuid::Uuid;

use super::registries::no_organization;
use super::transaction::{Outcome, refused};
use super::{Action, AuditEvent, DeletedRegistry, Item, Records, Registry, keys, to_item};
use crate::actor::Actor;
use crate::address::RegistryAddress;
use crate::error::{Error, Result};
use crate::id::mint_above;

/// Outcome of a creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Insertion {
    /// The registry is there.
    Inserted,
    /// Another registry has its address.
    Taken,
    /// The organization has as many registries as it may have.
    Full,
}

impl Records {
    /// An id for a new registry of this address: above those of all earlier ones and of their packages.
    ///
    /// # Errors
    /// [`Error::Throttled`], [`Error::Unavailable`].
    pub(crate) async fn mint_registry_id(&self, address: &RegistryAddress) -> Result<Uuid> {
        Ok(mint_above(self.newest_predecessor(address).await?))
    }

    /// Creates a registry, unless its organization has `most` of them.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the organization is not there (any more).
    pub(crate) async fn insert_registry(
        &self,
        registry: &Registry,
        most: u32,
        by: &Actor,
        retry_until: Instant,
    ) -> Result<Insertion> {
        let key = keys::registry(&registry.address);
        let event = AuditEvent::of_registry(Action::RegistryCreated, by, registry);
        let items = vec![
            self.count_registry(registry, "1", Some(most))?,
            self.transaction_items().put(to_item(&key, registry)?, |put| {
                put.condition_expression("attribute_not_exists(pk)")
            })?,
            self.audit_put(registry.organization_id, &event)?,
        ];
        match self.transact_fenced(items, registry.id, retry_until).await? {
            Outcome::Applied => Ok(Insertion::Inserted),
            Outcome::Refused(reasons) => {
                let is_counted = !refused(&reasons, 0);
                if !is_counted && !is_there(&reasons, registry.organization_id) {
                    Err(no_organization(&registry.address.organization))
                } else if is_counted || refused(&reasons, 1) {
                    Ok(Insertion::Taken)
                } else {
                    Ok(Insertion::Full)
                }
            }
        }
    }

    /// Makes `before` what `after` is, unless it has been changed or deleted since it was read. Answers whether
    /// it was done.
    ///
    /// Attributes that this version does not know stay.
    pub(crate) async fn change_registry(
        &self,
        before: &Registry,
        after: &Registry,
        actions: &[Action],
        by: &Actor,
        retry_until: Instant,
    ) -> Result<bool> {
        let Some(revision) = after.revision else {
            return Err(Error::Internal("a change without a revision".to_owned()));
        };
        let key = keys::registry(&before.address);
        let (old, new) = (to_item(&key, before)?, to_item(&key, after)?);
        let update = |update| set_differences(update, &old, &new, before);
        let mut items = vec![self.transaction_items().update(&key, update)?];
        for action in actions {
            let event = AuditEvent::of_registry(*action, by, after);
            items.push(self.audit_put(after.organization_id, &event)?);
        }
        // A late attempt finds another revision: none is ever used again.
        match self.transaction(items, revision).send(retry_until).await? {
            Outcome::Applied => Ok(true),
            Outcome::Refused(_) => Ok(false),
        }
    }

    /// Deletes a registry. Its slug is free at once; its content is left to the sweep.
    ///
    /// # Errors
    /// [`Error::NotFound`] where it has been deleted meanwhile.
    pub(crate) async fn remove_registry(
        &self,
        registry: &Registry,
        by: &Actor,
        retry_until: Instant,
    ) -> Result<()> {
        let deleted = DeletedRegistry {
            registry_id: registry.id,
            address: registry.address.clone(),
            deletion: Uuid::now_v7(),
        };
        let event = AuditEvent::of_registry(Action::RegistryDeleted, by, registry);
        let items = vec![
            self.transaction_items()
                .delete(&keys::registry(&registry.address), |delete| {
                    delete
                        .condition_expression("id = :id")
                        .expression_attribute_values(":id", AttributeValue::S(registry.id.to_string()))
                })?,
            self.transaction_items()
                .put(to_item(&deleted.key(), &deleted)?, |put| put)?,
            self.count_registry(registry, "-1", None)?,
            self.audit_put(registry.organization_id, &event)?,
        ];
        // A late attempt finds nothing: no registry of this id is ever made again.
        match self
            .transaction(items, deleted.deletion)
            .send(retry_until)
            .await?
        {
            Outcome::Applied => Ok(()),
            Outcome::Refused(_) => Err(Error::NotFound(format!(
                "There is no registry `{}`.",
                registry.address
            ))),
        }
    }

    /// Counts a registry of its organization, which must have less than `most`.
    fn count_registry(
        &self,
        registry: &Registry,
        step: &str,
        most: Option<u32>,
    ) -> Result<TransactWriteItem> {
        let organization_id = AttributeValue::S(registry.organization_id.to_string());
        let key = keys::organization(&registry.address.organization);
        self.transaction_items().update(&key, |update| {
            let update = update
                .update_expression("ADD registries :step")
                .expression_attribute_values(":step", AttributeValue::N(step.to_owned()))
                .expression_attribute_values(":id", organization_id)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            match most {
                None => update.condition_expression("id = :id"),
                Some(most) => update
                    .condition_expression("id = :id AND registries < :most")
                    .expression_attribute_values(":most", AttributeValue::N(most.to_string())),
            }
        })
    }
}

/// Whether the organization that refused to count is the one of this id.
fn is_there(reasons: &[CancellationReason], organization_id: Uuid) -> bool {
    let found = reasons.first().and_then(CancellationReason::item);
    let id = found.and_then(|item| item.get("id")?.as_s().ok());
    id.is_some_and(|id| *id == organization_id.to_string())
}

/// Sets and removes the attributes in which the items differ, if the record is still as it was read.
fn set_differences(update: UpdateBuilder, old: &Item, new: &Item, before: &Registry) -> UpdateBuilder {
    let names: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let differing = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    let (mut set, mut removed) = (Vec::new(), Vec::new());
    let mut update = update;
    for (number, name) in differing.enumerate() {
        // Some of the names are words of expressions.
        update = update.expression_attribute_names(format!("#a{number}"), name);
        match new.get(name) {
            Some(value) => {
                update = update.expression_attribute_values(format!(":a{number}"), value.clone());
                set.push(format!("#a{number} = :a{number}"));
            }
            None => removed.push(format!("#a{number}")),
        }
    }
    let mut expression = format!("SET {}", set.join(", "));
    if !removed.is_empty() {
        expression.push_str(&format!(" REMOVE {}", removed.join(", ")));
    }
    let update = update
        .update_expression(expression)
        .expression_attribute_values(":id", AttributeValue::S(before.id.to_string()));
    match before.revision {
        None => update.condition_expression("id = :id AND attribute_not_exists(revision)"),
        Some(revision) => update
            .condition_expression("id = :id AND revision = :before")
            .expression_attribute_values(":before", AttributeValue::S(revision.to_string())),
    }
}

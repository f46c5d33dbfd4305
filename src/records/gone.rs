//! What deleted registries leave behind, removed by identity alone: for the sweep.

use std::time::SystemTime;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::keys::{self, Key};
use super::{Item, Records};
use crate::aws;
use crate::error::Result;
use crate::id::minted_at;
use crate::slug::Slug;

/// A registry that was deleted: its content is still to be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gone {
    pub(crate) registry_id: Uuid,
    pub(crate) organization: Slug,
    pub(crate) registry: Slug,
    /// The deletion, by a UUIDv7: it carries the moment.
    pub(crate) deletion: Uuid,
}

impl Gone {
    pub(crate) fn deleted_at(&self) -> SystemTime {
        minted_at(self.deletion)
    }

    pub(super) fn key(&self) -> Key {
        keys::gone(&self.organization, &self.registry, self.registry_id)
    }
}

/// What every record of a registry carries.
#[derive(Deserialize)]
struct Content {
    registry_id: Uuid,
}

impl Records {
    /// The registries whose deletion is remembered.
    pub(crate) async fn gone_registries(&self) -> Result<Vec<Gone>> {
        self.all(keys::GONE, "").await
    }

    /// One page of a registry's partition: the keys, and the registry that each record carries.
    pub(crate) async fn content_page(
        &self,
        partition: &str,
        start: Option<Item>,
    ) -> Result<(Vec<(Key, Uuid)>, Option<Item>)> {
        let (rows, next) = self.page::<Content>(partition, "", start).await?;
        Ok((
            rows.into_iter()
                .map(|(key, content)| (key, content.registry_id))
                .collect(),
            next,
        ))
    }

    /// Removes one record of that registry, and no other's that has come to its place or is about to:
    /// what a transaction holds at this moment is left alone.
    pub(crate) async fn delete_content(&self, key: &Key, registry_id: Uuid) -> Result<()> {
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .condition_expression("attribute_not_exists(pk) OR registry_id = :id")
            .expression_attribute_values(":id", AttributeValue::S(registry_id.to_string()))
            .send()
            .await;
        let is_left = |error: &DeleteItemError| {
            error.is_conditional_check_failed_exception() || error.is_transaction_conflict_exception()
        };
        match deleted {
            Err(error) if error.as_service_error().is_some_and(is_left) => Ok(()),
            deleted => deleted.map(drop).map_err(aws::failed),
        }
    }

    /// Forgets the deletion of a registry of which nothing is left.
    pub(crate) async fn forget(&self, gone: &Gone) -> Result<()> {
        self.delete_content(&gone.key(), gone.registry_id).await
    }
}

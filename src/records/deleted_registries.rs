//! Deleted registries, and the removal of their content by its identity: for the sweep.

use std::time::SystemTime;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::keys::{self, Key};
use super::transaction::Outcome;
use super::{Records, operator_deadline};
use crate::address::RegistryAddress;
use crate::aws;
use crate::error::{Error, Result};
use crate::id::minted_at;

/// DynamoDB takes this many items in one transaction.
pub(crate) const MAX_TRANSACTION_ITEMS: usize = 100;

/// A registry that was deleted: its content is still to be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeletedRegistry {
    pub(crate) registry_id: Uuid,
    #[serde(flatten)]
    pub(crate) address: RegistryAddress,
    /// Identity of the deletion, a UUIDv7, which carries its time.
    pub(crate) deletion: Uuid,
}

impl DeletedRegistry {
    pub(crate) fn deleted_at(&self) -> SystemTime {
        minted_at(self.deletion)
    }

    pub(super) fn key(&self) -> Key {
        keys::deleted_registry(&self.address, self.registry_id)
    }
}

impl Records {
    /// The deleted registries whose content may still be there.
    pub(crate) async fn deleted_registries(&self) -> Result<Vec<DeletedRegistry>> {
        self.all(keys::DELETED_REGISTRIES, "").await
    }

    /// Removes records of that registry, at most [`MAX_TRANSACTION_ITEMS`], and none of another registry that
    /// has taken their place: in one transaction, or one by one where one of them has changed.
    pub(crate) async fn delete_contents(&self, content: &[Key], registry_id: Uuid) -> Result<()> {
        let writes = self.transaction_items();
        let items = content.iter().map(|key| {
            writes.delete(key, |delete| {
                delete
                    .condition_expression("attribute_not_exists(pk) OR registry_id = :id")
                    .expression_attribute_values(":id", AttributeValue::S(registry_id.to_string()))
            })
        });
        let items = items.collect::<Result<Vec<_>>>()?;
        // A late attempt removes nothing else: no registry of this id is ever made again.
        match self
            .transaction(items, Uuid::now_v7())
            .send(operator_deadline())
            .await
        {
            Ok(Outcome::Applied) => Ok(()),
            Ok(Outcome::Refused(_)) | Err(Error::Unavailable(_)) => {
                for key in content {
                    self.delete_content(key, registry_id).await?;
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Removes one record of that registry, and none of another registry that has taken its place or is about
    /// to: a record that a transaction holds at this moment is left alone.
    async fn delete_content(&self, key: &Key, registry_id: Uuid) -> Result<()> {
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

    /// Removes the record of a deleted registry of which nothing is left.
    pub(crate) async fn forget(&self, deleted: &DeletedRegistry) -> Result<()> {
        self.delete_content(&deleted.key(), deleted.registry_id).await
    }
}

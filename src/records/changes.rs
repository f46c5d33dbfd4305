//! Changes: publishes and deletes that the indexes of a registry have still to take in, and repairs of metadata.
//!
//! Each is written by the transaction of its publish or delete, under a key that is new, so that no two publishers
//! meet; that of a repair is written alone. Readers of an index fold the changes into it, and remove them (`docs/INDEXES.md`).

use aws_sdk_dynamodb::types::{DeleteRequest, Get, TransactGetItem, TransactWriteItem, WriteRequest};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::keys::{self, Key};
use super::{Item, Package, Records, Registry, from_item, is_fence, to_item};
use crate::address::RegistryAddress;
use crate::aws::{self, Cause, Failure};
use crate::error::{Error, Result};
use crate::id::PackageId;
use crate::retry::Retry;

/// Changes that are read beside the credential of a request, before anybody is authorized.
const MAX_FIRST_CHANGES: i32 = 100;

/// DynamoDB takes this many writes in one batch.
const MAX_BATCH_WRITES: usize = 25;

/// Batches of removals side by side.
const CONCURRENCY: usize = 8;

/// Attempts to remove what a batch left unprocessed.
const BATCH_ATTEMPTS: u32 = 4;

/// A publish, a delete or a repair of one package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    /// Its key: the package's id where it was published, otherwise one of its own.
    #[serde(rename = "change_id")]
    pub(crate) id: Uuid,
    pub(crate) registry_id: Uuid,
    pub(crate) package_id: PackageId,
    /// The package's normalized name.
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) variant: Option<String>,
    /// Whether the package is there as before, and metadata that was missing is put back: an index that could not read it
    /// is to read it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_repair: bool,
}

impl Change {
    /// The change of a package's publish.
    pub(super) fn published(package: &Package) -> Self {
        Self::of(package, package.id.into())
    }

    /// The change of a package's delete, whose own id is `deletion`.
    pub(super) fn deleted(package: &Package, deletion: Uuid) -> Self {
        Self::of(package, deletion)
    }

    /// The change of a package whose metadata is put back. Its id is new: an index may remember the publish's.
    pub(crate) fn repaired(package: &Package) -> Self {
        Self {
            is_repair: true,
            ..Self::of(package, Uuid::now_v7())
        }
    }

    fn of(package: &Package, id: Uuid) -> Self {
        Self {
            id,
            registry_id: package.registry_id,
            package_id: package.id,
            name: package.normalized_name.clone(),
            variant: package.variant.clone(),
            is_repair: false,
        }
    }

    /// Whether it is of a delete.
    pub(crate) fn is_deletion(&self) -> bool {
        !self.is_repair && self.id != Uuid::from(self.package_id)
    }
}

/// The changes of an address in the order of their keys, as far as they were read.
#[derive(Debug)]
pub struct Changes {
    pub(crate) read: Vec<Change>,
    /// Where those that were not read begin.
    next: Option<Item>,
    is_unread: bool,
}

impl Changes {
    /// Changes of which none was read.
    #[must_use]
    pub fn unread() -> Self {
        Self {
            read: Vec::new(),
            next: None,
            is_unread: true,
        }
    }
}

impl Records {
    /// The put of a change, if the registry's ecosystem has indexes that want one.
    pub(super) fn change_put(
        &self,
        registry: &Registry,
        change: &Change,
    ) -> Result<Option<TransactWriteItem>> {
        if !registry.ecosystem.has_registry_index() {
            return Ok(None);
        }
        let item = to_item(&keys::change(&registry.address, change.id), change)?;
        self.transaction_items().put(item, |put| put).map(Some)
    }

    /// Puts a change that belongs to no transaction, if the registry's ecosystem has indexes that want one.
    ///
    /// # Errors
    /// Where it is not certain that it is there.
    pub(crate) async fn put_change(&self, registry: &Registry, change: &Change) -> Result<()> {
        if !registry.ecosystem.has_registry_index() {
            return Ok(());
        }
        let item = to_item(&keys::change(&registry.address, change.id), change)?;
        let put = self.client.put_item().table_name(&self.table);
        let put = put.set_item(Some(item)).send().await;
        put.map(drop).map_err(aws::failed)
    }

    /// The first changes of an address: one page, to be read beside a credential.
    ///
    /// # Errors
    /// [`Error::Throttled`], [`Error::Unavailable`].
    pub async fn first_changes(&self, address: &RegistryAddress) -> Result<Changes> {
        self.changes_page(address, None, Some(MAX_FIRST_CHANGES)).await
    }

    /// The changes of a registry, after those that were read already. Ignores those of an earlier registry of its address.
    pub(crate) async fn all_changes(&self, registry: &Registry, first: Changes) -> Result<Vec<Change>> {
        let mut all = first.read;
        let mut next = first.next;
        let mut is_over = next.is_none() && !first.is_unread;
        while !is_over {
            let page = self.changes_page(&registry.address, next, None).await?;
            all.extend(page.read);
            next = page.next;
            is_over = next.is_none();
        }
        all.retain(|change| change.registry_id == registry.id);
        Ok(all)
    }

    async fn changes_page(
        &self,
        address: &RegistryAddress,
        start: Option<Item>,
        limit: Option<i32>,
    ) -> Result<Changes> {
        let query = self.partition_query(&keys::changes_partition(address), "");
        let query = query.set_exclusive_start_key(start).set_limit(limit);
        let answer = query.send().await.map_err(aws::failed)?;
        let read = answer.items.unwrap_or_default().into_iter().map(from_item);
        Ok(Changes {
            read: read.collect::<Result<_>>()?,
            next: answer.last_evaluated_key,
            is_unread: false,
        })
    }

    /// Whether a change is there and its package is not: both as of one moment.
    pub(crate) async fn is_orphaned(&self, registry: &Registry, change: &Change) -> Result<bool> {
        let get = |key: &Key| {
            let get = Get::builder()
                .table_name(&self.table)
                .set_key(Some(key.attributes()));
            let get = get.build().map_err(|error| Error::Internal(error.to_string()))?;
            Ok(TransactGetItem::builder().get(get).build())
        };
        let keys = [
            keys::change(&registry.address, change.id),
            keys::package(&registry.address, change.package_id),
        ];
        let items = keys.iter().map(get).collect::<Result<Vec<_>>>()?;
        let read = self.client.transact_get_items().set_transact_items(Some(items));
        let answer = read.send().await.map_err(aws::failed)?;
        let mut found = answer.responses.unwrap_or_default().into_iter();
        let mut is_there = || {
            let item = found.next().and_then(|response| response.item);
            item.is_some_and(|item| !item.is_empty() && !is_fence(&item))
        };
        Ok(is_there() && !is_there())
    }

    /// Removes changes, whether or not they are there.
    ///
    /// # Errors
    /// Where it is not certain that all of them are gone.
    pub(crate) async fn remove_changes(&self, address: &RegistryAddress, ids: &[Uuid]) -> Result<()> {
        let keys: Vec<_> = ids.iter().map(|id| keys::change(address, *id)).collect();
        let batches = keys.chunks(MAX_BATCH_WRITES).map(<[Key]>::to_vec);
        let batches: Vec<_> = batches.map(|keys| self.remove_batch(keys)).collect();
        stream::iter(batches)
            .buffer_unordered(CONCURRENCY)
            .try_collect::<Vec<()>>()
            .await
            .map(drop)
    }

    async fn remove_batch(&self, keys: Vec<Key>) -> Result<()> {
        let request = |key: &Key| {
            let delete = DeleteRequest::builder().set_key(Some(key.attributes())).build();
            let delete = delete.map_err(|error| Error::Internal(error.to_string()))?;
            Ok(WriteRequest::builder().delete_request(delete).build())
        };
        let mut wanted = keys.iter().map(request).collect::<Result<Vec<_>>>()?;
        let mut retry = Retry::at_most(BATCH_ATTEMPTS);
        while !wanted.is_empty() {
            let batch = self.client.batch_write_item().request_items(&self.table, wanted);
            let answer = batch.send().await.map_err(aws::failed)?;
            let mut unprocessed = answer.unprocessed_items.unwrap_or_default();
            wanted = unprocessed.remove(&self.table).unwrap_or_default();
            if !wanted.is_empty() && !retry.again().await {
                let cause = Cause::of_last_step("DynamoDB left some of the removals unprocessed");
                return Err(Failure::Throttled(cause.after(retry.attempts())).into());
            }
        }
        Ok(())
    }
}

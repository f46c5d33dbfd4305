//! Deleted registries: removal of their files, then of their records, then of the record of the deletion.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use uuid::Uuid;

use super::{Report, Sweep, is_older_than_grace};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::files::{Kind, ObjectKey};
use crate::id::PackageId;
use crate::records::keys::{self, Key};
use crate::records::{DeletedRegistry, MAX_TRANSACTION_ITEMS, Row};

/// Transactions side by side. Each removes a hundred records of one partition, of which the table takes some
/// hundred a second anyway.
const CONCURRENCY: usize = 4;

impl Sweep {
    /// Removes the content of deleted registries, as long as there is time.
    pub(super) async fn empty_registries(&self, report: &mut Report) -> Result<()> {
        let all = self.records.deleted_registries().await?;
        report.gone_registries = all.len();
        for deleted in all {
            if self.is_late(report) {
                return Ok(());
            }
            let live = self.records.registry(&deleted.address).await;
            match live {
                // Half of a transaction, as a restored table may hold it.
                Ok(registry) if registry.id == deleted.registry_id => {
                    report.stopped = Some(format!(
                        "the registry `{}` is there and remembered as deleted: its content was left alone. \
                         If the table was restored, run `admin adopt`.",
                        registry.address
                    ));
                }
                Ok(_) | Err(Error::NotFound(_)) => self.empty(&deleted, report).await?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Removes the content of a deleted registry: files first, then records, and finally, a day after the
    /// deletion, its own record.
    async fn empty(&self, deleted: &DeletedRegistry, report: &mut Report) -> Result<()> {
        let [packages, others @ ..] = keys::content_partitions(&deleted.address);
        let mut after = None;
        loop {
            let page = self.records.rows(&deleted.address, after.as_deref()).await?;
            let of_registry = |(_, row): &(PackageId, Row)| row.registry_id == deleted.registry_id;
            let rows: Vec<_> = page.rows.into_iter().filter(of_registry).collect();
            self.remove_files(deleted, &rows, report).await?;
            let keys = rows.iter().map(|(id, _)| Key {
                pk: packages.clone(),
                sk: id.to_string(),
            });
            self.remove_records(keys.collect(), deleted.registry_id, report)
                .await?;
            after = page.next;
            if after.is_none() {
                break;
            }
            if self.is_late(report) {
                return Ok(());
            }
        }
        for partition in others {
            if !self.empty_partition(&partition, deleted, report).await? {
                return Ok(());
            }
        }
        report.removed_records += self.remove_tokens(deleted).await?;
        if is_older_than_grace(deleted.deleted_at()) {
            report.removed_records += 1;
            if !self.dry_run {
                self.records.forget(deleted).await?;
            }
        }
        Ok(())
    }

    /// Removes the registry's records from a partition. Returns whether it reached the end.
    async fn empty_partition(
        &self,
        partition: &str,
        deleted: &DeletedRegistry,
        report: &mut Report,
    ) -> Result<bool> {
        let mut start = None;
        loop {
            let (rows, next) = self.records.content_page(partition, start).await?;
            let of_registry = rows
                .into_iter()
                .filter(|(_, id)| *id == Some(deleted.registry_id));
            let keys = of_registry.map(|(key, _)| key).collect();
            self.remove_records(keys, deleted.registry_id, report).await?;
            if next.is_none() {
                return Ok(true);
            }
            if self.is_late(report) {
                return Ok(false);
            }
            start = next;
        }
    }

    async fn remove_files(
        &self,
        deleted: &DeletedRegistry,
        rows: &[(PackageId, Row)],
        report: &mut Report,
    ) -> Result<()> {
        let object = |kind, id| ObjectKey::of(kind, &deleted.address, id);
        let mut objects = Vec::new();
        for (id, row) in rows {
            objects.push(object(Kind::Package, *id));
            objects.extend(row.has_metadata_object.then(|| object(Kind::Metadata, *id)));
            objects.extend(row.has_attestations.then(|| object(Kind::Attestations, *id)));
        }
        if !self.dry_run {
            self.files.delete_all(&objects).await?;
        }
        report.removed_objects += objects.len();
        Ok(())
    }

    async fn remove_records(&self, keys: Vec<Key>, registry_id: Uuid, report: &mut Report) -> Result<()> {
        report.removed_records += keys.len();
        if self.dry_run {
            return Ok(());
        }
        let batches: Vec<_> = keys.chunks(MAX_TRANSACTION_ITEMS).map(<[Key]>::to_vec).collect();
        let removals = batches
            .into_iter()
            .map(|keys| async move { self.records.delete_contents(&keys, registry_id).await });
        stream::iter(removals)
            .buffer_unordered(CONCURRENCY)
            .try_collect::<Vec<()>>()
            .await
            .map(drop)
    }

    async fn remove_tokens(&self, deleted: &DeletedRegistry) -> Result<usize> {
        let organization = match self.records.organization(&deleted.address.organization).await {
            Ok(organization) => organization,
            Err(Error::NotFound(_)) => return Ok(0),
            Err(error) => return Err(error),
        };
        let mut removed = 0;
        for token in self.records.tokens(&organization).await? {
            if token.registry_id == Some(deleted.registry_id) {
                removed += 2;
                if !self.dry_run {
                    match self
                        .records
                        .delete_token(&organization, token.id, &Actor::Sweep)
                        .await
                    {
                        Ok(_) | Err(Error::NotFound(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        Ok(removed)
    }
}

//! Indexes: changes that nobody has read yet, objects that no state names any more, and heads of formats that are gone.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::{Report, Sweep, is_older_than_grace};
use crate::address::RegistryAddress;
use crate::error::{Error, Result};
use crate::id::minted_at;
use crate::indexes;
use crate::packages::Context;
use crate::records::{Changes, Head, Registry};
use crate::time::{MAX_SANDBOX_TIME, epoch_seconds};

/// Age of a change at which no transaction of it can be under way.
const SETTLED: Duration = Duration::from_hours(1);

/// Time after its last change at which the head of a format that nobody renders any more is removed.
const FORGOTTEN: Duration = Duration::from_hours(7 * 24);

/// Shorter time where such a head keeps so many changes that every index suffers.
const FORGOTTEN_SOON: Duration = Duration::from_hours(24);

/// Changes that an index folds without a scan.
const MANY_CHANGES: usize = 2000;

impl Sweep {
    /// Takes the changes of all registries into their indexes: nobody may have read them since.
    pub(super) async fn fold_indexes(&self, report: &mut Report) -> Result<()> {
        for organization in self.records.organizations().await? {
            for registry in self.records.registries(&organization).await? {
                if self.is_late(report) {
                    return Ok(());
                }
                if registry.ecosystem.has_registry_index() {
                    self.fold_registry(&registry, report).await?;
                }
            }
        }
        Ok(())
    }

    async fn fold_registry(&self, registry: &Registry, report: &mut Report) -> Result<()> {
        let renderers = (self.renderers)(registry.ecosystem);
        let changes = self.records.all_changes(registry, Changes::unread()).await?;
        if renderers.is_empty() || (changes.is_empty() && !self.is_scan_due(registry).await?) {
            return Ok(());
        }
        report.folded_changes += changes.len();
        if self.dry_run {
            return Ok(());
        }
        let end = self
            .deadline
            .unwrap_or_else(|| tokio::time::Instant::now() + MAX_SANDBOX_TIME);
        let context = Context::new(self.records.clone(), self.files.clone(), end);
        self.forget_formats(registry, changes.len()).await?;
        for renderer in renderers {
            match indexes::refresh(&context, registry, *renderer).await {
                // It has just been deleted.
                Ok(()) | Err(Error::NotFound(_)) => {}
                // The others are to be read all the same.
                Err(error) => {
                    report.unfolded_indexes += 1;
                    tracing::error!(
                        organization = registry.address.organization.as_str(),
                        registry = registry.slug().as_str(),
                        index = renderer.format(),
                        cause = error.cause(),
                        "an index was not brought up to date"
                    );
                }
            }
        }
        self.remove_orphaned_changes(registry, report).await
    }

    /// Whether an index of the registry is to be built from all packages: readers have not found the time, or not come.
    async fn is_scan_due(&self, registry: &Registry) -> Result<bool> {
        match self.records.heads(registry).await {
            Err(Error::NotFound(_)) => Ok(false),
            heads => Ok(heads?.values().any(Head::is_scan_due)),
        }
    }

    /// Removes changes of publishes that never were: half of a transaction, as a restored table may hold it.
    async fn remove_orphaned_changes(&self, registry: &Registry, report: &mut Report) -> Result<()> {
        for change in self.records.all_changes(registry, Changes::unread()).await? {
            let age = SystemTime::now()
                .duration_since(minted_at(change.id))
                .unwrap_or_default();
            if age > SETTLED && !change.is_deletion() && self.records.is_orphaned(registry, &change).await? {
                self.records
                    .remove_changes(&registry.address, &[change.id])
                    .await?;
                report.removed_records += 1;
            }
        }
        Ok(())
    }

    /// Removes heads of formats that no renderer has: otherwise no change would ever be removed.
    async fn forget_formats(&self, registry: &Registry, changes: usize) -> Result<()> {
        let renderers = (self.renderers)(registry.ecosystem);
        let now = epoch_seconds(SystemTime::now());
        let forgotten = if changes > MANY_CHANGES {
            FORGOTTEN_SOON
        } else {
            FORGOTTEN
        };
        let heads = match self.records.heads(registry).await {
            Err(Error::NotFound(_)) => return Ok(()),
            heads => heads?,
        };
        for (format, head) in heads {
            let is_known = renderers.iter().any(|renderer| renderer.format() == format);
            if !is_known && now.saturating_sub(head.modified) > forgotten.as_secs() {
                self.records.remove_head(registry, &format, &head).await?;
            }
        }
        Ok(())
    }

    /// Removes objects of indexes that are older than a day and that no head names.
    pub(super) async fn remove_index_objects(&self, report: &mut Report) -> Result<()> {
        for address in self.files.index_addresses().await? {
            if self.is_late(report) {
                return Ok(());
            }
            self.remove_objects_of(&address, report).await?;
        }
        Ok(())
    }

    async fn remove_objects_of(&self, address: &RegistryAddress, report: &mut Report) -> Result<()> {
        // The objects first: one that is put after the heads were read is not among them.
        let listed = self.files.index_objects(address).await?;
        let old = listed
            .into_iter()
            .filter(|(id, _)| is_older_than_grace(minted_at(*id)));
        let old: Vec<_> = old.collect();
        if old.is_empty() {
            return Ok(());
        }
        let Some(named) = indexes::named_objects(&self.records, &self.files, address).await? else {
            // It cannot be known what a damaged state names.
            return Ok(());
        };
        let unnamed: Vec<(Uuid, u64)> = old.into_iter().filter(|(id, _)| !named.contains(id)).collect();
        report.removed_objects += unnamed.len();
        report.removed_bytes += unnamed.iter().map(|(_, size)| size).sum::<u64>();
        if !self.dry_run {
            let ids: BTreeSet<Uuid> = unnamed.into_iter().map(|(id, _)| id).collect();
            self.files.delete_index_objects(address, &ids).await?;
        }
        Ok(())
    }
}

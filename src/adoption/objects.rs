//! Objects that records need, and objects without a record.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;

use super::{Adoption, AdoptionReport, MAX_NAMED};
use crate::address::RegistryAddress;
use crate::error::Result;
use crate::files::{Expected, Kind, ObjectKey};
use crate::id::PackageId;
use crate::records::Registry;
use crate::sweep::merge::Merge;

/// Packages whose objects are restored at the same time.
const CONCURRENCY: usize = 8;

/// Packages whose objects are restored in one batch.
const BATCH: usize = 100;

/// An object without a record that existed at the adoption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuarantinedObject {
    /// Its key in the bucket.
    pub key: String,
    /// Bytes.
    pub size: u64,
}

/// The objects that the adoption keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Quarantine {
    /// Number of objects.
    pub total: usize,
    /// The first [`MAX_NAMED`] of them.
    pub objects: Vec<QuarantinedObject>,
}

/// A package, and the objects that it lacks.
#[derive(Debug, Clone)]
struct Lack {
    id: PackageId,
    kinds: Vec<Kind>,
}

/// A package, and which of its objects were restored.
#[derive(Debug, Clone)]
struct Restored {
    id: PackageId,
    kinds: Vec<Kind>,
    /// Whether the bucket has no version of another one.
    is_lost: bool,
}

impl Adoption {
    /// Restores the objects that the records of an address need, and counts objects without a record.
    pub(super) async fn bring_back(
        &self,
        address: &RegistryAddress,
        registry: Option<&Registry>,
        report: &mut AdoptionReport,
    ) -> Result<()> {
        let mut merge = Merge::new(&self.records, &self.files, address, None);
        let mut lacking = Vec::new();
        while let Some(entry) = merge.next().await? {
            if entry.record.is_none() {
                report.quarantined_objects += entry.objects().count();
                report.quarantined_bytes += entry.objects().map(|(_, size)| size).sum::<u64>();
            }
            let own = entry
                .record
                .filter(|row| registry.is_some_and(|own| own.id == row.registry_id));
            let Some(row) = own else { continue };
            let needed = [
                (Kind::Package, true, entry.file),
                (Kind::Metadata, row.has_metadata_object, entry.metadata),
                (Kind::Attestations, row.has_attestations, entry.attestations),
            ];
            let missing = needed
                .into_iter()
                .filter(|(_, is_needed, found)| *is_needed && found.is_none());
            let kinds: Vec<_> = missing.map(|(kind, ..)| kind).collect();
            if !kinds.is_empty() {
                lacking.push(Lack { id: entry.id, kinds });
            }
            if lacking.len() >= BATCH {
                self.bring_back_all(address, registry, std::mem::take(&mut lacking), report)
                    .await?;
            }
        }
        self.bring_back_all(address, registry, lacking, report).await
    }

    async fn bring_back_all(
        &self,
        address: &RegistryAddress,
        registry: Option<&Registry>,
        lacking: Vec<Lack>,
        report: &mut AdoptionReport,
    ) -> Result<()> {
        let Some(registry) = registry else { return Ok(()) };
        let work = lacking
            .into_iter()
            .map(|lack| async move { self.bring_back_one(registry, lack).await });
        let done: Vec<_> = stream::iter(work).buffered(CONCURRENCY).try_collect().await?;
        for restored in done.into_iter().flatten() {
            let has = |kind| usize::from(restored.kinds.contains(&kind));
            report.restored_files += has(Kind::Package);
            report.restored_metadata += has(Kind::Metadata);
            report.restored_attestations += has(Kind::Attestations);
            report.lost_packages += usize::from(restored.is_lost);
            if restored.is_lost && report.lost.len() < MAX_NAMED {
                report.lost.push(format!("{address}/{}", restored.id));
            }
        }
        Ok(())
    }

    /// Restores the objects of one package. Returns which were restored, and whether one is lost; `None`
    /// where the package has been deleted meanwhile.
    async fn bring_back_one(&self, registry: &Registry, lack: Lack) -> Result<Option<Restored>> {
        let Some(package) = self.records.package(registry, lack.id).await? else {
            return Ok(None);
        };
        let mut kinds = Vec::new();
        for kind in &lack.kinds {
            let key = ObjectKey::of(*kind, &registry.address, lack.id);
            // Of the others no digest is recorded.
            let expected = (*kind == Kind::Package).then_some(Expected {
                size: package.size,
                sha256: package.digests.sha256,
            });
            if self.files.bring_back(&key, expected, self.dry_run).await? {
                kinds.push(*kind);
            }
        }
        Ok(Some(Restored {
            id: lack.id,
            is_lost: kinds.len() < lack.kinds.len(),
            kinds,
        }))
    }

    /// The objects without a record that existed at the adoption. Empty where there is no quarantine.
    ///
    /// # Errors
    /// Where the table or the bucket fails.
    pub async fn quarantine(&self) -> Result<Quarantine> {
        let mut quarantine = Quarantine::default();
        let marker = self.records.marker().await?;
        let Some(end) = marker.and_then(|marker| marker.quarantined_until()) else {
            return Ok(quarantine);
        };
        let addresses: BTreeSet<_> = self.files.registries().await?.addresses;
        for address in &addresses {
            let mut merge = Merge::new(&self.records, &self.files, address, None);
            while let Some(entry) = merge.next().await? {
                if entry.record.is_some() || entry.id.minted_at() > end {
                    continue;
                }
                for (kind, size) in entry.objects() {
                    quarantine.total += 1;
                    if quarantine.objects.len() < MAX_NAMED {
                        let key = format!("{}/{address}/{}", kind.prefix(), entry.id);
                        quarantine.objects.push(QuarantinedObject { key, size });
                    }
                }
            }
        }
        Ok(quarantine)
    }

    /// Ends the quarantine: the sweep may remove objects without a record from now on.
    ///
    /// # Errors
    /// Where the table fails.
    pub async fn lift_quarantine(&self) -> Result<()> {
        self.records.lift_quarantine().await
    }
}

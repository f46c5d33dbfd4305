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
use crate::sweep::merge::{Entry, Merge};

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

/// The objects that a package lacks, or that were restored, and whether one of them is lost.
#[derive(Debug, Clone, Copy)]
struct Lack {
    id: PackageId,
    file: bool,
    metadata: bool,
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
                report.quarantined_objects += objects(&entry).count();
                report.quarantined_bytes += objects(&entry).map(|(_, size)| size).sum::<u64>();
            }
            let own = entry
                .record
                .filter(|row| registry.is_some_and(|own| own.id == row.registry_id));
            let Some(row) = own else { continue };
            let file = entry.file.is_none();
            let metadata = row.has_metadata_object && entry.metadata.is_none();
            if file || metadata {
                lacking.push(Lack {
                    id: entry.id,
                    file,
                    metadata,
                    is_lost: false,
                });
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
        for lack in done.into_iter().flatten() {
            report.restored_files += usize::from(lack.file);
            report.restored_metadata += usize::from(lack.metadata);
            report.lost_packages += usize::from(lack.is_lost);
            if lack.is_lost && report.lost.len() < MAX_NAMED {
                report.lost.push(format!("{address}/{}", lack.id));
            }
        }
        Ok(())
    }

    /// Restores the objects of one package. Returns which were restored, and whether one is lost; `None`
    /// where the package has been deleted meanwhile.
    async fn bring_back_one(&self, registry: &Registry, lack: Lack) -> Result<Option<Lack>> {
        let Some(package) = self.records.package(registry, lack.id).await? else {
            return Ok(None);
        };
        let mut done = lack;
        if lack.file {
            let key = ObjectKey::of(Kind::Package, &registry.address, lack.id);
            let expected = Expected {
                size: package.size,
                sha256: package.digests.sha256,
            };
            done.file = self.files.bring_back(&key, Some(expected), self.dry_run).await?;
        }
        if lack.metadata {
            let key = ObjectKey::of(Kind::Metadata, &registry.address, lack.id);
            done.metadata = self.files.bring_back(&key, None, self.dry_run).await?;
        }
        done.is_lost = (lack.file && !done.file) || (lack.metadata && !done.metadata);
        Ok(Some(done))
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
                for (kind, size) in objects(&entry) {
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

/// The objects of an entry, and their sizes.
fn objects(entry: &Entry) -> impl Iterator<Item = (Kind, u64)> {
    let of = |kind, size: Option<u64>| size.map(|size| (kind, size));
    [of(Kind::Package, entry.file), of(Kind::Metadata, entry.metadata)]
        .into_iter()
        .flatten()
}

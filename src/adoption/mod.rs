//! Adoption of a bucket by a table, after one of them was restored.
//!
//! A restored table is older than the bucket: it has records whose files have been deleted, lacks the
//! records of newer files, and may hold half of a transaction. The adoption
//! 0. marks every index of a registry as one that is to be built anew;
//! 1. completes or removes half transactions: package, name and release belong together ([`registry`]);
//! 2. restores the versions of objects that records need ([`objects`]);
//! 3. writes into the marker that the two belong together, and that objects without a record are kept until
//!    an operator ends this quarantine.
//!
//! It removes nothing from the bucket. It can be repeated at any time, also after an interruption: complete
//! packages are left as they are. Nobody should write meanwhile.

use std::collections::BTreeSet;
use std::time::SystemTime;

use serde::Serialize;

use crate::address::RegistryAddress;
use crate::error::Result;
use crate::files::Files;
use crate::records::{Marker, Records, Registry};

mod objects;
mod registry;

pub use objects::{Quarantine, QuarantinedObject};

/// Packages and objects that a report names; all of them are counted.
pub const MAX_NAMED: usize = 1000;

/// The adoption of a bucket by a table.
#[derive(Debug, Clone)]
pub struct Adoption {
    records: Records,
    files: Files,
    dry_run: bool,
}

/// Findings and changes of an adoption; with `dry_run`, the changes that it would have made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AdoptionReport {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// The table.
    pub table: String,
    /// The bucket.
    pub bucket: String,
    /// Registries examined.
    pub registries: usize,
    /// Packages examined.
    pub packages: usize,
    /// Packages that lacked their name or their release, and have them now.
    pub completed_packages: usize,
    /// Packages that lacked their release, which another package holds: their records were removed.
    pub removed_packages: usize,
    /// Names without a package, removed.
    pub removed_names: usize,
    /// Releases without a package, removed.
    pub removed_releases: usize,
    /// Deletions of registries that are there, forgotten.
    pub forgotten_deletions: usize,
    /// Organizations whose count of registries was wrong, and is right now.
    pub corrected_organizations: usize,
    /// Files brought back.
    pub restored_files: usize,
    /// Metadata objects brought back.
    pub restored_metadata: usize,
    /// Objects of attestations brought back.
    pub restored_attestations: usize,
    /// Packages that lack their file, metadata or attestations for good: the bucket has no version of it.
    pub lost_packages: usize,
    /// The first of them: organization, registry and id.
    pub lost: Vec<String>,
    /// Objects without a record, which are kept.
    pub quarantined_objects: usize,
    /// Their bytes.
    pub quarantined_bytes: u64,
}

impl Adoption {
    /// The adoption of this bucket by this table.
    #[must_use]
    pub fn new(records: Records, files: Files, dry_run: bool) -> Self {
        Self {
            records,
            files,
            dry_run,
        }
    }

    /// Runs the adoption.
    ///
    /// # Errors
    /// Where the table or the bucket fails. A repeat continues.
    pub async fn run(&self) -> Result<AdoptionReport> {
        let mut report = AdoptionReport {
            dry_run: self.dry_run,
            table: self.records.table().to_owned(),
            bucket: self.files.bucket().to_owned(),
            ..AdoptionReport::default()
        };
        let registries = self.registries(&mut report).await?;
        for registry in &registries {
            // Before anybody brings an index up to date: it may lack what the table has, and the other way round.
            if !self.dry_run {
                self.records.mark_heads_restored(registry).await?;
            }
            self.repair(registry, &mut report).await?;
        }
        let stored = self.files.registries().await?;
        let mut addresses: BTreeSet<RegistryAddress> = stored.addresses;
        addresses.extend(registries.iter().map(|registry| registry.address.clone()));
        for address in &addresses {
            let registry = registries.iter().find(|registry| registry.address == *address);
            self.bring_back(address, registry, &mut report).await?;
        }
        if !self.dry_run {
            self.adopt().await?;
        }
        Ok(report)
    }

    /// Declares that table and bucket belong together, and discards an unfinished pass of the sweep.
    async fn adopt(&self) -> Result<Marker> {
        if let Some(progress) = self.records.sweep_progress().await? {
            self.records.forget_progress(&progress).await?;
        }
        let now = SystemTime::now();
        self.records.put_marker(self.files.bucket(), Some(now)).await
    }

    /// All registries. Corrects records that contradict them: deletions that did not happen, and counts.
    async fn registries(&self, report: &mut AdoptionReport) -> Result<Vec<Registry>> {
        let mut all = Vec::new();
        for organization in self.records.organizations().await? {
            let registries = self.records.registries(&organization).await?;
            if u32::try_from(registries.len()) != Ok(organization.registries) {
                report.corrected_organizations += 1;
                if !self.dry_run {
                    self.records
                        .correct_count(&organization, registries.len())
                        .await?;
                }
            }
            all.extend(registries);
        }
        for deleted in self.records.deleted_registries().await? {
            if all.iter().any(|registry| registry.id == deleted.registry_id) {
                report.forgotten_deletions += 1;
                if !self.dry_run {
                    self.records.forget(&deleted).await?;
                }
            }
        }
        report.registries = all.len();
        Ok(all)
    }
}

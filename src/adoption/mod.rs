//! A table and a bucket that are to belong together from now on, as after a restore of the table.
//!
//! A restored table is older than the bucket: it has records whose files were deleted since, and lacks those
//! that were published since; and it may hold half of a transaction. The adoption
//! 1. completes or removes what is half: package, name and release are one ([`registry`]);
//! 2. brings back the versions that records ask for;
//! 3. writes into the marker that the two belong together, and that what has no record by now is kept, until
//!    an operator ends that quarantine.
//!
//! It removes nothing from the bucket. It can be repeated at any time: what is whole is left as it is, so one
//! that was interrupted goes on where there is still something to do. Nobody should write meanwhile.

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

/// What an adoption saw and did; with `dry_run`, what it would have done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AdoptionReport {
    /// Nothing was changed: this is what would have been.
    pub dry_run: bool,
    /// The table.
    pub table: String,
    /// The bucket.
    pub bucket: String,
    /// Registries looked at.
    pub registries: usize,
    /// Packages looked at.
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
    /// Packages that lack their file or metadata for good: the bucket has no version of it.
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
    /// Where the table or the bucket fails. Run it again then: it goes on.
    pub async fn run(&self) -> Result<AdoptionReport> {
        let mut report = AdoptionReport {
            dry_run: self.dry_run,
            table: self.records.table().to_owned(),
            bucket: self.files.bucket().to_owned(),
            ..AdoptionReport::default()
        };
        let registries = self.registries(&mut report).await?;
        for registry in &registries {
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

    /// Declares that the two belong together. A pass of the sweep that had begun is void.
    async fn adopt(&self) -> Result<Marker> {
        if let Some(progress) = self.records.sweep_progress().await? {
            self.records.forget_progress(&progress).await?;
        }
        let now = SystemTime::now();
        self.records.put_marker(self.files.bucket(), Some(now)).await
    }

    /// All registries, and what contradicts them put right: deletions that did not take place, and counts.
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

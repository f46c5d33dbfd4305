//! Records without their file: reported, never removed.
//!
//! A record and the listing that should have its file are read at different moments. A package that seems
//! to lack something is examined again, the bucket first and then the table: a delete removes the record before
//! the file, a publish stores the file before the record, so that neither can look like a loss.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::merge::Entry;
use super::{MAX_NAMED, Report, Sweep};
use crate::address::RegistryAddress;
use crate::error::Result;
use crate::files::Kind;
use crate::id::PackageId;
use crate::records::{Counts, Row};

/// Suspects that are examined again together: as many as one batch of the table takes.
const MAX_SUSPECTS: usize = 100;

/// Packages of one registry that seem to lack something.
pub(super) struct Suspects<'a> {
    sweep: &'a Sweep,
    address: &'a RegistryAddress,
    /// The registry of the address. Packages of a deleted one lose their files to the sweep itself.
    registry_id: Option<Uuid>,
    ids: Vec<PackageId>,
}

impl<'a> Suspects<'a> {
    pub(super) fn new(sweep: &'a Sweep, address: &'a RegistryAddress, registry_id: Option<Uuid>) -> Self {
        Self {
            sweep,
            address,
            registry_id,
            ids: Vec::new(),
        }
    }

    /// Notes a package that seems to lack something.
    pub(super) async fn take(
        &mut self,
        entry: &Entry,
        counts: &mut Counts,
        report: &mut Report,
    ) -> Result<()> {
        let lacks = |row: Row| {
            entry.file.is_none()
                || row.has_metadata_object && entry.metadata.is_none()
                || row.has_attestations && entry.attestations.is_none()
        };
        let own = entry
            .record
            .filter(|row| Some(row.registry_id) == self.registry_id);
        if own.is_some_and(lacks) {
            self.ids.push(entry.id);
        }
        if self.ids.len() >= MAX_SUSPECTS {
            self.confirm(counts, report).await?;
        }
        Ok(())
    }

    /// Counts and names the packages that do lack something.
    pub(super) async fn confirm(&mut self, counts: &mut Counts, report: &mut Report) -> Result<()> {
        let ids = std::mem::take(&mut self.ids);
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else {
            return Ok(());
        };
        let files = self.present(Kind::Package, *first, *last).await?;
        let metadata = self.present(Kind::Metadata, *first, *last).await?;
        let attestations = self.present(Kind::Attestations, *first, *last).await?;
        let rows = self.sweep.records.rows_of(self.address, &ids).await?;
        for id in &ids {
            let row = rows
                .get(id)
                .filter(|row| Some(row.registry_id) == self.registry_id);
            let Some(row) = row else { continue };
            let lacks_file = !files.contains(id);
            let lacks_metadata = row.has_metadata_object && !metadata.contains(id);
            counts.records_without_file += usize::from(lacks_file);
            counts.records_without_metadata += usize::from(lacks_metadata);
            let lacks_attestations = row.has_attestations && !attestations.contains(id);
            counts.records_without_attestations += usize::from(lacks_attestations);
            if (lacks_file || lacks_metadata || lacks_attestations) && report.missing.len() < MAX_NAMED {
                report.missing.push(format!("{}/{id}", self.address));
            }
        }
        Ok(())
    }

    /// The ids between these two that have an object of this kind now.
    async fn present(&self, kind: Kind, first: PackageId, last: PackageId) -> Result<BTreeSet<PackageId>> {
        let mut present = BTreeSet::new();
        // A key that comes before the first, and after every other id that does.
        let first = first.to_string();
        let mut after = Some(first.get(..first.len() - 1).unwrap_or_default().to_owned());
        while let Some(place) = after {
            let page = self.sweep.files.list(kind, self.address, Some(&place)).await?;
            let is_over = page.objects.last().is_some_and(|(id, _)| *id >= last);
            present.extend(page.objects.into_iter().map(|(id, _)| id));
            after = page.next.filter(|_| !is_over);
        }
        Ok(present)
    }
}

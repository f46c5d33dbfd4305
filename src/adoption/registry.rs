//! Half transactions of a registry: completed where possible, otherwise removed.

use super::{Adoption, AdoptionReport};
use crate::error::Result;
use crate::formats;
use crate::records::{Package, Registry, Repair};

impl Adoption {
    /// Gives every package of a registry its name and release, and removes names and releases without one.
    ///
    /// An incomplete package may be half of a publish or half of a delete, so it is completed: it can be deleted
    /// again. Only where another package holds its release it was certainly deleted, and is removed. Its
    /// file stays.
    pub(super) async fn repair(&self, registry: &Registry, report: &mut AdoptionReport) -> Result<()> {
        let halves = self.records.halves(registry).await?;
        report.packages += halves.packages;
        // Claims without a package first: they would prevent completions.
        for (key, id) in &halves.names {
            let is_removed = self.dry_run || self.records.remove_name(registry, key, *id).await?;
            report.removed_names += usize::from(is_removed);
        }
        for (key, id) in &halves.releases {
            let is_removed = self.dry_run || self.records.remove_release(registry, key, *id).await?;
            report.removed_releases += usize::from(is_removed);
        }
        // Metadata beside the file is not read here: whoever lists by this name reads it then.
        let facts = |package: &Package| formats::name_facts(registry.ecosystem, package.metadata.as_deref()?);
        for half in halves.incomplete {
            let repair = if self.dry_run {
                Repair::Completed
            } else {
                self.records.complete(registry, half, facts).await?
            };
            match repair {
                Repair::Completed => report.completed_packages += 1,
                Repair::Removed => report.removed_packages += 1,
                Repair::Deleted => {}
            }
        }
        Ok(())
    }
}

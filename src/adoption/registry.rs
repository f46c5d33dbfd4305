//! A registry's half transactions: completed where they can be, removed where not.

use super::{Adoption, AdoptionReport};
use crate::error::Result;
use crate::records::{Registry, Repair};

impl Adoption {
    /// Makes every package, name and release of a registry one of three that belong together.
    ///
    /// A package is never removed for lacking something: it may be half of a publish or half of a delete, and
    /// can be deleted again. Only where another package holds its release by now it was surely deleted. Its file stays.
    pub(super) async fn repair(&self, registry: &Registry, report: &mut AdoptionReport) -> Result<()> {
        let halves = self.records.halves(registry).await?;
        report.packages += halves.packages;
        // What claims for nobody first: it would stand in a completion's way.
        for (key, id) in &halves.names {
            let is_removed = self.dry_run || self.records.remove_name(registry, key, *id).await?;
            report.removed_names += usize::from(is_removed);
        }
        for (key, id) in &halves.releases {
            let is_removed = self.dry_run || self.records.remove_release(registry, key, *id).await?;
            report.removed_releases += usize::from(is_removed);
        }
        for half in halves.incomplete {
            let repair = if self.dry_run {
                Repair::Completed
            } else {
                self.records.complete(registry, half).await?
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

//! Careful removal of leftovers of deletes and failed publishes.
//!
//! The sweep is the only part that removes content that nobody named, so it removes only leftovers that
//! are certain:
//! - content of registries that are recorded as deleted, each record and file by the identity of the
//!   registry that it carries, files before records ([`emptying`]);
//! - objects whose exact record is missing (a consistent read) and whose id is older than
//!   [`GRACE`], so that no publish can still be under way ([`pass`]);
//! - objects of indexes older than that which no state names ([`indexes`]). It brings indexes up to date
//!   that nobody reads, too.
//!
//! A pass reads the table and the bucket side by side, registry by registry ([`merge`]), so it sees records
//! without their file as well, which it reports ([`missing`]). It takes as many runs as it needs.
//!
//! It stops before it has changed anything where the table does not name this bucket ([`marker`]), and
//! before it removes orphans where suspiciously many objects seem to be orphans. It deletes objects, never
//! versions: the bucket keeps those for a while.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::error::Result;
use crate::files::Files;
use crate::id::PackageId;
use crate::indexes::Renderers;
use crate::records::Records;

mod emptying;
mod indexes;
mod marker;
pub(crate) mod merge;
mod missing;
mod pass;
mod report;

pub use report::Report;

/// Age of an object or of a registry's deletion at which no call that began before can still be running.
pub const GRACE: Duration = Duration::from_hours(24);

/// More orphans than this, and more than [`MAX_ORPHANS_PERCENT`] of all objects: something is wrong
/// with the table rather than with the files.
pub const MAX_ORPHANS: usize = 100;
/// See [`MAX_ORPHANS`].
pub const MAX_ORPHANS_PERCENT: usize = 1;

/// Packages that lack something and are named in a report; all of them are counted.
pub const MAX_NAMED: usize = 100;

/// One run over a table and its bucket.
#[derive(Debug, Clone)]
pub struct Sweep {
    records: Records,
    files: Files,
    renderers: Renderers,
    dry_run: bool,
    max_orphans: usize,
    deadline: Option<Instant>,
    /// Objects without a record that are not newer than this are kept.
    quarantined_until: Option<SystemTime>,
}

impl Sweep {
    /// A sweep of this table and bucket, whose indexes these renderers make.
    #[must_use]
    pub fn new(records: Records, files: Files, renderers: Renderers) -> Self {
        Self {
            records,
            files,
            renderers,
            dry_run: false,
            max_orphans: MAX_ORPHANS,
            deadline: None,
            quarantined_until: None,
        }
    }

    /// A sweep that, with `dry_run`, changes nothing and reports what it would have removed.
    #[must_use]
    pub fn dry_run(self, dry_run: bool) -> Self {
        Self { dry_run, ..self }
    }

    /// A sweep that removes up to `orphans` orphans, however large a part of all objects they are: for an
    /// operator who has examined them after a sweep that stopped.
    #[must_use]
    pub fn allowing(self, orphans: usize) -> Self {
        Self {
            max_orphans: orphans,
            ..self
        }
    }

    /// A sweep that ends by itself at `deadline`.
    #[must_use]
    pub fn until(self, deadline: Instant) -> Self {
        Self {
            deadline: Some(deadline),
            ..self
        }
    }

    /// Runs the sweep. Where it stops by itself, the report has the reason.
    ///
    /// # Errors
    /// Where the table or the bucket fails. Whatever was removed until then was certain to be left over,
    /// and the next run continues.
    pub async fn run(&self) -> Result<Report> {
        let mut report = Report {
            dry_run: self.dry_run,
            ..Report::default()
        };
        let marker = self.records.marker().await?;
        // Before the first organization there is neither a marker nor an object: nothing to do.
        if marker.is_none() && self.files.is_empty().await? {
            return Ok(report);
        }
        let marker = match self.check_marker(marker) {
            Ok(marker) => marker,
            Err(reason) => {
                report.stopped = Some(reason);
                return Ok(report);
            }
        };
        let sweep = Self {
            quarantined_until: marker.quarantined_until(),
            ..self.clone()
        };
        // Deleted registries and indexes take at most half of the time, so that the pass makes progress, too.
        let half = Self {
            deadline: self
                .deadline
                .map(|end| Instant::now() + end.duration_since(Instant::now()) / 2),
            ..sweep.clone()
        };
        half.empty_registries(&mut report).await?;
        half.fold_indexes(&mut report).await?;
        half.remove_index_objects(&mut report).await?;
        sweep.pass(&mut report).await?;
        if !report.missing.is_empty() {
            tracing::error!(
                records_without_file = report.records_without_file,
                records_without_metadata = report.records_without_metadata,
                records_without_attestations = report.records_without_attestations,
                packages = report.missing.join(" "),
                "packages lack their file or something beside it"
            );
        }
        Ok(report)
    }

    /// Whether an object without a record is kept because it existed when the table was adopted.
    fn is_quarantined(&self, id: PackageId) -> bool {
        self.quarantined_until.is_some_and(|end| id.minted_at() <= end)
    }

    /// Whether the time is up, which is then noted in the report.
    fn is_late(&self, report: &mut Report) -> bool {
        let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        report.continues |= late;
        late
    }
}

/// Whether `moment` lies further back than [`GRACE`].
fn is_older_than_grace(moment: SystemTime) -> bool {
    SystemTime::now()
        .duration_since(moment)
        .is_ok_and(|age| age > GRACE)
}

//! Removal of leftovers of deletes and failed publishes, as careful as can be.
//!
//! The sweep is the one part that removes what nobody named, so it removes only what is certain:
//! - content of registries that are recorded as gone, each record and file by the identity of the
//!   registry that it carries, files before records ([`emptying`]);
//! - objects whose exact record is missing (a consistent read) and whose id is older than
//!   [`GRACE`], so that no publish can still be under way ([`pass`]).
//!
//! A pass reads the table and the bucket side by side, registry by registry ([`merge`]), so it sees records
//! without their file as well, which it reports ([`missing`]). It takes as many runs as it needs.
//!
//! It stops before it has touched anything where the table does not say that it belongs to this
//! bucket, and before it removes orphans where suspiciously many look like ones. It deletes objects,
//! never versions: the bucket keeps those for a while.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::error::Result;
use crate::files::Files;
use crate::id::PackageId;
use crate::records::Records;

mod emptying;
mod marker;
pub(crate) mod merge;
mod missing;
mod pass;
mod report;

pub use report::Report;

/// How old an object or a registry's deletion must be before nothing can be under way any more.
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
    dry_run: bool,
    max_orphans: usize,
    deadline: Option<Instant>,
    /// What has no record and is not newer than this is kept.
    quarantined_until: Option<SystemTime>,
}

impl Sweep {
    /// A sweep of this table and bucket.
    #[must_use]
    pub fn new(records: Records, files: Files) -> Self {
        Self {
            records,
            files,
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

    /// A sweep that removes up to `orphans` of them however large a part of all objects they are: for who
    /// has looked at them, after a sweep that stopped.
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

    /// Runs the sweep. Where it stops by itself, the report says why.
    ///
    /// # Errors
    /// Where the table or the bucket fails; what was removed until then was certain to be garbage,
    /// and the next run goes on.
    pub async fn run(&self) -> Result<Report> {
        let mut report = Report {
            dry_run: self.dry_run,
            ..Report::default()
        };
        let marker = self.records.marker().await?;
        // Before the first organization there is neither: nothing to do, and nothing wrong.
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
        // Deleted registries take half of the time at most, so that the pass goes on, too.
        let half = Self {
            deadline: self
                .deadline
                .map(|end| Instant::now() + end.duration_since(Instant::now()) / 2),
            ..sweep.clone()
        };
        half.empty_registries(&mut report).await?;
        sweep.pass(&mut report).await?;
        if !report.missing.is_empty() {
            tracing::error!(
                records_without_file = report.records_without_file,
                records_without_metadata = report.records_without_metadata,
                packages = report.missing.join(" "),
                "packages lack their file or metadata"
            );
        }
        Ok(report)
    }

    /// Whether an object without a record is to be kept, since it was there when the table was adopted.
    fn is_quarantined(&self, id: PackageId) -> bool {
        self.quarantined_until.is_some_and(|end| id.minted_at() <= end)
    }

    /// Whether the time is up; the report says so then.
    fn is_late(&self, report: &mut Report) -> bool {
        let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        report.continues |= late;
        late
    }
}

/// Whether `moment` lies further back than anything that could still be under way.
fn is_older_than_grace(moment: SystemTime) -> bool {
    SystemTime::now()
        .duration_since(moment)
        .is_ok_and(|age| age > GRACE)
}

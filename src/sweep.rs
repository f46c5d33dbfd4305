//! What deletes and failed publishes leave behind, removed as carefully as can be.
//!
//! The sweep is the one part that removes what nobody named, so it removes only what is certain:
//! - content of registries that are recorded as gone, each record and file by the identity of the
//!   registry that it carries, files before records;
//! - objects whose exact record is missing (a consistent read) and whose id is older than
//!   [`GRACE`], so that no publish can still be under way.
//!
//! It stops before it has touched anything where the table does not say that it belongs to this
//! bucket, and before it removes orphans where suspiciously many look like ones. It deletes objects,
//! never versions: the bucket keeps those for a while.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use serde::de::IgnoredAny;
use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::files::{Files, Kind, ObjectKey, Stored};
use crate::records::{Gone, Marker, Package, Records, keys};

/// How old an object or a registry's deletion must be before nothing can be under way any more.
pub const GRACE: Duration = Duration::from_hours(24);

/// More orphans than this, and more than [`MAX_ORPHANS_PERCENT`] of all objects: something is wrong
/// with the table rather than with the files.
pub const MAX_ORPHANS: usize = 100;
/// See [`MAX_ORPHANS`].
pub const MAX_ORPHANS_PERCENT: usize = 1;

/// Keys that DynamoDB takes in one batch.
const BATCH: usize = 100;

/// One run over a table and its bucket.
#[derive(Debug, Clone)]
pub struct Sweep {
    records: Records,
    files: Files,
    dry_run: bool,
    max_orphans: usize,
    deadline: Option<Instant>,
}

/// What a sweep saw and did; with `dry_run`, what it would have done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Nothing was removed: this is what would have been.
    pub dry_run: bool,
    /// Registries that were deleted and are remembered as such.
    pub gone_registries: usize,
    /// Objects looked at.
    pub objects: usize,
    /// Objects under the registry's prefixes whose keys are none of its own. They are left alone.
    pub foreign_objects: usize,
    /// Objects without a record.
    pub orphans: usize,
    /// Objects removed.
    pub removed_objects: usize,
    /// Their bytes, as far as they were listed.
    pub removed_bytes: u64,
    /// Records removed.
    pub removed_records: usize,
    /// Why the sweep stopped before its end, if it did.
    pub stopped: Option<String>,
}

impl Sweep {
    /// A sweep of this table and bucket.
    #[must_use]
    pub fn new(records: Records, files: Files, dry_run: bool) -> Self {
        Self {
            records,
            files,
            dry_run,
            max_orphans: MAX_ORPHANS,
            deadline: None,
        }
    }

    /// The same, removing up to `orphans` of them however large a part of all objects they are: for who
    /// has looked at them, after a sweep that stopped.
    #[must_use]
    pub fn allowing(self, orphans: usize) -> Self {
        Self {
            max_orphans: orphans,
            ..self
        }
    }

    /// The same, ending by itself at `deadline`.
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
        if marker.is_none() && self.has_no_objects().await? {
            return Ok(report);
        }
        if let Some(reason) = self.mismatch(marker) {
            report.stopped = Some(reason);
            return Ok(report);
        }
        for gone in self.records.gone_registries().await? {
            if self.is_late(&mut report) {
                return Ok(report);
            }
            report.gone_registries += 1;
            self.empty(&gone, &mut report).await?;
        }
        self.remove_orphans(&mut report).await?;
        Ok(report)
    }

    /// Why this table does not belong to this bucket, if it does not.
    fn mismatch(&self, marker: Option<Marker>) -> Option<String> {
        let (table, bucket) = (self.records.table(), self.files.bucket());
        match marker {
            Some(marker) if marker.table == table && marker.bucket == bucket => None,
            Some(marker) => Some(format!(
                "the table `{table}` says that it is the table `{}` of the bucket `{}`, not of `{bucket}`: \
                 a restored or foreign table. If the two do belong together, say so with `admin adopt`.",
                marker.table, marker.bucket
            )),
            None => Some(format!(
                "the table `{table}` does not say which bucket it belongs to. \
                 If it belongs to `{bucket}`, say so with `admin adopt`."
            )),
        }
    }

    async fn has_no_objects(&self) -> Result<bool> {
        for kind in Kind::ALL {
            let listed = self.files.list(kind, None).await?;
            if !listed.objects.is_empty() || listed.foreign > 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Removes what a deleted registry left: files first, then their records, and at last, a day
    /// after the deletion, the memory of it.
    async fn empty(&self, gone: &Gone, report: &mut Report) -> Result<()> {
        let [packages, others @ ..] = keys::content_partitions(&gone.organization, &gone.registry);
        let mut start = None;
        loop {
            let (rows, next) = self.records.page::<Package>(&packages, "", start).await?;
            for (key, package) in rows {
                if self.is_late(report) {
                    return Ok(());
                }
                if package.registry_id != gone.registry_id {
                    continue;
                }
                for kind in Kind::ALL {
                    let object = ObjectKey::at(kind, &gone.organization, &gone.registry, package.id);
                    if kind == Kind::Package || package.metadata.is_none() {
                        let size = if kind == Kind::Package { package.size } else { 0 };
                        self.remove_object(&object, size, report).await?;
                    }
                }
                self.remove_record(&key, gone, report).await?;
            }
            if next.is_none() {
                break;
            }
            start = next;
        }
        for partition in others {
            self.empty_partition(&partition, gone, report).await?;
        }
        report.removed_records += self.remove_tokens(gone).await?;
        if is_past(gone.deleted_at()) && report.stopped.is_none() {
            report.removed_records += 1;
            if !self.dry_run {
                self.records.forget(gone).await?;
            }
        }
        Ok(())
    }

    async fn empty_partition(&self, partition: &str, gone: &Gone, report: &mut Report) -> Result<()> {
        let mut start = None;
        loop {
            let (rows, next) = self.records.content_page(partition, start).await?;
            for (key, registry_id) in rows {
                if self.is_late(report) {
                    return Ok(());
                }
                if registry_id == gone.registry_id {
                    self.remove_record(&key, gone, report).await?;
                }
            }
            if next.is_none() {
                return Ok(());
            }
            start = next;
        }
    }

    async fn remove_tokens(&self, gone: &Gone) -> Result<usize> {
        let organization = match self.records.organization(&gone.organization).await {
            Ok(organization) => organization,
            Err(Error::NotFound(_)) => return Ok(0),
            Err(error) => return Err(error),
        };
        let mut removed = 0;
        for token in self.records.tokens(&organization).await? {
            if token.registry_id == Some(gone.registry_id) {
                removed += 2;
                if !self.dry_run {
                    match self.records.delete_token(&organization, token.id).await {
                        Ok(_) | Err(Error::NotFound(_)) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        Ok(removed)
    }

    /// Looks at every object, and only then removes those without a record, unless they are
    /// suspiciously many.
    async fn remove_orphans(&self, report: &mut Report) -> Result<()> {
        let mut orphans = Vec::new();
        for kind in Kind::ALL {
            let mut start = None;
            loop {
                let listed = self.files.list(kind, start).await?;
                report.objects += listed.objects.len();
                report.foreign_objects += listed.foreign;
                let old: Vec<_> = listed
                    .objects
                    .into_iter()
                    .filter(|stored| is_past(stored.id.minted_at()))
                    .collect();
                for batch in old.chunks(BATCH) {
                    orphans.extend(self.without_record(batch).await?);
                }
                if listed.next.is_none() {
                    break;
                }
                if self.is_late(report) {
                    return Ok(());
                }
                start = listed.next;
            }
        }
        report.orphans = orphans.len();
        if orphans.len() > self.max_orphans && orphans.len() * 100 > report.objects * MAX_ORPHANS_PERCENT {
            report.stopped = Some(format!(
                "{count} of {} objects have no record: that is more than {} and more than \
                 {MAX_ORPHANS_PERCENT} %, so the table may be the one that is wrong. Nothing of them was removed. \
                 If the table is right, and many publishes failed, run `sweep --orphans {count}`.",
                report.objects,
                self.max_orphans,
                count = orphans.len(),
            ));
            return Ok(());
        }
        for orphan in orphans {
            if self.is_late(report) {
                return Ok(());
            }
            self.remove_object(&orphan.key(), orphan.size, report).await?;
        }
        Ok(())
    }

    async fn without_record(&self, batch: &[Stored]) -> Result<Vec<Stored>> {
        let key = |stored: &Stored| keys::package(&stored.organization, &stored.registry, stored.id);
        let wanted: Vec<_> = batch.iter().map(key).collect();
        let mut found = self.records.find(&wanted).await?;
        let mut orphans = Vec::new();
        for stored in batch {
            if found.take::<IgnoredAny>(&key(stored))?.is_none() {
                orphans.push(stored.clone());
            }
        }
        Ok(orphans)
    }

    async fn remove_object(&self, key: &ObjectKey, size: u64, report: &mut Report) -> Result<()> {
        if !self.dry_run {
            self.files.delete(key).await?;
        }
        report.removed_objects += 1;
        report.removed_bytes += size;
        Ok(())
    }

    async fn remove_record(&self, key: &keys::Key, gone: &Gone, report: &mut Report) -> Result<()> {
        if !self.dry_run {
            self.records.delete_content(key, gone.registry_id).await?;
        }
        report.removed_records += 1;
        Ok(())
    }

    /// Whether the time is up; the report says so then.
    fn is_late(&self, report: &mut Report) -> bool {
        let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if late {
            report.stopped = Some("the time was up; the next run goes on".to_owned());
        }
        late
    }
}

/// Whether `moment` lies further back than anything that could still be under way.
fn is_past(moment: SystemTime) -> bool {
    SystemTime::now()
        .duration_since(moment)
        .is_ok_and(|age| age > GRACE)
}

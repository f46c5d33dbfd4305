//! The sweep's report.

use serde::Serialize;

use crate::records::Counts;

/// Findings and deeds of a sweep; with `dry_run`, those that it would have done.
///
/// Counts of objects and records are of the whole pass so far, which may have taken several runs; counts
/// of removals are of this run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Nothing was removed: this is what would have been.
    pub dry_run: bool,
    /// Registries that were deleted and are remembered as such.
    pub gone_registries: usize,
    /// Objects looked at.
    pub objects: usize,
    /// Objects and prefixes under the registry's prefixes whose keys are none of its own. They are left alone.
    pub foreign_objects: usize,
    /// Objects without a record.
    pub orphans: usize,
    /// Objects without a record that were there when the table was adopted. They are kept.
    pub quarantined: usize,
    /// Packages' records looked at.
    pub records: usize,
    /// Packages whose file is not there. They are kept.
    pub records_without_file: usize,
    /// Packages whose metadata should be an object of its own that is not there. They are kept.
    pub records_without_metadata: usize,
    /// Packages whose attestations are not there. They are kept.
    pub records_without_attestations: usize,
    /// The first packages of this run that lack something: organization, registry and id.
    pub missing: Vec<String>,
    /// Objects removed.
    pub removed_objects: usize,
    /// Bytes of the orphans among them.
    pub removed_bytes: u64,
    /// Records removed.
    pub removed_records: usize,
    /// Changes that were found for indexes, which take them in.
    pub folded_changes: usize,
    /// Indexes that could not be brought up to date: the log has the reasons.
    pub unfolded_indexes: usize,
    /// Whether the time was up: the next run goes on.
    pub continues: bool,
    /// Reason for which the sweep stopped before its end, if it did.
    pub stopped: Option<String>,
}

impl Report {
    /// Takes over the counts of the pass so far.
    pub(super) fn take(&mut self, counts: Counts) {
        self.objects = counts.objects;
        self.foreign_objects = counts.foreign_objects;
        self.orphans = counts.orphans;
        self.quarantined = counts.quarantined;
        self.records = counts.records;
        self.records_without_file = counts.records_without_file;
        self.records_without_metadata = counts.records_without_metadata;
        self.records_without_attestations = counts.records_without_attestations;
    }
}

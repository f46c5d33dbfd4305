//! The marker as the sweep's first guard: a table that does not name this bucket knows nothing of its files.

use super::Sweep;
use crate::records::Marker;

impl Sweep {
    /// The marker, if it names this table and this bucket; otherwise the reason to stop.
    pub(super) fn check_marker(&self, marker: Option<Marker>) -> Result<Marker, String> {
        let (table, bucket) = (self.records.table(), self.files.bucket());
        let Some(marker) = marker else {
            return Err(format!(
                "the table `{table}` does not say which bucket it belongs to. \
                 If it belongs to `{bucket}`, say so with `admin adopt`."
            ));
        };
        let reason = match (marker.table == table, marker.bucket == bucket) {
            (true, true) => return Ok(marker),
            (false, true) => format!(
                "the table differs: `{table}` says that it is the table `{}` of the bucket `{bucket}`, \
                 as a restored table does.",
                marker.table
            ),
            (true, false) => format!(
                "the bucket differs: the table `{table}` belongs to the bucket `{}`, not to `{bucket}`.",
                marker.bucket
            ),
            (false, false) => format!(
                "table and bucket differ: `{table}` says that it is the table `{}` of the bucket `{}`, \
                 not of `{bucket}`.",
                marker.table, marker.bucket
            ),
        };
        Err(format!(
            "{reason} If the two do belong together, say so with `admin adopt`."
        ))
    }
}

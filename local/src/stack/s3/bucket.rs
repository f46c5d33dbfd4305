//! The one bucket.

use s3s::{S3Result, s3_error};

use super::store::Store;

/// A bucket's name and what it holds.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    pub(super) name: &'static str,
    pub(super) store: Store,
}

impl Bucket {
    /// Refuses every other bucket's name.
    pub(super) fn is_meant_by(&self, name: &str) -> S3Result<()> {
        if name == self.name {
            Ok(())
        } else {
            Err(s3_error!(NoSuchBucket, "The specified bucket does not exist"))
        }
    }
}

//! Many deletes in one call.

use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use super::{Files, ObjectKey};
use crate::aws;
use crate::error::{Error, Result};

/// S3 takes this many keys in one call.
const MAX_KEYS: usize = 1000;

impl Files {
    /// Deletes objects, whether or not they are there. The bucket keeps the old versions for a while.
    ///
    /// # Errors
    /// Where one of them could not be deleted; others may have been.
    pub(crate) async fn delete_all(&self, keys: &[ObjectKey]) -> Result<()> {
        for keys in keys.chunks(MAX_KEYS) {
            let keys = keys
                .iter()
                .map(|key| ObjectIdentifier::builder().key(&key.0).build());
            let keys: std::result::Result<Vec<_>, _> = keys.collect();
            let delete = keys.and_then(|keys| Delete::builder().set_objects(Some(keys)).quiet(true).build());
            let delete = delete.map_err(|error| Error::Internal(error.to_string()))?;
            let deleted = self.client.delete_objects().bucket(&self.bucket).delete(delete);
            let deleted = deleted.send().await.map_err(aws::failed)?;
            if let Some(error) = deleted.errors().first() {
                return Err(Error::Unavailable(format!(
                    "{} objects were not deleted, first {}: {}",
                    deleted.errors().len(),
                    error.key().unwrap_or("one without key"),
                    error.code().unwrap_or("no reason")
                )));
            }
        }
        Ok(())
    }
}

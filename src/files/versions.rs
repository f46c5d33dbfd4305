//! Deleted objects, brought back from the versions that the bucket keeps.

use aws_sdk_s3::types::{ChecksumMode, ObjectVersion};
use percent_encoding::utf8_percent_encode;

use super::copies::PATH;
use super::{Files, ObjectKey};
use crate::aws;
use crate::digest::Digest;
use crate::error::Result;

/// The bytes that an object must have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    pub(crate) size: u64,
    pub(crate) sha256: Digest<32>,
}

impl Files {
    /// Makes the newest version that has the `expected` bytes (any version, without them) what the key names
    /// again, by a copy: nothing is removed. Answers whether there is one.
    ///
    /// With `dry_run` nothing is copied.
    pub(crate) async fn bring_back(
        &self,
        key: &ObjectKey,
        expected: Option<Expected>,
        dry_run: bool,
    ) -> Result<bool> {
        for version in self.versions(key).await? {
            let size = version.size().unwrap_or_default().unsigned_abs();
            let Some(id) = version.version_id() else { continue };
            if let Some(expected) = expected
                && (size != expected.size || self.digest_of(key, id).await? != Some(expected.sha256))
            {
                continue;
            }
            if dry_run || version.is_latest() == Some(true) {
                return Ok(true);
            }
            let path = utf8_percent_encode(&key.0, PATH);
            let source = format!(
                "{}/{path}?versionId={}",
                self.bucket,
                utf8_percent_encode(id, PATH)
            );
            if self.copy_from(source, None, size, key).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The versions of a key, the newest first; no markers of deletes.
    async fn versions(&self, key: &ObjectKey) -> Result<Vec<ObjectVersion>> {
        let list = self
            .client
            .list_object_versions()
            .bucket(&self.bucket)
            .prefix(&key.0);
        // Ids have one length, so no other key begins with this one; of one key there are some versions.
        let listed = list.send().await.map_err(aws::failed)?;
        let versions = listed.versions.unwrap_or_default().into_iter();
        Ok(versions.filter(|version| version.key() == Some(&key.0)).collect())
    }

    /// The SHA-256 that S3 took of a version when it was stored.
    async fn digest_of(&self, key: &ObjectKey, version: &str) -> Result<Option<Digest<32>>> {
        let head = self.client.head_object().bucket(&self.bucket).key(&key.0);
        let head = head.version_id(version).checksum_mode(ChecksumMode::Enabled);
        let head = head.send().await.map_err(aws::failed)?;
        Ok(head.checksum_sha256().and_then(Digest::from_base64))
    }
}

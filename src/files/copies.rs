//! Server-side copies: bytes that never pass through the function.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::types::{ChecksumAlgorithm, MetadataDirective};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{CONTENT_TYPE, Files, ObjectKey, is_another, is_missing};
use crate::aws;
use crate::digest::Digest;
use crate::error::{Error, Result};

/// Time that a copy may take at least, and bytes that it moves in each further second.
const LEAST_TIME: Duration = Duration::from_secs(10);
const BYTES_PER_SECOND: u64 = 20_000_000;

/// The SDK does not escape a copy's source.
pub(super) const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

impl Files {
    /// Copies an object of `size` bytes, at most 5 GiB, if it still is the one of this `etag`. Answers the copy's
    /// SHA-256, which S3 takes over the bytes that it stores; `None` where the source is gone or is
    /// another by now.
    pub(crate) async fn copy(
        &self,
        from: &ObjectKey,
        etag: Option<&str>,
        size: u64,
        to: &ObjectKey,
    ) -> Result<Option<Digest<32>>> {
        let source = format!("{}/{}", self.bucket, utf8_percent_encode(&from.0, PATH));
        self.copy_from(source, etag, size, to).await
    }

    /// Copies from a source as S3 writes it: bucket, escaped key, and a version where one is meant.
    pub(super) async fn copy_from(
        &self,
        source: String,
        etag: Option<&str>,
        size: u64,
        to: &ObjectKey,
    ) -> Result<Option<Digest<32>>> {
        let time = LEAST_TIME + Duration::from_secs(size / BYTES_PER_SECOND);
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(time)
            .operation_timeout(time);
        let copy = self
            .client
            .copy_object()
            .bucket(&self.bucket)
            .key(&to.0)
            .copy_source(source)
            .set_copy_source_if_match(etag.map(str::to_owned))
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .metadata_directive(MetadataDirective::Replace)
            .content_type(CONTENT_TYPE)
            .customize()
            .config_override(aws_sdk_s3::config::Builder::new().timeout_config(timeouts.build()));
        let answer = match copy.send().await {
            Ok(answer) => answer,
            Err(error) if is_missing(&error) || is_another(&error) => return Ok(None),
            Err(error) => return Err(aws::failed(error)),
        };
        let checksum = answer
            .copy_object_result
            .and_then(|result| result.checksum_sha256);
        let digest = checksum.as_deref().and_then(Digest::from_base64);
        digest
            .map(Some)
            .ok_or_else(|| Error::Internal(format!("a copy to {} without a SHA-256: {checksum:?}", to.0)))
    }
}

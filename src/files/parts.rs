//! Uploads in parts: an object of any size, in bounded memory, over a line of any speed.
//!
//! S3 takes no SHA-256 of all bytes of such an object. It is therefore never a package's file: that is a copy of it,
//! of which S3 takes one, as of a posted file. Until then a CRC-32 of each part is enough.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use tokio::task::JoinSet;

use super::{CONTENT_TYPE, Content, Files, ObjectKey};
use crate::aws;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::steps;

/// Size of every part but the last, in bytes: 640 of them are the largest upload, of 10,000 that S3 takes.
pub(crate) const PART_BYTES: u64 = 8 * 1024 * 1024;
/// Parts that are sent at the same time: with [`PART_BYTES`], what an upload costs in memory.
const SIDE_BY_SIDE: usize = 2;
/// Time that one attempt may take at least, and bytes that the line moves in each further second.
const LEAST_TIME: Duration = Duration::from_mins(1);
const BYTES_PER_SECOND: u64 = 50_000;

impl Files {
    /// Stores `bytes` as [`put`](Self::put) does, however slow the line is.
    pub(crate) async fn put_patiently(
        &self,
        key: &ObjectKey,
        bytes: Bytes,
        sha256: Digest<32>,
    ) -> Result<()> {
        let patience = patience(bytes.len());
        let put = self.put_request(key, bytes, sha256).customize();
        let sent = put.config_override(patience).disable_payload_signing().send();
        sent.await.map(drop).map_err(aws::failed)
    }

    /// Begins an upload in parts of the object under `key`, which must be new.
    pub(crate) async fn begin_parts(&self, key: ObjectKey) -> Result<PartsUpload> {
        let create = self.client.create_multipart_upload().bucket(&self.bucket);
        let create = create.key(&key.0).content_type(CONTENT_TYPE);
        let create = create.checksum_algorithm(ChecksumAlgorithm::Crc32);
        let created = create.send().await.map_err(aws::failed)?;
        let id = created
            .upload_id
            .ok_or_else(|| Error::Internal(format!("an upload of {} without an id", key.0)))?;
        Ok(PartsUpload {
            files: self.clone(),
            key,
            id,
            number: 0,
            under_way: JoinSet::new(),
            stored: Vec::new(),
            stored_bytes: 0,
        })
    }

    /// One part, of which S3 refuses other bytes than these.
    async fn put_part(
        &self,
        (key, upload, number): (ObjectKey, String, i32),
        bytes: Bytes,
    ) -> Result<(CompletedPart, u64)> {
        let (patience, size) = (patience(bytes.len()), bytes.len() as u64);
        let crc32 = BASE64.encode(crc32fast::hash(&bytes).to_be_bytes());
        let put = self.client.upload_part().bucket(&self.bucket).key(key.0);
        let put = put.upload_id(upload).part_number(number);
        let put = put.checksum_crc32(&crc32).body(bytes.into());
        let put = put
            .customize()
            .config_override(patience)
            .disable_payload_signing();
        let stored = put.send().await.map_err(aws::failed)?;
        let part = CompletedPart::builder()
            .part_number(number)
            .set_e_tag(stored.e_tag)
            .checksum_crc32(crc32);
        Ok((part.build(), size))
    }
}

/// An upload under way. What is never completed or aborted, the bucket removes a day later.
#[derive(Debug)]
pub(crate) struct PartsUpload {
    files: Files,
    key: ObjectKey,
    id: String,
    /// Number of the last part that was begun, from 1 on.
    number: i32,
    under_way: JoinSet<Result<(CompletedPart, u64)>>,
    stored: Vec<CompletedPart>,
    stored_bytes: u64,
}

impl PartsUpload {
    /// Sends the next part, of [`PART_BYTES`] unless it is the last one. Returns while it is under way, as soon
    /// as no more are than may be.
    pub(crate) async fn put(&mut self, bytes: Bytes) -> Result<()> {
        while self.under_way.len() >= SIDE_BY_SIDE {
            self.await_part().await?;
        }
        self.number += 1;
        let files = self.files.clone();
        let place = (self.key.clone(), self.id.clone(), self.number);
        self.under_way
            .spawn(steps::shared(async move { files.put_part(place, bytes).await }));
        Ok(())
    }

    /// Bytes that S3 has.
    pub(crate) fn stored_bytes(&self) -> u64 {
        self.stored_bytes
    }

    async fn await_part(&mut self) -> Result<()> {
        if let Some(part) = self.under_way.join_next().await {
            let (part, bytes) =
                part.map_err(|error| Error::Internal(format!("sending a part failed: {error}")))??;
            self.stored.push(part);
            self.stored_bytes += bytes;
        }
        Ok(())
    }

    /// Makes an object of the parts.
    pub(crate) async fn complete(mut self) -> Result<Content> {
        while !self.under_way.is_empty() {
            self.await_part().await?;
        }
        self.stored.sort_by_key(CompletedPart::part_number);
        let Self { files, key, .. } = &self;
        let parts = CompletedMultipartUpload::builder().set_parts(Some(self.stored.clone()));
        let complete = files.client.complete_multipart_upload().bucket(&files.bucket);
        let complete = complete
            .key(&key.0)
            .upload_id(&self.id)
            .multipart_upload(parts.build());
        let complete = complete.customize().config_override(patience(0)).send();
        let etag = match complete.await {
            Ok(completed) => completed.e_tag,
            Err(error) => {
                let error = aws::failed(error);
                // An attempt whose answer was lost may have made it. The key is of this upload alone.
                return match files.content(key).await {
                    Ok(Some(content)) => Ok(content),
                    _ => Err(error),
                };
            }
        };
        let etag = etag.ok_or_else(|| Error::Internal(format!("{} without an ETag", key.0)))?;
        Ok(Content {
            etag,
            size: self.stored_bytes,
            key: self.key,
        })
    }
}

/// Time-outs of a request with a body of this many bytes.
fn patience(bytes: usize) -> Builder {
    let attempt = LEAST_TIME + Duration::from_secs(bytes as u64 / BYTES_PER_SECOND);
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(attempt)
        .operation_timeout(attempt * 3);
    Builder::new().timeout_config(timeouts.build())
}

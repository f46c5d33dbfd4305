//! Ranged reads, pinned to one ETag: large objects in bounded memory.

use std::io::{self, Read, Seek, SeekFrom};
use std::time::Duration;

use aws_sdk_s3::primitives::AggregatedBytes;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::runtime::Handle;

use super::{Files, ObjectKey, is_another, is_beyond, is_missing};
use crate::aws::{self, Cause, Failure};
use crate::cancellation::Cancellation;
use crate::digest::{Digests, Hasher};
use crate::error::{Error, Result, chain};
use crate::retry::Retry;
use crate::steps;

/// The first read of a place; those that follow on are larger and larger.
const FIRST_BLOCK: u64 = 64 * 1024;
/// The largest read, and what the digests are taken in.
const LARGEST_BLOCK: u64 = 4 * 1024 * 1024;
/// Reads side by side while the digests are taken: with [`LARGEST_BLOCK`], what it costs in memory.
const SIDE_BY_SIDE: usize = 4;
/// Attempts to read one range.
const MAX_ATTEMPTS: u32 = 3;

/// Content of an object when it was first read. All later reads are of the very same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) key: ObjectKey,
    pub(crate) etag: String,
    /// Bytes.
    pub(crate) size: u64,
}

impl Files {
    /// Content under `key` now; `None` where there is no object.
    pub(crate) async fn content(&self, key: &ObjectKey) -> Result<Option<Content>> {
        let answer = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(&key.0)
            .send()
            .await;
        let head = match answer {
            Ok(head) => head,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(aws::failed(error)),
        };
        let size = head.content_length().unwrap_or_default().unsigned_abs();
        let etag = head
            .e_tag
            .ok_or_else(|| Error::Internal(format!("{} without an ETag", key.0)))?;
        Ok(Some(Content {
            key: key.clone(),
            etag,
            size,
        }))
    }

    /// The bytes from `start` up to but not including `end`. What breaks off in the middle, which the
    /// SDK leaves to its caller, is asked for again.
    ///
    /// # Errors
    /// A 422 where the object is another by now, or gone.
    async fn range(&self, content: &Content, start: u64, end: u64) -> Result<Bytes> {
        let mut retry = Retry::at_most(MAX_ATTEMPTS);
        loop {
            let cause = match self.range_once(content, start, end).await? {
                Ok(bytes) => return Ok(bytes),
                Err(cause) => cause,
            };
            if !retry.again().await {
                return Err(Failure::Unknown(cause.after(retry.attempts())).into());
            }
        }
    }

    /// One attempt: the bytes, or what broke their transfer off.
    async fn range_once(&self, content: &Content, start: u64, end: u64) -> Result<Result<Bytes, Cause>> {
        let get = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(&content.key.0)
            .range(format!("bytes={start}-{}", end.saturating_sub(1)))
            .if_match(&content.etag);
        let object = match get.send().await {
            Ok(object) => object,
            Err(error) if is_missing(&error) || is_another(&error) => return Err(changed_meanwhile()),
            Err(error) => return Err(aws::failed(error)),
        };
        let mut cause = Cause::of_last_step("the body broke off");
        Ok(
            match object.body.collect().await.map(AggregatedBytes::into_bytes) {
                Ok(bytes) if bytes.len() as u64 == end - start => Ok(bytes),
                Ok(bytes) => {
                    cause.text = format!("the body has {} bytes of {}", bytes.len(), end - start).into();
                    Err(cause)
                }
                Err(error) => {
                    cause.text = format!("the body broke off: {}", chain(&error)).into();
                    Err(cause)
                }
            },
        )
    }

    /// A piece of an object that is written once; `None` where there is no such object, or it ends before.
    pub(super) async fn piece(&self, key: &ObjectKey, offset: u64, length: u64) -> Result<Option<Bytes>> {
        let mut retry = Retry::at_most(MAX_ATTEMPTS);
        loop {
            let get = self.client.get_object().bucket(&self.bucket).key(&key.0);
            let range = format!("bytes={offset}-{}", (offset + length).saturating_sub(1));
            let object = match get.range(range).send().await {
                Ok(object) => object,
                Err(error) if is_missing(&error) || is_beyond(&error) => return Ok(None),
                Err(error) => return Err(aws::failed(error)),
            };
            let mut cause = Cause::of_last_step("the body broke off");
            match object.body.collect().await.map(AggregatedBytes::into_bytes) {
                Ok(bytes) => return Ok((bytes.len() as u64 == length).then_some(bytes)),
                Err(error) => cause.text = format!("the body broke off: {}", chain(&error)).into(),
            }
            if !retry.again().await {
                return Err(Failure::Unknown(cause.after(retry.attempts())).into());
            }
        }
    }

    /// Both digests, read in ranges side by side and hashed in order.
    pub(crate) async fn digests(&self, content: &Content) -> Result<Digests> {
        let starts = (0..content.size).step_by(usize::try_from(LARGEST_BLOCK).unwrap_or(usize::MAX));
        let reads = starts.map(|start| {
            let (files, content) = (self.clone(), content.clone());
            let end = content.size.min(start + LARGEST_BLOCK);
            // Each on its own, so that the next ones arrive while this one is hashed.
            let read = steps::shared(async move { files.range(&content, start, end).await });
            async move { tokio::spawn(read).await }
        });
        let mut blocks = stream::iter(reads).buffered(SIDE_BY_SIDE);
        let mut hasher = Hasher::default();
        while let Some(block) = blocks.next().await {
            let block = block.map_err(|error| Error::Internal(format!("a read failed: {error}")))??;
            hasher = tokio::task::spawn_blocking(move || {
                hasher.update(&block);
                hasher
            })
            .await
            .map_err(|error| Error::Internal(format!("hashing failed: {error}")))?;
        }
        Ok(hasher.finish())
    }
}

/// The object was replaced or removed between two reads.
pub(crate) fn changed_meanwhile() -> Error {
    Error::invalid(
        "package_url",
        "changed",
        "The uploaded object was replaced or removed while it was being published. \
         Request a new upload, post the file once, and publish that.",
    )
}

/// An object as the formats' readers want it: blocking and seekable, a block in memory at a time.
/// To be used off the runtime's own threads.
#[derive(Debug)]
pub(crate) struct RangedSource {
    files: Files,
    content: Content,
    runtime: Handle,
    cancellation: Cancellation,
    position: u64,
    block: Bytes,
    block_start: u64,
    /// Failure of S3, which a reader would take for damage of the file.
    failure: Option<Error>,
}

impl RangedSource {
    pub(crate) fn new(files: Files, content: Content, runtime: Handle, cancellation: Cancellation) -> Self {
        Self {
            files,
            content,
            runtime,
            cancellation,
            position: 0,
            block: Bytes::new(),
            block_start: 0,
            failure: None,
        }
    }

    /// Failure of S3, if there was one: to be asked before a rejection is believed.
    pub(crate) fn failure(self) -> Option<Error> {
        self.failure
    }

    /// Bytes in memory from the position on.
    fn buffered(&self) -> &[u8] {
        let offset = self.position.checked_sub(self.block_start);
        let offset = offset.and_then(|offset| usize::try_from(offset).ok());
        offset
            .and_then(|offset| self.block.get(offset..))
            .unwrap_or_default()
    }

    fn fetch(&mut self) -> io::Result<()> {
        let follows_on =
            !self.block.is_empty() && self.position == self.block_start + self.block.len() as u64;
        let size = if follows_on {
            (self.block.len() as u64 * 2).min(LARGEST_BLOCK)
        } else {
            FIRST_BLOCK
        };
        let end = self.content.size.min(self.position + size.max(FIRST_BLOCK));
        // Before the next arrives, so that there is one at a time.
        self.block = Bytes::new();
        let read = async {
            tokio::select! {
                biased;
                () = due(&self.cancellation) => Err(Error::Unavailable("the call ended while its package was read".to_owned())),
                read = self.files.range(&self.content, self.position, end) => read,
            }
        };
        match self.runtime.block_on(read) {
            Ok(block) => {
                self.block = block;
                self.block_start = self.position;
                Ok(())
            }
            Err(error) => {
                let message = io::Error::other(error.to_string());
                self.failure = Some(error);
                Err(message)
            }
        }
    }
}

/// Over when the reading is to end.
async fn due(cancellation: &Cancellation) {
    const LOOK: Duration = Duration::from_millis(250);
    while !cancellation.is_due() {
        tokio::time::sleep(LOOK).await;
    }
}

impl Read for RangedSource {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.position >= self.content.size {
            return Ok(0);
        }
        if self.buffered().is_empty() {
            self.fetch()?;
        }
        let available = self.buffered();
        let count = available.len().min(buffer.len());
        let (Some(from), Some(to)) = (available.get(..count), buffer.get_mut(..count)) else {
            return Ok(0);
        };
        to.copy_from_slice(from);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for RangedSource {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        let position = match target {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.content.size.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

//! The bytes of objects: files that are written once.

use std::io;
use std::path::{Path, PathBuf};

use futures_util::{Stream, StreamExt};
use hyper::body::Bytes;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::{S3Error, S3ErrorCode, S3Result, StdError, s3_error};
use tokio::io::{AsyncWriteExt, BufWriter};
use uuid::Uuid;

use super::checksums::Checksums;
use super::internal;

/// The largest object that one request may store, in bytes: 5 GiB.
pub(super) const MOST_BYTES: u64 = 5 << 30;
/// How much is handed to the file system at once.
const BUFFER: usize = 256 * 1024;

/// A new file, removed again unless it is kept.
#[derive(Debug)]
pub(super) struct Blob {
    path: PathBuf,
    name: String,
    kept: bool,
}

impl Blob {
    /// A file to be: `folder` holds nothing under its name yet.
    pub(super) fn new(folder: &Path) -> Self {
        let name = Uuid::new_v4().to_string();
        Self {
            path: folder.join(&name),
            name,
            kept: false,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// To be called once a row names the file.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        if !self.kept {
            remove(&self.path);
        }
    }
}

/// Removes a file that no row names. Whoever has opened it reads on.
pub(super) fn remove(path: &Path) {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(path = %path.display(), %error, "a file could not be removed"),
    }
}

/// A file with all of a body in it.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) blob: Blob,
    pub(super) size: u64,
    pub(super) md5: [u8; 16],
    pub(super) checksums: Checksums,
}

impl Written {
    /// The `ETag` of an object that was stored by one request.
    pub(super) fn etag(&self) -> String {
        hex(&self.md5)
    }
}

/// Writes a body to a new file in `folder`, hashing it on the way, in bounded memory.
pub(super) async fn write(
    folder: &Path,
    mut body: impl Stream<Item = Result<Bytes, StdError>> + Unpin,
    mut hasher: ChecksumHasher,
) -> S3Result<Written> {
    let blob = Blob::new(folder);
    let file = tokio::fs::File::create(blob.path()).await.map_err(internal)?;
    let mut writer = BufWriter::with_capacity(BUFFER, file);
    let mut md5 = Md5::new();
    let mut size = 0;
    while let Some(bytes) = body.next().await {
        let bytes = bytes.map_err(broken_off)?;
        size += bytes.len() as u64;
        if size > MOST_BYTES {
            return Err(s3_error!(
                EntityTooLarge,
                "Your proposed upload exceeds the maximum allowed object size."
            ));
        }
        md5.update(&bytes);
        hasher.update(&bytes);
        writer.write_all(&bytes).await.map_err(internal)?;
    }
    writer.flush().await.map_err(internal)?;
    Ok(Written {
        blob,
        size,
        md5: md5.finalize(),
        checksums: hasher.finalize().into(),
    })
}

/// A body that could not be read to its end: the error that it carries, or that it ended early.
fn broken_off(error: StdError) -> S3Error {
    match error.downcast::<S3Error>() {
        Ok(error) => *error,
        Err(error) => S3Error::with_source(S3ErrorCode::IncompleteBody, error),
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    format!("{:x}", Bytes::copy_from_slice(bytes))
}

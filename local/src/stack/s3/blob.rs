//! The bytes of objects: files that are written once.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::{Stream, StreamExt};
use hyper::body::Bytes;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::{S3Error, S3ErrorCode, S3Result, StdError, s3_error};
use uuid::Uuid;

use super::checksums::Checksums;
use super::files::{DRAFT, Files};
use super::internal;
use crate::disk::SharedSync;

/// The largest object that one request may store, in bytes: 5 GiB.
pub(super) const MOST_BYTES: u64 = 5 << 30;
/// How much of a body is gathered before it is handed to the file system.
const BUFFER: usize = 256 * 1024;
/// How many pieces are gathered: each takes memory of its own, however small it is.
const MOST_PIECES: usize = 64;

/// A file that no row names yet, removed again unless it is kept.
#[derive(Debug)]
struct Unnamed {
    path: PathBuf,
    kept: bool,
}

impl Drop for Unnamed {
    fn drop(&mut self) {
        if !self.kept {
            remove(&self.path);
        }
    }
}

/// A file that is being written. A start of the server removes it: nobody was promised it.
#[derive(Debug)]
pub(super) struct Draft {
    file: Unnamed,
    name: String,
    /// The folder that lasts, in which the file gets its name.
    folder: Option<Arc<SharedSync>>,
}

impl Draft {
    /// A file to be: `files` holds nothing under its name yet.
    pub(super) fn new(files: &Files) -> Self {
        let name = Uuid::new_v4().to_string();
        Self {
            file: Unnamed {
                path: files.path(&name).with_extension(DRAFT),
                kept: false,
            },
            name,
            folder: files.lasting(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.file.path
    }

    /// Gives the finished file its name. In a folder that lasts, file and name outlive a power cut
    /// from here on, so that a row may promise them.
    pub(super) async fn finish(self) -> S3Result<Blob> {
        blocking(|| self.finish_blocking()).await
    }

    fn finish_blocking(mut self) -> io::Result<Blob> {
        let path = self.file.path.with_extension("");
        if self.folder.is_some() {
            File::open(&self.file.path)?.sync_data()?;
        }
        std::fs::rename(&self.file.path, &path)?;
        self.file.path = path;
        if let Some(folder) = &self.folder {
            folder.changed();
            folder.wait()?;
        }
        Ok(Blob {
            file: self.file,
            name: self.name,
        })
    }
}

/// A finished file, removed again unless it is kept.
#[derive(Debug)]
pub(super) struct Blob {
    file: Unnamed,
    name: String,
}

impl Blob {
    pub(super) fn path(&self) -> &Path {
        &self.file.path
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// To be called once a row names the file.
    pub(super) fn keep(mut self) {
        self.file.kept = true;
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
    /// Taken where it was asked for.
    pub(super) md5: Option<[u8; 16]>,
    pub(super) checksums: Checksums,
}

impl Written {
    /// The `ETag` of an object that was stored by one request, like no other's. S3 promises an MD5 only of objects
    /// that are not encrypted with a key of one's own; it would take longer than all else that a write does.
    pub(super) fn etag(&self) -> String {
        self.blob.name.replace('-', "")
    }
}

/// Writes a body to a new file, hashing it on the way, in bounded memory. `takes_md5` where the body's MD5 is to be
/// known.
///
/// Other threads than those that serve connections wait for the disk and take the digests. Nothing is copied.
pub(super) async fn write(
    files: &Files,
    mut body: impl Stream<Item = Result<Bytes, StdError>> + Unpin,
    hasher: ChecksumHasher,
    takes_md5: bool,
) -> S3Result<Written> {
    let mut intake = Intake {
        draft: Draft::new(files),
        file: None,
        size: 0,
        md5: takes_md5.then(Md5::new),
        hasher,
    };
    loop {
        let (pieces, is_last) = gather(&mut body, intake.size).await?;
        if is_last {
            return blocking(move || intake.take(&pieces)?.finish()).await;
        }
        intake = blocking(move || intake.take(&pieces)).await?;
    }
}

/// The next pieces of a body of which `size` bytes were taken, enough to be written at once, and whether they are the
/// last ones.
async fn gather(
    body: &mut (impl Stream<Item = Result<Bytes, StdError>> + Unpin),
    mut size: u64,
) -> S3Result<(Vec<Bytes>, bool)> {
    let (mut pieces, mut gathered) = (Vec::new(), 0);
    while gathered < BUFFER && pieces.len() < MOST_PIECES {
        let Some(bytes) = body.next().await else {
            return Ok((pieces, true));
        };
        let bytes = bytes.map_err(broken_off)?;
        size += bytes.len() as u64;
        if size > MOST_BYTES {
            return Err(s3_error!(
                EntityTooLarge,
                "Your proposed upload exceeds the maximum allowed object size."
            ));
        }
        gathered += bytes.len();
        pieces.push(bytes);
    }
    Ok((pieces, false))
}

/// Runs what waits for the disk, off the threads that serve connections.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> S3Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(internal)?.map_err(internal)
}

/// A draft that takes a body piece by piece.
struct Intake {
    draft: Draft,
    /// Opened by the first pieces.
    file: Option<File>,
    size: u64,
    md5: Option<Md5>,
    hasher: ChecksumHasher,
}

impl Intake {
    fn take(mut self, pieces: &[Bytes]) -> io::Result<Self> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => File::create_new(self.draft.path())?,
        };
        for bytes in pieces {
            if let Some(md5) = &mut self.md5 {
                md5.update(bytes);
            }
            self.hasher.update(bytes);
            file.write_all(bytes)?;
            self.size += bytes.len() as u64;
        }
        self.file = Some(file);
        Ok(self)
    }

    fn finish(self) -> io::Result<Written> {
        Ok(Written {
            blob: self.draft.finish_blocking()?,
            size: self.size,
            md5: self.md5.map(Md5::finalize),
            checksums: self.hasher.finalize().into(),
        })
    }
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

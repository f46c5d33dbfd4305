//! Bodies on their way into the bucket: hashed, and kept for the index or written to a file.

use std::fs::File;
use std::io::{self, Write as _};

use futures_util::{Stream, StreamExt};
use hyper::body::Bytes;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::{S3Error, S3ErrorCode, S3Result, StdError, s3_error};

use super::blob::{Blob, Draft, MOST_BYTES, Reread, blocking};
use super::checksums::Checksums;
use super::files::Files;

/// How much of a body is gathered before it is handed to the file system.
const BUFFER: usize = 256 * 1024;
/// How many pieces are gathered: each takes memory of its own, however small it is.
const MOST_PIECES: usize = 64;
/// The most bytes that an object may have to lie in the index. A file costs two syncs more and, in a folder where many
/// were deleted just now, much processor time; the index writes each byte twice.
const MOST_IN_INDEX: u64 = 64 * 1024;

/// All of a body.
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
        self.blob.name().replace('-', "")
    }
}

/// Takes the body of an object, hashing it on the way, in bounded memory: a small one is kept for the index, any other
/// is written to a new file, as by [`write()`].
pub(super) async fn take(
    files: &Files,
    mut body: impl Stream<Item = Result<Bytes, StdError>> + Unpin,
    mut sums: Sums,
    reread: Reread,
) -> S3Result<Written> {
    let (pieces, is_last) = gather(&mut body, 0).await?;
    let size: usize = pieces.iter().map(Bytes::len).sum();
    if !is_last || size as u64 > MOST_IN_INDEX {
        return write_after(files, (pieces, is_last), body, sums, reread).await;
    }
    let bytes = match <[Bytes; 1]>::try_from(pieces) {
        Ok([whole]) => whole,
        Err(pieces) => pieces.concat().into(),
    };
    sums.update(&bytes);
    Ok(sums.written(Blob::in_index(bytes)))
}

/// Writes a body to a new file, hashing it on the way, in bounded memory. It is read again soon.
///
/// Other threads than those that serve connections wait for the disk and take the digests. Nothing is copied.
pub(super) async fn write(
    files: &Files,
    mut body: impl Stream<Item = Result<Bytes, StdError>> + Unpin,
    sums: Sums,
) -> S3Result<Written> {
    let first = gather(&mut body, 0).await?;
    write_after(files, first, body, sums, Reread::Soon).await
}

/// Writes the first pieces of a body, and then its rest.
async fn write_after(
    files: &Files,
    first: (Vec<Bytes>, bool),
    mut body: impl Stream<Item = Result<Bytes, StdError>> + Unpin,
    sums: Sums,
    reread: Reread,
) -> S3Result<Written> {
    let mut intake = Intake {
        draft: Draft::new(files),
        file: None,
        sums,
        reread,
    };
    let (mut pieces, mut is_last) = first;
    while !is_last {
        intake = blocking(move || intake.take(&pieces)).await?;
        (pieces, is_last) = gather(&mut body, intake.sums.size).await?;
    }
    blocking(move || intake.take(&pieces)?.finish()).await
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

/// Sums that are computed of a body on its way.
pub(super) struct Sums {
    size: u64,
    md5: Option<Md5>,
    hasher: ChecksumHasher,
}

impl Sums {
    /// These checksums, and the MD5 where that is to be known.
    pub(super) fn new(hasher: ChecksumHasher, takes_md5: bool) -> Self {
        Self {
            size: 0,
            md5: takes_md5.then(Md5::new),
            hasher,
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        self.hasher.update(bytes);
        self.size += bytes.len() as u64;
    }

    fn written(self, blob: Blob) -> Written {
        Written {
            blob,
            size: self.size,
            md5: self.md5.map(Md5::finalize),
            checksums: self.hasher.finalize().into(),
        }
    }
}

/// A draft that takes a body piece by piece.
struct Intake {
    draft: Draft,
    /// Opened by the first pieces.
    file: Option<File>,
    sums: Sums,
    reread: Reread,
}

impl Intake {
    fn take(mut self, pieces: &[Bytes]) -> io::Result<Self> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => File::create_new(self.draft.path())?,
        };
        for bytes in pieces {
            self.sums.update(bytes);
            file.write_all(bytes)?;
        }
        self.file = Some(file);
        Ok(self)
    }

    fn finish(self) -> io::Result<Written> {
        Ok(self.sums.written(self.draft.finish_blocking(self.reread)?))
    }
}

/// A body that could not be read to its end: the error that it carries, or that it ended early.
fn broken_off(error: StdError) -> S3Error {
    match error.downcast::<S3Error>() {
        Ok(error) => *error,
        Err(error) => S3Error::with_source(S3ErrorCode::IncompleteBody, error),
    }
}

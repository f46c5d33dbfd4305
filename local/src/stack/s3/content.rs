//! The bytes of an object to be read, which stay readable whatever happens to its key.

use std::io::SeekFrom;
use std::ops::Range;

use hyper::body::Bytes;
use s3s::dto::StreamingBlob;
use s3s::{Body, S3Result};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::internal;

/// How much of a file is read at once.
const READ_BYTES: usize = 128 * 1024;

/// Where the bytes are.
#[derive(Debug)]
pub(super) enum Content {
    InIndex(Bytes),
    InFile(File),
}

impl Content {
    /// The bytes in a range that lies within the object.
    pub(super) async fn range(self, range: Range<u64>) -> S3Result<StreamingBlob> {
        match self {
            Self::InIndex(bytes) => {
                let end = |end| usize::try_from(end).unwrap_or(usize::MAX).min(bytes.len());
                let part = bytes.slice(end(range.start)..end(range.end));
                Ok(StreamingBlob::from(Body::from(part)))
            }
            Self::InFile(mut file) => {
                file.seek(SeekFrom::Start(range.start)).await.map_err(internal)?;
                let part = file.take(range.end - range.start);
                Ok(StreamingBlob::wrap(ReaderStream::with_capacity(part, READ_BYTES)))
            }
        }
    }
}

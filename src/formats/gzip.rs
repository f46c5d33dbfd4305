//! Gzip (RFC 1952), bounded.

use std::io::{self, Read};

use flate2::read::GzDecoder;

use super::bounded::read_all;

/// What `packed` holds: its first member alone, as `zlib` reads it, of at most `limit` bytes.
pub(super) fn gunzip(packed: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    read_all(GzDecoder::new(packed), limit)
}

//! Gzip (RFC 1952), bounded.

use std::io::{self, Read};

use flate2::read::{GzDecoder, MultiGzDecoder};
use tar::Archive;

use super::bounded::{Bounded, read_all};

/// What an archive may expand to whatever its own size.
const FREE_EXPANSION: u64 = 64 * 1024 * 1024;
/// What it may expand to beyond that, for each of its own bytes. Deflate reaches 1,032; packages of
/// text reach 30.
const MAX_RATIO: u64 = 40;

/// What `packed` holds: its first member alone, as `zlib` reads it, of at most `limit` bytes.
pub(super) fn gunzip(packed: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    read_all(GzDecoder::new(packed), limit)
}

/// A compressed tar archive of `length` bytes that is read forward.
pub(super) fn tar_gz<R: Read>(packed: R, length: u64) -> Archive<Bounded<MultiGzDecoder<R>>> {
    Archive::new(Bounded::new(MultiGzDecoder::new(packed), expansion(length)))
}

/// Bytes that a compressed archive of `length` bytes may expand to.
pub(super) fn expansion(length: u64) -> u64 {
    length.saturating_mul(MAX_RATIO).saturating_add(FREE_EXPANSION)
}

/// Reads what follows the last member, so that a file that is cut off there is noticed; gives the
/// packed source. Padding behind the compressed data is none of anybody's business.
pub(super) fn finish<R: Read>(archive: Archive<Bounded<MultiGzDecoder<R>>>) -> io::Result<R> {
    let mut rest = archive.into_inner();
    match io::copy(&mut rest, &mut io::sink()) {
        Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(error),
        _ => Ok(rest.into_inner().into_inner()),
    }
}

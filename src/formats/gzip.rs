//! Gzip (RFC 1952), bounded.

use std::io::{self, Read, Seek};

use flate2::read::{GzDecoder, MultiGzDecoder};

use super::bounded::{Bounded, read_all};
use super::budget::Budget;
use super::tarball::Archive;

/// What `packed` holds: its first member alone, as `zlib` reads it, of at most `limit` bytes.
pub(super) fn gunzip(packed: impl Read, limit: u64, budget: &Budget) -> io::Result<Vec<u8>> {
    read_all(GzDecoder::new(packed), limit, budget)
}

/// Whether `source`, which is left at its beginning, begins as gzip does.
pub(super) fn is_gzip(source: &mut (impl Read + Seek)) -> io::Result<bool> {
    let mut magic = Vec::new();
    source.take(2).read_to_end(&mut magic)?;
    source.rewind()?;
    Ok(magic == [0x1f, 0x8b])
}

/// A compressed tar archive. What it may expand to is the budget's matter.
pub(super) type TarGz<'b, R> = Archive<'b, Bounded<'b, MultiGzDecoder<R>>>;

/// The compressed tar archive in `packed`, which is read forward.
pub(super) fn tar_gz<R: Read>(packed: R, budget: &Budget) -> TarGz<'_, R> {
    let unpacked = Bounded::new(MultiGzDecoder::new(packed), u64::MAX, budget);
    Archive::new(unpacked, budget)
}

/// Reads what follows the last member, so that a file that is cut off there is noticed; gives the
/// packed source. Padding behind the compressed data is none of anybody's business.
pub(super) fn finish<R: Read>(archive: TarGz<'_, R>) -> io::Result<R> {
    let mut rest = archive.into_inner();
    match io::copy(&mut rest, &mut io::sink()) {
        Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(error),
        _ => Ok(rest.into_inner().into_inner()),
    }
}

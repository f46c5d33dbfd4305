//! The ways in which entries are compressed (APPNOTE 6.3, section 4.4.5): those that Python's
//! `zipfile` knows, with which wheels are made.

use std::io::{self, BufReader, Read};

use bzip2::read::BzDecoder;
use lzma_rust2::LzmaReader;

use super::{Entry, exactly, u16_at, u32_at};
use crate::formats::containers::compression::Costly;
use crate::formats::containers::inflate::Inflate;
use crate::formats::source::bounded::{damaged, read_all};
use crate::formats::source::budget::Budget;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const BZIP2: u16 = 12;
const LZMA: u16 = 14;

/// A flag: the end of LZMA data is marked, rather than known by its size.
const MARKED_END: u16 = 1 << 1;
/// Bytes of LZMA's properties: a byte for the bits of its models, and the size of its dictionary.
const PROPERTIES: u16 = 5;
/// Steps to begin with a block of bzip2, for which megabytes are set aside.
const BZIP2_OPENING_STEPS: usize = 4 * 1024 * 1024;
/// Steps to begin with LZMA, whose largest models take so many bytes.
const LZMA_OPENING_STEPS: usize = 6 * 1024 * 1024;

/// The contents of `packed`, at most `limit` bytes.
pub(super) fn unpacked(entry: &Entry, packed: impl Read, limit: u64, budget: &Budget) -> io::Result<Vec<u8>> {
    match entry.method {
        STORED => read_all(packed, limit, budget),
        DEFLATED => read_all(Inflate::new(BufReader::new(packed), budget), limit, budget),
        BZIP2 => {
            budget.steps(BZIP2_OPENING_STEPS)?;
            read_all(BzDecoder::new(Costly::new(packed, budget)), limit, budget)
        }
        LZMA => {
            budget.steps(LZMA_OPENING_STEPS)?;
            read_all(lzma(entry, Costly::new(packed, budget), limit)?, limit, budget)
        }
        _ => Err(damaged("an entry is compressed in an unusual way")),
    }
}

/// Raw LZMA data behind its header (APPNOTE, section 5.8). Of the dictionary the decoder makes no more
/// than is read of the entry.
fn lzma<R: Read>(entry: &Entry, mut packed: R, limit: u64) -> io::Result<LzmaReader<R>> {
    let header = exactly::<9>(&mut packed)?;
    if u16_at(&header, 2) != PROPERTIES {
        return Err(damaged("an entry has properties that are not LZMA's"));
    }
    let longest = u32::try_from(entry.size.min(limit)).unwrap_or(u32::MAX);
    let dictionary = u32_at(&header, 5).min(longest);
    let size = match entry.flags & MARKED_END {
        0 => entry.size,
        _ => u64::MAX,
    };
    LzmaReader::new_with_props(packed, size, header[4], dictionary, None)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::super::{contents, find};
    use crate::formats::source::budget::{Metered, fixtures::ample};

    /// An archive of one entry, `a-1.dist-info/METADATA`, as Python's `zipfile` makes it.
    const BY_BZIP2: &str = "UEsDBC4AAAAMAAAAIVgnzqttPgAAABMAAAAWAAAAYS0xLmRpc3QtaW5mby9NRVRBREFUQUJaaDkxQVkmU1nwruMR\
        AAAD34AAEEAAIBAAAQEAIiOYACAAIgBNoIQAAFlye6km9Y4bo74u5IpwoSHhXcYiUEsBAi4DLgAAAAwAAAAhWCfOq20+AAAAEwAAABYAAAAAAAAAAAAA\
        AIABAAAAAGEtMS5kaXN0LWluZm8vTUVUQURBVEFQSwUGAAAAAAEAAQBEAAAAcgAAAAAA";
    const BY_LZMA: &str = "UEsDBD8AAgAOAAAAIVgnzqttJwAAABMAAAAWAAAAYS0xLmRpc3QtaW5mby9NRVRBREFUQQkEBQBdAACAAAAnGEmmaCsM\
        SeStZ/KAscclc6Qf+KiJXRr/+TYkAFBLAQI/Az8AAgAOAAAAIVgnzqttJwAAABMAAAAWAAAAAAAAAAAAAACAAQAAAABhLTEuZGlzdC1pbmZvL01FVEFE\
        QVRBUEsFBgAAAAABAAEARAAAAFsAAAAAAA==";

    fn read(archive: Vec<u8>, limit: u64) -> std::io::Result<Vec<u8>> {
        let budget = ample();
        let mut archive = Cursor::new(archive);
        let mut source = Metered::new(&mut archive, &budget);
        let entries = find(&mut source, |_| true)?;
        contents(&mut source, &entries[0], limit)
    }

    #[test]
    fn entries_compressed_by_python_are_read() {
        for packed in [BY_BZIP2, BY_LZMA] {
            let archive = STANDARD.decode(packed).unwrap();
            assert_eq!(read(archive.clone(), 19).unwrap(), b"Name: a\nVersion: 1\n");
            let error = read(archive, 18).unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::FileTooLarge);
        }
    }

    #[test]
    fn flipped_bits_never_give_other_contents() {
        for packed in [BY_BZIP2, BY_LZMA] {
            let archive = STANDARD.decode(packed).unwrap();
            for bit in 0..archive.len() * 8 {
                let mut archive = archive.clone();
                archive[bit / 8] ^= 1 << (bit % 8);
                if let Ok(contents) = read(archive, 1000) {
                    assert_eq!(contents, b"Name: a\nVersion: 1\n", "bit {bit}");
                }
            }
        }
    }
}

//! The compressions that members of packages come in, each within bounds of memory.

use std::io::{self, BufReader, Read};

use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;

use crate::formats::containers::gzip::Gunzip;
use crate::formats::source::budget::Budget;

/// KiB that decoding xz may take: `xz -9` needs 65 MiB, of which only what is used gets touched.
const MAX_XZ_MEMORY_KIB: u32 = 72 * 1024;
/// Bytes of a Zstandard window, which is filled before anything is handed on. Packages are made with
/// 8 MiB, which is that of `zstd -19`.
const MAX_ZSTD_WINDOW_BYTES: u64 = 16 * 1024 * 1024;

/// Steps that a packed byte of xz and Zstandard may take: a block of a few has a window and tables of
/// its own.
const STEPS_PER_BYTE: usize = 100;

/// How something is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Xz,
    Zstd,
}

impl Compression {
    /// By the last part of a file name: `control.tar.xz`, `control.tar`.
    pub(crate) fn by_suffix(name: &str) -> Option<Self> {
        match name.rsplit('.').next()? {
            "tar" => Some(Self::None),
            "gz" => Some(Self::Gzip),
            "xz" => Some(Self::Xz),
            "zst" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Reads what `packed` holds. Its size is for the caller to bound.
    pub(crate) fn unpack<'a>(
        self,
        packed: impl Read + 'a,
        budget: &'a Budget,
    ) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::None => Box::new(packed),
            Self::Gzip => Box::new(Gunzip::new(BufReader::new(packed), budget)),
            Self::Xz => Box::new(XzReader::new_mem_limit(
                Costly::new(packed, budget),
                true,
                MAX_XZ_MEMORY_KIB,
            )),
            Self::Zstd => Box::new(
                StreamingDecoder::new_with_max_window_size(
                    Costly::new(packed, budget),
                    MAX_ZSTD_WINDOW_BYTES,
                )
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?,
            ),
        })
    }
}

/// Packed bytes, each charged for the most that a block of a few can cost.
pub(crate) struct Costly<'b, R> {
    packed: R,
    budget: &'b Budget,
}

impl<'b, R> Costly<'b, R> {
    pub(crate) fn new(packed: R, budget: &'b Budget) -> Self {
        Self { packed, budget }
    }
}

impl<R: Read> Read for Costly<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.packed.read(buffer)?;
        self.budget.steps(read.saturating_mul(STEPS_PER_BYTE))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::source::budget::fixtures::ample;

    #[test]
    fn compressions_follow_from_the_extension() {
        for (name, expected) in [
            ("control.tar", Some(Compression::None)),
            ("control.tar.gz", Some(Compression::Gzip)),
            ("control.tar.xz", Some(Compression::Xz)),
            ("control.tar.zst", Some(Compression::Zstd)),
            ("control.tar.bz2", None),
        ] {
            assert_eq!(Compression::by_suffix(name), expected, "{name}");
        }
    }

    /// "hi" in xz, whose block header differs by the size of the dictionary, and so by its checksum.
    fn xz(dictionary: u8, checksum: [u8; 4]) -> Vec<u8> {
        let mut stream = b"\xfd\x37\x7a\x58\x5a\x00\x00\x01\x69\x22\xde\x36\x02\x00\x21\x01".to_vec();
        stream.push(dictionary);
        stream.extend_from_slice(&[0; 3]);
        stream.extend_from_slice(&checksum);
        stream.extend_from_slice(
            b"\x01\x00\x01\x68\x69\x00\x00\x00\xac\x2a\x93\xd8\x00\x01\x16\x02\xd0\x61\x10\xd2\x90\x42\x99\x0d\x01\x00\x00\x00\x00\x01\x59\x5a",
        );
        stream
    }

    /// "hi" in Zstandard, with a window of two to the power of `log`.
    fn zstd(log: u8) -> Vec<u8> {
        let window = (log - 10) << 3;
        [&b"\x28\xb5\x2f\xfd\0"[..], &[window], b"\x11\0\0hi"].concat()
    }

    fn unpacked(compression: Compression, packed: &[u8]) -> Result<Vec<u8>, String> {
        let (mut bytes, budget) = (Vec::new(), ample());
        let read = compression
            .unpack(packed, &budget)
            .and_then(|mut reader| reader.read_to_end(&mut bytes));
        read.map(|_| bytes).map_err(|error| error.to_string())
    }

    #[test]
    fn dictionaries_and_windows_beyond_memory_are_refused() {
        let (usual, large) = (xz(28, [0x10, 0xcf, 0x58, 0xcc]), xz(36, [0x5e, 0x1f, 0xc7, 0xf9]));
        assert_eq!(unpacked(Compression::Xz, &usual), Ok(b"hi".to_vec()));
        assert_eq!(
            unpacked(Compression::Xz, &large),
            Err("needed memory too big for mem_limit_kb".to_owned())
        );
        assert_eq!(unpacked(Compression::Zstd, &zstd(23)), Ok(b"hi".to_vec()));
        assert!(unpacked(Compression::Zstd, &zstd(27)).is_err());
    }
}

//! The compressions that members of packages come in, each within bounds of memory.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;

/// KiB that decoding xz may take: `xz -9` needs 65 MiB, of which only what is used gets touched.
const XZ_MEMORY_KIB: u32 = 72 * 1024;
/// Bytes of a Zstandard window, which is filled before anything is handed on. Packages are made with
/// 8 MiB, which is that of `zstd -19`.
const ZSTD_WINDOW: u64 = 16 * 1024 * 1024;

/// How something is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Xz,
    Zstd,
}

impl Compression {
    /// By the last part of a file name: `control.tar.xz`, `control.tar`.
    pub(super) fn by_suffix(name: &str) -> Option<Self> {
        match name.rsplit('.').next()? {
            "tar" => Some(Self::None),
            "gz" => Some(Self::Gzip),
            "xz" => Some(Self::Xz),
            "zst" => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Reads what `packed` holds. Its size is for the caller to bound.
    pub(super) fn unpack<'a>(self, packed: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::None => Box::new(packed),
            Self::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Self::Xz => Box::new(XzReader::new_mem_limit(packed, true, XZ_MEMORY_KIB)),
            Self::Zstd => Box::new(
                StreamingDecoder::new_with_max_window_size(packed, ZSTD_WINDOW)
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?,
            ),
        })
    }
}

//! Where an archive's directory lies (APPNOTE 4.3.14 to 4.3.16).

use std::io::{self, Read, Seek, SeekFrom};

use super::exactly;
use super::number::{u16_at, u32_at, u64_at};
use crate::formats::source::bounded::{damaged, length_of};
use crate::formats::source::budget::Metered;

/// Bytes of the directory.
pub(super) const MAX_DIRECTORY_BYTES: u64 = 32 * 1024 * 1024;

const END: &[u8] = b"PK\x05\x06";
const END64: &[u8] = b"PK\x06\x06";
const LOCATOR64: &[u8] = b"PK\x06\x07";
const END_SIZE: u64 = 22;
const END64_SIZE: u64 = 56;
const LOCATOR64_SIZE: u64 = 20;

/// The bytes of a directory.
pub(super) struct Directory {
    pub(super) offset: u64,
    pub(super) size: u64,
    /// Bytes in front of the archive, such as a start script.
    pub(super) prefix: u64,
}

/// The end record of an archive, or the one of ZIP64 before it.
struct End {
    /// Where it begins.
    at: u64,
    size: u64,
    offset: u64,
}

impl Directory {
    pub(super) fn find(source: &mut Metered<'_>) -> io::Result<Self> {
        let end = end(source)?;
        let start = end.at.checked_sub(end.size);
        let prefix = start.and_then(|start| start.checked_sub(end.offset));
        let (Some(offset), Some(prefix)) = (start, prefix) else {
            return Err(damaged("its directory is not where it says"));
        };
        if end.size > MAX_DIRECTORY_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("has a directory of more than {MAX_DIRECTORY_BYTES} bytes"),
            ));
        }
        Ok(Self {
            offset,
            size: end.size,
            prefix,
        })
    }
}

/// Finds the end record, whose comment must reach the end of the file.
fn end(source: &mut Metered<'_>) -> io::Result<End> {
    let length = length_of(source)?;
    let tail_size = length.min(END_SIZE + u64::from(u16::MAX) + LOCATOR64_SIZE);
    source.seek(SeekFrom::Start(length - tail_size))?;
    let mut tail = Vec::new();
    source.take(tail_size).read_to_end(&mut tail)?;
    let end = (0..tail.len().saturating_sub(21))
        .rev()
        .find(|&at| is_end(&tail, at))
        .ok_or_else(|| damaged("it does not end as a ZIP archive does; is it cut off?"))?;
    let record = tail.get(end..).unwrap_or_default();
    let at = length - tail_size + end as u64;
    let locator = end
        .checked_sub(20)
        .and_then(|start| tail.get(start..end))
        .filter(|locator| locator.starts_with(LOCATOR64));
    match locator {
        Some(locator) => end64(source, at - LOCATOR64_SIZE, u64_at(locator, 8)),
        None => Ok(End {
            at,
            size: u64::from(u32_at(record, 12)),
            offset: u64::from(u32_at(record, 16)),
        }),
    }
}

fn is_end(tail: &[u8], at: usize) -> bool {
    let record = tail.get(at..).unwrap_or_default();
    record.starts_with(END) && record.len() == 22 + usize::from(u16_at(record, 20))
}

/// The end record of ZIP64 where its locator says; or right in front of that, since what stands
/// before an archive is not counted in it. There cannot be one in both places.
fn end64(source: &mut Metered<'_>, locator: u64, stated: u64) -> io::Result<End> {
    let in_front = locator.checked_sub(END64_SIZE).filter(|&at| at != stated);
    let at_stated = if stated <= locator {
        record64(source, Some(stated))?
    } else {
        None
    };
    match (at_stated, record64(source, in_front)?) {
        (Some(end), None) | (None, Some(end)) => Ok(end),
        (None, None) => Err(damaged("its ZIP64 end is not where it says")),
        (Some(_), Some(_)) => Err(damaged("it has two ends of ZIP64")),
    }
}

fn record64(source: &mut Metered<'_>, at: Option<u64>) -> io::Result<Option<End>> {
    let Some(at) = at else { return Ok(None) };
    source.seek(SeekFrom::Start(at))?;
    let record = exactly::<56>(source)?;
    Ok(record.starts_with(END64).then(|| End {
        at,
        size: u64_at(&record, 40),
        offset: u64_at(&record, 48),
    }))
}

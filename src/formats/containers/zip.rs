//! The directory of a ZIP archive, and single entries of it (APPNOTE 6.3, with ZIP64).
//!
//! Reads the end of the file, the directory and the requested entries: a few hundred kilobytes of a
//! wheel of four gigabytes. Every entry of the wanted name is returned, so that a reader can refuse a
//! second manifest; declared sizes are checked, never trusted.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use self::directory::Directory;
use self::number::{u16_at, u32_at};
use crate::formats::source::bounded::{damaged, read_all};
use crate::formats::source::budget::Metered;

mod directory;
#[cfg(test)]
pub(crate) mod fixtures;
mod method;
mod number;

/// Entries of one kind.
pub(crate) const MAX_ENTRIES: usize = 1_000;
/// Bytes of the name of such an entry.
const MAX_ENTRY_NAME_BYTES: usize = 4096;
/// Steps to begin with an entry.
const OPENING_STEPS: usize = 16 * 1024;

/// Bytes of the directory that are read at once.
const BLOCK_BYTES: usize = 64 * 1024;

const RECORD: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_BYTES: u64 = 30;
/// Flag bits: encrypted, and the masked headers of strong encryption.
const ENCRYPTED: u16 = 1 | 1 << 13;

/// A file in an archive.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    method: u16,
    flags: u16,
    crc: u32,
    packed_size: u64,
    size: u64,
    /// Of its local header, from the beginning of the file.
    offset: u64,
}

/// Every entry whose name `wanted` accepts, in the directory's order. No two of them share a byte.
pub(crate) fn find(source: &mut Metered<'_>, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<Entry>> {
    let budget = source.budget();
    let directory = Directory::find(source)?;
    source.seek(SeekFrom::Start(directory.offset))?;
    let mut records = BufReader::with_capacity(BLOCK_BYTES, source.take(directory.size));
    let mut record = Record::default();
    let mut found = Vec::new();
    while !records.fill_buf()?.is_empty() {
        budget.items(1)?;
        record.read(&mut records)?;
        // Names of other encodings are no manifest's, but for their ends.
        let name = record
            .name
            .get(..)
            .filter(|name| name.len() <= MAX_ENTRY_NAME_BYTES);
        let name = name.map(String::from_utf8_lossy).filter(|name| wanted(name));
        if let Some(name) = name {
            budget.keep(name.len())?;
            found.push(record.entry(name.into_owned(), directory.prefix)?);
        }
        if found.len() > MAX_ENTRIES {
            return Err(damaged("too many entries of one kind"));
        }
    }
    check_overlaps(&found)?;
    Ok(found)
}

/// Refuses entries that share bytes: few bytes could then cost as much as many.
fn check_overlaps(entries: &[Entry]) -> io::Result<()> {
    let mut places: Vec<_> = entries
        .iter()
        .map(|entry| {
            let header = LOCAL_BYTES + entry.name.len() as u64;
            let end = entry
                .offset
                .saturating_add(header)
                .saturating_add(entry.packed_size);
            (entry.offset, end)
        })
        .collect();
    places.sort_unstable();
    let overlap = |pair: &[(u64, u64)]| matches!(pair, [(_, end), (next, _)] if next < end);
    if places.windows(2).any(overlap) {
        return Err(damaged("two of its entries share bytes"));
    }
    Ok(())
}

/// The contents of `entry`, at most `limit` bytes.
pub(crate) fn contents(source: &mut Metered<'_>, entry: &Entry, limit: u64) -> io::Result<Vec<u8>> {
    let budget = source.budget();
    budget.steps(OPENING_STEPS)?;
    source.seek(SeekFrom::Start(entry.offset))?;
    let header = exactly::<30>(source)?;
    if !header.starts_with(LOCAL) {
        return Err(damaged("an entry is not where the directory says"));
    }
    let name = u64::from(u16_at(&header, 26));
    let extra = u64::from(u16_at(&header, 28));
    if read_all(source.take(name), name, budget)? != entry.name.as_bytes() {
        return Err(damaged("an entry and the directory disagree on its name"));
    }
    io::copy(&mut source.take(extra), &mut io::sink())?;
    let packed = source.take(entry.packed_size);
    if entry.flags & ENCRYPTED != 0 {
        return Err(damaged("an entry is encrypted"));
    }
    let bytes = method::unpacked(entry, packed, limit, budget)?;
    if bytes.len() as u64 != entry.size || crc32fast::hash(&bytes) != entry.crc {
        return Err(damaged("an entry's size or checksum is wrong"));
    }
    Ok(bytes)
}

/// The record of an entry in the directory, read over the one before it.
#[derive(Default)]
struct Record {
    fixed: Vec<u8>,
    name: Vec<u8>,
    extra: Vec<u8>,
}

impl Record {
    fn read(&mut self, records: &mut impl Read) -> io::Result<()> {
        exactly_into(records, 46, &mut self.fixed)?;
        if !self.fixed.starts_with(RECORD) {
            return Err(damaged("its directory is damaged"));
        }
        exactly_into(records, u16_at(&self.fixed, 28), &mut self.name)?;
        exactly_into(records, u16_at(&self.fixed, 30), &mut self.extra)?;
        let comment = u64::from(u16_at(&self.fixed, 32));
        if io::copy(&mut records.take(comment), &mut io::sink())? < comment {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    fn entry(&self, name: String, prefix: u64) -> io::Result<Entry> {
        let fixed = &self.fixed;
        let mut wide = Wide::new(&self.extra);
        let size = wide.value(u32_at(fixed, 24))?;
        let packed_size = wide.value(u32_at(fixed, 20))?;
        let offset = wide.value(u32_at(fixed, 42))?;
        Ok(Entry {
            name,
            flags: u16_at(fixed, 8),
            method: u16_at(fixed, 10),
            crc: u32_at(fixed, 16),
            packed_size,
            size,
            offset: offset
                .checked_add(prefix)
                .ok_or_else(|| damaged("an entry's offset is beyond every file's"))?,
        })
    }
}

/// The ZIP64 extra field: the values that did not fit, in a fixed order.
struct Wide<'a> {
    values: &'a [u8],
}

impl<'a> Wide<'a> {
    fn new(mut extra: &'a [u8]) -> Self {
        while let [id0, id1, size0, size1, rest @ ..] = extra {
            let size = usize::from(u16::from_le_bytes([*size0, *size1])).min(rest.len());
            let (values, next) = rest.split_at(size);
            if (*id0, *id1) == (1, 0) {
                return Self { values };
            }
            extra = next;
        }
        Self { values: &[] }
    }

    fn value(&mut self, narrow: u32) -> io::Result<u64> {
        if narrow != u32::MAX {
            return Ok(u64::from(narrow));
        }
        let (value, rest) = self
            .values
            .split_first_chunk::<8>()
            .ok_or_else(|| damaged("an entry lacks its ZIP64 sizes"))?;
        self.values = rest;
        Ok(u64::from_le_bytes(*value))
    }
}

fn exactly<const N: usize>(reader: &mut (impl Read + ?Sized)) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn exactly_into(reader: &mut impl Read, count: u16, bytes: &mut Vec<u8>) -> io::Result<()> {
    bytes.clear();
    bytes.resize(usize::from(count), 0);
    reader.read_exact(bytes)
}

#[cfg(test)]
mod tests;

//! The directory of a ZIP archive, and single entries of it (APPNOTE 6.3, with ZIP64).
//!
//! Reads the end of the file, the directory and the entries that are asked for: of a wheel of four
//! gigabytes a few hundred kilobytes. Every entry of the wanted name is given, so that a reader can
//! refuse a second manifest; declared sizes are checked, never trusted.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use flate2::Crc;

use super::bounded::{damaged, length_of, read_all};
use super::budget::Metered;

mod method;

/// Bytes of the directory.
pub(super) const MAX_DIRECTORY: u64 = 32 * 1024 * 1024;
/// Entries of one kind that anybody asks for.
pub(super) const MAX_WANTED: usize = 1_000;

/// Steps to begin with an entry: a window and tables are made for it.
const OPENING: usize = 64 * 1024;

/// Bytes of the directory that are read at once.
const BLOCK: usize = 64 * 1024;

const END: &[u8] = b"PK\x05\x06";
const END64: &[u8] = b"PK\x06\x06";
const LOCATOR64: &[u8] = b"PK\x06\x07";
const RECORD: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";
const END_SIZE: u64 = 22;
const LOCATOR64_SIZE: u64 = 20;
/// Flag bits: encrypted, and the masked headers of strong encryption.
const ENCRYPTED: u16 = 1 | 1 << 13;

/// A file in an archive.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    method: u16,
    flags: u16,
    crc: u32,
    packed_size: u64,
    size: u64,
    /// Of its local header, from the beginning of the file.
    offset: u64,
}

/// Where the directory lies.
struct Directory {
    offset: u64,
    size: u64,
    /// Bytes in front of the archive, such as a start script.
    prefix: u64,
}

/// Every entry whose name `wanted` accepts, in the directory's order.
pub(super) fn find(source: &mut Metered<'_>, wanted: impl Fn(&str) -> bool) -> io::Result<Vec<Entry>> {
    let budget = source.budget();
    let directory = directory(source)?;
    source.seek(SeekFrom::Start(directory.offset))?;
    let mut records = BufReader::with_capacity(BLOCK, source.take(directory.size));
    let mut found = Vec::new();
    while !records.fill_buf()?.is_empty() {
        budget.items(1)?;
        let entry = record(&mut records, directory.prefix)?;
        if wanted(&entry.name) {
            found.push(entry);
        }
        if found.len() > MAX_WANTED {
            return Err(damaged("too many entries of one kind"));
        }
    }
    Ok(found)
}

/// The contents of `entry`, at most `limit` bytes.
pub(super) fn contents(source: &mut Metered<'_>, entry: &Entry, limit: u64) -> io::Result<Vec<u8>> {
    let budget = source.budget();
    budget.steps(OPENING)?;
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
    let mut crc = Crc::new();
    crc.update(&bytes);
    if bytes.len() as u64 != entry.size || crc.sum() != entry.crc {
        return Err(damaged("an entry's size or checksum is wrong"));
    }
    Ok(bytes)
}

/// Finds the end record, whose comment must reach the end of the file.
fn directory(source: &mut Metered<'_>) -> io::Result<Directory> {
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
    let mut size = u64::from(u32_at(record, 12));
    let mut offset = u64::from(u32_at(record, 16));
    let mut end_at = length - tail_size + end as u64;
    let locator = end
        .checked_sub(20)
        .and_then(|start| tail.get(start..end))
        .filter(|locator| locator.starts_with(LOCATOR64));
    if let Some(locator) = locator {
        end_at = u64_at(locator, 8);
        source.seek(SeekFrom::Start(end_at))?;
        let record = exactly::<56>(source)?;
        if !record.starts_with(END64) {
            return Err(damaged("its ZIP64 end is not where it says"));
        }
        size = u64_at(&record, 40);
        offset = u64_at(&record, 48);
    }
    let start = end_at.checked_sub(size);
    let prefix = start.and_then(|start| start.checked_sub(offset));
    let (Some(start), Some(prefix)) = (start, prefix) else {
        return Err(damaged("its directory is not where it says"));
    };
    if size > MAX_DIRECTORY {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("has a directory of more than {MAX_DIRECTORY} bytes"),
        ));
    }
    Ok(Directory {
        offset: start,
        size,
        prefix,
    })
}

fn is_end(tail: &[u8], at: usize) -> bool {
    let record = tail.get(at..).unwrap_or_default();
    record.starts_with(END) && record.len() == 22 + usize::from(u16_at(record, 20))
}

fn record(records: &mut impl Read, prefix: u64) -> io::Result<Entry> {
    let fixed = exactly::<46>(records)?;
    if !fixed.starts_with(RECORD) {
        return Err(damaged("its directory is damaged"));
    }
    let name = several(records, u16_at(&fixed, 28))?;
    let extra = several(records, u16_at(&fixed, 30))?;
    several(records, u16_at(&fixed, 32))?;
    let mut wide = Wide::new(&extra);
    let size = wide.value(u32_at(&fixed, 24))?;
    let packed_size = wide.value(u32_at(&fixed, 20))?;
    let offset = wide.value(u32_at(&fixed, 42))?;
    Ok(Entry {
        // Names of other encodings are no manifest's.
        name: String::from_utf8_lossy(&name).into_owned(),
        flags: u16_at(&fixed, 8),
        method: u16_at(&fixed, 10),
        crc: u32_at(&fixed, 16),
        packed_size,
        size,
        offset: offset
            .checked_add(prefix)
            .ok_or_else(|| damaged("an entry's offset is beyond every file's"))?,
    })
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

fn several(reader: &mut impl Read, count: u16) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(count)];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Little-endian numbers; beyond the end of `bytes` there are zeros.
fn number<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes
        .get(at..)
        .and_then(|bytes| bytes.first_chunk().copied())
        .unwrap_or([0; N])
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(number(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(number(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(number(bytes, at))
}

#[cfg(test)]
pub(super) mod fixtures {
    //! Small archives for the tests of every format that is made of ZIP.

    /// An archive of deflated files, as any archiver writes it.
    pub(in crate::formats) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = Vec::new();
        let mut directory = Vec::new();
        for (name, contents) in files {
            let offset = u32::try_from(archive.len()).unwrap();
            let common = common(name, contents);
            archive.extend_from_slice(b"PK\x03\x04");
            archive.extend_from_slice(&common);
            archive.extend_from_slice(name.as_bytes());
            archive.extend_from_slice(&deflated(contents));
            directory.extend_from_slice(b"PK\x01\x02\x14\x00");
            directory.extend_from_slice(&common);
            directory.extend_from_slice(&[0; 10]);
            directory.extend_from_slice(&offset.to_le_bytes());
            directory.extend_from_slice(name.as_bytes());
        }
        let offset = u32::try_from(archive.len()).unwrap();
        let size = u32::try_from(directory.len()).unwrap();
        archive.extend_from_slice(&directory);
        archive.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        let count = u16::try_from(files.len()).unwrap().to_le_bytes();
        archive.extend_from_slice(&[count, count].concat());
        archive.extend_from_slice(&[size.to_le_bytes(), offset.to_le_bytes()].concat());
        archive.extend_from_slice(&[0, 0]);
        archive
    }

    /// What the local header and the directory's record share: version to extra length.
    fn common(name: &str, contents: &[u8]) -> Vec<u8> {
        let mut crc = flate2::Crc::new();
        crc.update(contents);
        let packed = u32::try_from(deflated(contents).len()).unwrap();
        let size = u32::try_from(contents.len()).unwrap();
        let mut bytes = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
        for number in [crc.sum(), packed, size] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
        bytes.extend_from_slice(&[0, 0]);
        bytes
    }

    fn deflated(contents: &[u8]) -> Vec<u8> {
        use std::io::Write;
        let level = flate2::Compression::best();
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), level);
        encoder.write_all(contents).unwrap();
        encoder.finish().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::budget::fixtures::ample;
    use super::fixtures::zip;
    use super::*;

    fn read(archive: Vec<u8>, name: &str, limit: u64) -> io::Result<Vec<Vec<u8>>> {
        let mut archive = Cursor::new(archive);
        let budget = ample();
        let mut source = Metered::new(&mut archive, &budget);
        let entries = find(&mut source, |entry| entry == name)?;
        let contents = |entry| contents(&mut source, entry, limit);
        entries.iter().map(contents).collect()
    }

    #[test]
    fn every_entry_of_a_name_is_found() {
        let archive = zip(&[("a", b"one"), ("b", b"two"), ("a", b"three")]);
        let expected: [&[u8]; 2] = [b"one", b"three"];
        assert_eq!(read(archive, "a", 10).unwrap(), expected);
    }

    #[test]
    fn a_start_script_in_front_does_not_disturb() {
        let archive = [&b"#!/bin/sh\n"[..], &zip(&[("a", b"one")])].concat();
        assert_eq!(read(archive, "a", 10).unwrap(), [b"one"]);
    }

    #[test]
    fn entries_are_read_within_their_bound() {
        let bomb = zip(&[("a", &vec![0; 10_000_000])]);
        let error = read(bomb, "a", 1_000).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn what_follows_the_end_is_refused_and_so_is_a_cut_off_archive() {
        let archive = zip(&[("a", b"one")]);
        assert!(read([&archive[..], b"x"].concat(), "a", 10).is_err());
        for length in 0..archive.len() {
            assert!(read(archive[..length].to_vec(), "a", 10).is_err());
        }
    }

    #[test]
    fn flipped_bits_never_give_other_contents() {
        let archive = zip(&[("a", b"one")]);
        for bit in 0..archive.len() * 8 {
            let mut archive = archive.clone();
            archive[bit / 8] ^= 1 << (bit % 8);
            if let Ok(contents) = read(archive, "a", 10) {
                assert!(contents.iter().all(|bytes| bytes == b"one"), "bit {bit}");
            }
        }
    }

    #[test]
    fn directories_and_what_is_found_in_them_are_bounded() {
        let many: Vec<(&str, &[u8])> = vec![("a", b""); MAX_WANTED + 1];
        let error = read(zip(&many), "a", 10).unwrap_err();
        assert_eq!(error.to_string(), "too many entries of one kind");
        let size = u32::try_from(MAX_DIRECTORY).unwrap() + 1;
        let mut endless = vec![0; size as usize];
        let end = zip(&[]);
        endless.extend_from_slice(&end);
        let at = endless.len() - 10;
        endless[at..at + 4].copy_from_slice(&size.to_le_bytes());
        let error = read(endless, "a", 10).unwrap_err();
        assert_eq!(error.to_string(), "has a directory of more than 33554432 bytes");
    }
}

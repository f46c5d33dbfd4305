use std::io::Cursor;

use super::directory::MAX_DIRECTORY_BYTES;
use super::fixtures::zip;
use super::*;
use crate::formats::source::budget::fixtures::ample;

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

/// An archive with the records of ZIP64, behind other bytes, as `zipfile` of Python appends it.
fn zip64(prefix: &[u8], files: &[(&str, &[u8])]) -> Vec<u8> {
    let archive = zip(files);
    let (entries, end) = archive.split_at(archive.len() - 22);
    let (size, offset) = (u32_at(end, 12), u32_at(end, 16));
    let mut bytes = [prefix, entries, b"PK\x06\x06"].concat();
    bytes.extend_from_slice(&44_u64.to_le_bytes());
    bytes.extend_from_slice(&[0; 28]);
    for number in [u64::from(size), u64::from(offset)] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(b"PK\x06\x07\0\0\0\0");
    bytes.extend_from_slice(&(entries.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&1_u32.to_le_bytes());
    [&bytes[..], end].concat()
}

#[test]
fn zip64_is_read_behind_other_bytes() {
    let files: [(&str, &[u8]); 1] = [("a", b"one")];
    for prefix in [&b""[..], b"#!/bin/sh\n", &[7; 1000]] {
        assert_eq!(read(zip64(prefix, &files), "a", 10).unwrap(), [b"one"]);
    }
    // The locator's own place and the one in front of it say different things.
    let inner = zip64(b"", &files);
    let end = &inner[inner.len() - 98..inner.len() - 42];
    let two = zip64(&[&[0; 200][..], end].concat(), &files);
    let mut two = two;
    let at = two.len() - 42 + 8;
    two[at..at + 8].copy_from_slice(&200_u64.to_le_bytes());
    assert_eq!(
        read(two, "a", 10).unwrap_err().to_string(),
        "it has two ends of ZIP64"
    );
}

#[test]
fn entries_that_share_bytes_are_refused() {
    let mut archive = zip(&[("a", b"one"), ("a", b"two")]);
    let records = archive.len() - 22 - 2 * 47;
    archive.copy_within(records..records + 47, records + 47);
    assert_eq!(
        read(archive, "a", 10).unwrap_err().to_string(),
        "two of its entries share bytes"
    );
}

#[test]
fn long_names_are_nobodys() {
    let long = format!("{}a", "x".repeat(MAX_ENTRY_NAME_BYTES));
    let archive = zip(&[(long.as_str(), b""), ("a", b"one")]);
    let mut archive = Cursor::new(archive);
    let budget = ample();
    let entries = find(&mut Metered::new(&mut archive, &budget), |name| {
        name.ends_with('a')
    })
    .unwrap();
    assert_eq!(entries.len(), 1);
}

#[test]
fn entries_are_read_within_their_bound() {
    let bomb = zip(&[("a", &vec![0; 10_000_000])]);
    let error = read(bomb, "a", 1_000).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
}

#[test]
fn trailing_bytes_and_cut_off_archives_are_refused() {
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
fn directories_and_their_entries_are_bounded() {
    let many: Vec<(&str, &[u8])> = vec![("a", b""); MAX_ENTRIES + 1];
    let error = read(zip(&many), "a", 10).unwrap_err();
    assert_eq!(error.to_string(), "too many entries of one kind");
    let size = u32::try_from(MAX_DIRECTORY_BYTES).unwrap() + 1;
    let mut endless = vec![0; size as usize];
    let end = zip(&[]);
    endless.extend_from_slice(&end);
    let at = endless.len() - 10;
    endless[at..at + 4].copy_from_slice(&size.to_le_bytes());
    let error = read(endless, "a", 10).unwrap_err();
    assert_eq!(error.to_string(), "has a directory of more than 33554432 bytes");
}

//! Blocks: the members of an index in the order of their names, some hundreds in each.
//!
//! The members of a block are its segment, a piece of an object that is written once. A manifest lists the blocks: where
//! their segments lie, and which part of each document is theirs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::gzip::{self, Part};
use crate::id::PackageId;

/// Members up to which a block is left whole.
const MAX_MEMBERS: usize = 1000;
/// Bytes of members up to which a block is left whole.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Members of the blocks into which a larger one is cut.
const CUT_MEMBERS: usize = 500;
/// Bytes of members of the blocks into which a larger one is cut.
const CUT_BYTES: usize = 2 * 1024 * 1024;
/// Members below which a block is joined to one beside it.
pub(super) const MIN_MEMBERS: usize = 128;

/// Reason for which a package is left out whose metadata cannot be read: the one that may pass, as no other does.
pub(super) const METADATA_MISSING: &str = "its metadata is missing";

/// Knowledge that an index keeps of one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Member {
    /// The renderer's own text.
    Taken(Vec<u8>),
    /// The reason for which it is left out.
    LeftOut(String),
}

/// The packages of some names that follow each other.
pub(super) type Names = BTreeMap<String, BTreeMap<PackageId, Member>>;

/// Everything that is to be known of an index to change it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) blocks: Vec<Block>,
    /// Bytes of each document's prologue, compressed.
    pub(super) prologues: Vec<u64>,
}

/// One block of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Block {
    /// Its first name. It has all names up to the next block's first.
    pub(super) first: String,
    /// Packages in the index.
    pub(super) members: u64,
    /// Packages that are left out.
    pub(super) left_out: u64,
    pub(super) segment: Segment,
    /// One for each document.
    pub(super) parts: Vec<Part>,
}

/// Place of a block's members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Segment {
    pub(super) object: Uuid,
    pub(super) offset: u64,
    pub(super) bytes: u64,
    /// Bytes before compression.
    pub(super) text_bytes: u64,
}

impl Manifest {
    /// The block that has this name, or would have it; `None` where there is no block.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        let after = self.blocks.partition_point(|block| block.first.as_str() <= name);
        (!self.blocks.is_empty()).then(|| after.saturating_sub(1))
    }

    pub(super) fn members(&self) -> u64 {
        self.blocks.iter().map(|block| block.members).sum()
    }

    /// Bytes of all members, in memory.
    pub(super) fn member_bytes(&self) -> u64 {
        self.blocks.iter().map(|block| block.segment.text_bytes).sum()
    }

    pub(super) fn left_out(&self) -> u64 {
        self.blocks.iter().map(|block| block.left_out).sum()
    }
}

/// The number of packages, those left out among them.
pub(super) fn count(names: &Names) -> usize {
    names.values().map(BTreeMap::len).sum()
}

/// Cuts names into blocks of the right size. A name is never cut.
pub(super) fn cut(names: Names) -> Vec<Names> {
    let bytes = |packages: &BTreeMap<_, Member>| packages.values().map(Member::bytes).sum::<usize>();
    if names.is_empty() {
        return Vec::new();
    }
    if count(&names) <= MAX_MEMBERS && names.values().map(bytes).sum::<usize>() <= MAX_BYTES {
        return vec![names];
    }
    let mut blocks = vec![Names::new()];
    let (mut members, mut length) = (0, 0);
    for (name, packages) in names {
        if members > 0 && (members + packages.len() > CUT_MEMBERS || length + bytes(&packages) > CUT_BYTES) {
            blocks.push(Names::new());
            (members, length) = (0, 0);
        }
        members += packages.len();
        length += bytes(&packages);
        if let Some(block) = blocks.last_mut() {
            block.insert(name, packages);
        }
    }
    blocks
}

impl Member {
    pub(super) fn lacks_metadata(&self) -> bool {
        matches!(self, Self::LeftOut(reason) if reason == METADATA_MISSING)
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Taken(text) => text.len(),
            Self::LeftOut(reason) => reason.len(),
        }
    }
}

/// Members as a segment, and the number of its bytes before compression.
pub(super) fn write_segment(names: &Names) -> (u64, Vec<u8>) {
    let mut text = Vec::new();
    for (name, packages) in names {
        write(&mut text, name.as_bytes());
        text.extend_from_slice(&length(packages.len()));
        for (id, member) in packages {
            text.extend_from_slice(Uuid::from(*id).as_bytes());
            let (tag, bytes) = match member {
                Member::Taken(bytes) => (0, bytes.as_slice()),
                Member::LeftOut(reason) => (1, reason.as_bytes()),
            };
            text.push(tag);
            write(&mut text, bytes);
        }
    }
    (text.len() as u64, gzip::pack(&text))
}

fn write(text: &mut Vec<u8>, bytes: &[u8]) {
    text.extend_from_slice(&length(bytes.len()));
    text.extend_from_slice(bytes);
}

fn length(length: usize) -> [u8; 4] {
    // Of a name, a member or a count, which are all bounded far below.
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

/// The members of a segment; `None` where it is damaged.
pub(super) fn read_segment(bytes: &[u8], text_bytes: u64) -> Option<Names> {
    let text = gzip::unpack(bytes, text_bytes)?;
    let mut rest = text.as_slice();
    let mut names = Names::new();
    while !rest.is_empty() {
        let name = String::from_utf8(read(&mut rest)?.to_vec()).ok()?;
        let count = read_length(&mut rest)?;
        let mut packages = BTreeMap::new();
        for _ in 0..count {
            let (id, after) = rest.split_first_chunk::<16>()?;
            let (tag, after) = after.split_first()?;
            rest = after;
            let bytes = read(&mut rest)?.to_vec();
            let member = match tag {
                0 => Member::Taken(bytes),
                1 => Member::LeftOut(String::from_utf8(bytes).ok()?),
                _ => return None,
            };
            packages.insert(Uuid::from_bytes(*id).to_string().parse().ok()?, member);
        }
        names.insert(name, packages);
    }
    Some(names)
}

fn read<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = read_length(rest)?;
    let (bytes, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(bytes)
}

fn read_length(rest: &mut &[u8]) -> Option<usize> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    usize::try_from(u32::from_le_bytes(*length)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sizes: &[usize]) -> Names {
        let packages = |count| {
            let member = |_| (PackageId::mint(), Member::Taken(b"x".to_vec()));
            (0..count).map(member).collect()
        };
        let named = sizes.iter().enumerate();
        named
            .map(|(number, count)| (format!("n{number:04}"), packages(*count)))
            .collect()
    }

    #[test]
    fn large_blocks_are_cut_between_names() {
        for (sizes, expected) in [
            (vec![], vec![]),
            (vec![1000], vec![1000]),
            (vec![1; 1000], vec![1000]),
            (vec![1; 1001], vec![500, 500, 1]),
            (vec![3000, 1, 1], vec![3000, 2]),
            (vec![400, 400, 400], vec![400, 400, 400]),
        ] {
            let blocks = cut(names(&sizes));
            assert_eq!(blocks.iter().map(count).collect::<Vec<_>>(), expected);
        }
        let large = |_| (PackageId::mint(), Member::Taken(vec![0; 100_000]));
        let named = |number| (format!("n{number}"), (0..10).map(large).collect());
        let blocks = cut((0..5).map(named).collect());
        assert_eq!(blocks.iter().map(count).collect::<Vec<_>>(), [20, 20, 10]);
    }

    #[test]
    fn segments_are_read_as_they_were_written() {
        let mut written = names(&[3, 0, 2]);
        let reason = Member::LeftOut("Its name is not one.".to_owned());
        written
            .entry("é".to_owned())
            .or_default()
            .insert(PackageId::mint(), reason);
        let (text_bytes, bytes) = write_segment(&written);
        assert_eq!(read_segment(&bytes, text_bytes), Some(written));
        assert_eq!(read_segment(&bytes, text_bytes - 1), None);
        for end in 0..bytes.len() {
            assert_eq!(read_segment(&bytes[..end], text_bytes), None);
        }
        for text in [&b"\x05\0\0\0ab"[..], b"\x01\0\0\0a\xFF\xFF\xFF\xFF"] {
            assert_eq!(read_segment(&gzip::pack(text), 100), None);
        }
    }

    #[test]
    fn names_are_found_in_their_block() {
        let block = |first: &str| Block {
            first: first.to_owned(),
            members: 1,
            left_out: 0,
            segment: Segment {
                object: Uuid::nil(),
                offset: 0,
                bytes: 0,
                text_bytes: 0,
            },
            parts: Vec::new(),
        };
        let manifest = |firsts: &[&str]| Manifest {
            blocks: firsts.iter().map(|first| block(first)).collect(),
            prologues: Vec::new(),
        };
        assert_eq!(manifest(&[]).position("a"), None);
        for (name, expected) in [("a", 0), ("b", 0), ("c", 0), ("d", 1), ("e", 1)] {
            assert_eq!(manifest(&["b", "d"]).position(name), Some(expected), "{name}");
        }
    }
}

//! ADB, the container of apk 3 (`apk-v3(5)`): a tree of values in one block, named by their offsets.
//! Everything is little-endian.

use std::io::{self, Read};

use crate::formats::source::bounded::{damaged, read_all};
use crate::formats::source::budget::Budget;

/// `ADB.`, in front of what is not compressed.
const MAGIC: [u8; 4] = *b"ADB.";
/// Bytes of the block that holds the tree: names, dependencies and the list of files.
const MAX_BLOCK_BYTES: u64 = 16 * 1024 * 1024;
/// A block's header where its size fits into 30 bits; its type, 0 for the tree, is in the other two.
const BLOCK_HEADER_BYTES: u32 = 4;

/// The tree of a file, in memory.
pub(super) struct Adb {
    pub(super) block: Vec<u8>,
}

/// A value: a kind in the highest four bits, and itself or its offset in the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Value(u32);

/// The numbered values of an object or an array, the first of them 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slots<'a>(&'a [u8]);

impl Adb {
    /// Reads the tree of a file of this `schema`, uncompressed.
    pub(super) fn read(mut reader: impl Read, schema: [u8; 4], budget: &Budget) -> io::Result<Self> {
        let mut start = [0; 12];
        reader.read_exact(&mut start)?;
        let [magic, found, header] = start.as_chunks::<4>().0 else {
            return Err(damaged("it has no header"));
        };
        if *magic != MAGIC || *found != schema {
            return Err(damaged("its schema is not that of packages"));
        }
        let size = u32::from_le_bytes(*header);
        if size >> 30 != 0 || size < BLOCK_HEADER_BYTES {
            return Err(damaged("its first block does not hold values"));
        }
        let size = u64::from(size - BLOCK_HEADER_BYTES);
        let block = read_all(reader.take(size), MAX_BLOCK_BYTES, budget)?;
        if (block.len() as u64) < size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // The version that readers must know.
        if block.first() != Some(&0) {
            return Err(damaged("it is of a later version"));
        }
        Ok(Self { block })
    }

    /// The outermost object: behind two versions and two bytes that are reserved.
    pub(super) fn root(&self) -> Slots<'_> {
        self.slots(Value(self.number_at(4).unwrap_or_default()))
    }

    /// The bytes of a blob; none where the value is none, or lies outside.
    pub(super) fn blob(&self, value: Value) -> Option<&[u8]> {
        let at = value.offset();
        let (length, width) = match value.kind() {
            0x8 => (usize::from(*self.block.get(at)?), 1),
            0x9 => (
                usize::from(u16::from_le_bytes(*self.block.get(at..)?.first_chunk()?)),
                2,
            ),
            0xa => (usize::try_from(self.number_at(at)?).ok()?, 4),
            _ => return None,
        };
        self.block.get(at + width..)?.get(..length)
    }

    /// A number; none where the value is none, or lies outside.
    pub(super) fn number(&self, value: Value) -> Option<u64> {
        match value.kind() {
            0x1 => Some(u64::from(value.0 & Value::OFFSET)),
            0x2 => self.number_at(value.offset()).map(u64::from),
            0x3 => Some(u64::from_le_bytes(
                *self.block.get(value.offset()..)?.first_chunk()?,
            )),
            _ => None,
        }
    }

    /// The values of an object or an array; none at all where the value is neither.
    pub(super) fn slots(&self, value: Value) -> Slots<'_> {
        let slots = || {
            let at = Some(value.offset()).filter(|_| matches!(value.kind(), 0xd | 0xe))?;
            // Their number stands in front of them and counts itself.
            let count = usize::try_from(self.number_at(at)?).ok()?.checked_sub(1)?;
            self.block.get(at + 4..)?.get(..count.checked_mul(4)?)
        };
        Slots(slots().unwrap_or_default())
    }

    fn number_at(&self, at: usize) -> Option<u32> {
        Some(u32::from_le_bytes(*self.block.get(at..)?.first_chunk()?))
    }
}

impl Value {
    const OFFSET: u32 = 0x0fff_ffff;

    fn kind(self) -> u32 {
        self.0 >> 28
    }

    fn offset(self) -> usize {
        (self.0 & Self::OFFSET) as usize
    }
}

impl<'a> Slots<'a> {
    /// The value of a numbered field; a null where there are fewer.
    pub(super) fn get(self, number: usize) -> Value {
        let mut values = self.values().skip(number.saturating_sub(1));
        values.next().unwrap_or(Value(0))
    }

    pub(super) fn values(self) -> impl Iterator<Item = Value> + use<'a> {
        let values = self.0.as_chunks::<4>().0.iter();
        values.map(|bytes| Value(u32::from_le_bytes(*bytes)))
    }
}

#[cfg(test)]
pub(super) mod fixtures {
    //! Small trees for the tests.

    /// A tree that is written from its leaves to its root.
    pub(crate) struct Tree(Vec<u8>);

    impl Tree {
        pub(crate) fn new() -> Self {
            Self(vec![0; 8])
        }

        fn align(&mut self, to: usize) -> u32 {
            self.0.resize(self.0.len().next_multiple_of(to), 0);
            u32::try_from(self.0.len()).unwrap()
        }

        pub(crate) fn blob(&mut self, bytes: &[u8]) -> u32 {
            let Ok(length) = u8::try_from(bytes.len()) else {
                let length = u32::try_from(bytes.len()).unwrap();
                let at = self.align(4);
                self.0.extend(length.to_le_bytes());
                self.0.extend_from_slice(bytes);
                return 0xa << 28 | at;
            };
            let at = self.align(1);
            self.0.push(length);
            self.0.extend_from_slice(bytes);
            0x8 << 28 | at
        }

        pub(crate) fn number(&mut self, number: u32) -> u32 {
            if number < 1 << 28 {
                return 1 << 28 | number;
            }
            let at = self.align(4);
            self.0.extend(number.to_le_bytes());
            2 << 28 | at
        }

        fn slots(&mut self, kind: u32, slots: &[u32]) -> u32 {
            let at = self.align(4);
            let count = u32::try_from(slots.len() + 1).unwrap();
            self.0.extend(count.to_le_bytes());
            self.0.extend(slots.iter().flat_map(|slot| slot.to_le_bytes()));
            kind << 28 | at
        }

        pub(crate) fn object(&mut self, slots: &[u32]) -> u32 {
            self.slots(0xe, slots)
        }

        pub(crate) fn array(&mut self, slots: &[u32]) -> u32 {
            self.slots(0xd, slots)
        }

        /// The file, uncompressed, and a block of data behind its tree.
        pub(crate) fn file(mut self, schema: [u8; 4], root: u32) -> Vec<u8> {
            self.0[4..8].copy_from_slice(&root.to_le_bytes());
            let size = u32::try_from(self.0.len() + 4).unwrap();
            let data = (2_u32 << 30 | 8).to_le_bytes();
            let padding = vec![0; self.0.len().wrapping_add(4).next_multiple_of(8) - self.0.len() - 4];
            [
                &b"ADB."[..],
                &schema,
                &size.to_le_bytes(),
                &self.0,
                &padding,
                &data,
                b"data",
            ]
            .concat()
        }
    }
}

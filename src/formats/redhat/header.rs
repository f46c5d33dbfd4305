//! The header structure of RPM packages ("RPM Package format", versions 3 to 6): an index of tags
//! and a store of their values, met twice in a file, as signature and as header.

use std::io::{self, Read};

use super::text::Text;
use crate::formats::source::bounded::{damaged, read_all};
use crate::formats::source::budget::Budget;

/// Entries of an index.
pub(super) const MAX_ENTRIES: u32 = 65_535;
/// Bytes of a store; packages of a hundred thousand files have some ten million.
pub(super) const MAX_STORE_BYTES: u32 = 16 * 1024 * 1024;

const MAGIC: [u8; 4] = [0x8e, 0xad, 0xe8, 0x01];
const INTRODUCTION_BYTES: u64 = 16;
const ENTRY_BYTES: u64 = 16;
/// `HEADERIMAGE`, `HEADERSIGNATURES` and `HEADERIMMUTABLE`: an index's first entry may span all others.
const REGIONS: std::ops::RangeInclusive<u32> = 61..=63;

/// A header in memory.
pub(super) struct Header {
    entries: Vec<Entry>,
    store: Vec<u8>,
    /// Bytes of the whole structure in the file.
    pub(super) size: u64,
}

/// Where a tag's values lie.
struct Entry {
    tag: u32,
    kind: u32,
    offset: usize,
    count: usize,
}

impl Header {
    /// Reads the header that begins here.
    pub(super) fn read(reader: &mut impl Read, budget: &Budget) -> io::Result<Self> {
        let mut introduction = [0; 16];
        reader.read_exact(&mut introduction)?;
        let [magic, _, entries, size] = quarters(&introduction);
        if magic != u32::from_be_bytes(MAGIC) {
            return Err(damaged("a header is not where it must be"));
        }
        if entries > MAX_ENTRIES || size > MAX_STORE_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("has a header of more than {MAX_ENTRIES} tags or {MAX_STORE_BYTES} bytes"),
            ));
        }
        let index_size = u64::from(entries) * ENTRY_BYTES;
        let index = exactly(reader, index_size, budget)?;
        let store = exactly(reader, u64::from(size), budget)?;
        let entries: Vec<_> = index.as_chunks::<16>().0.iter().map(Entry::read).collect();
        check(&entries, &store)?;
        Ok(Self {
            entries,
            store,
            size: INTRODUCTION_BYTES + index_size + u64::from(size),
        })
    }

    fn entry(&self, tag: u32) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    /// Whether there is such a tag.
    pub(super) fn has(&self, tag: u32) -> bool {
        self.entry(tag).is_some()
    }

    /// The first text of a tag.
    pub(super) fn text(&self, tag: u32) -> Option<Text<'_>> {
        self.texts(tag).next()
    }

    /// The texts of a tag.
    pub(super) fn texts(&self, tag: u32) -> impl Iterator<Item = Text<'_>> {
        let entry = self.entry(tag).filter(|entry| entry.is_text());
        let (store, count) = match entry {
            None => (&[][..], 0),
            Some(entry) => (self.store.get(entry.offset..).unwrap_or_default(), entry.count),
        };
        store.split(|&byte| byte == 0).take(count).map(Text)
    }

    /// The first number of a tag.
    pub(super) fn number(&self, tag: u32) -> Option<u64> {
        self.numbers(tag).next()
    }

    /// The numbers of a tag.
    pub(super) fn numbers(&self, tag: u32) -> impl Iterator<Item = u64> {
        let entry = self.entry(tag).filter(|entry| entry.width().is_some());
        let width = entry.and_then(Entry::width).unwrap_or(1);
        let (offset, count) = entry.map_or((0, 0), |entry| (entry.offset, entry.count));
        let values = self.store.get(offset..).unwrap_or_default();
        values.chunks_exact(width).take(count).map(|bytes| {
            bytes
                .iter()
                .fold(0, |number, &byte| number << 8 | u64::from(byte))
        })
    }
}

/// Refuses an index that rpm refuses: values that do not lie in the store one behind the other, so
/// that no two tags share a byte.
fn check(entries: &[Entry], store: &[u8]) -> io::Result<()> {
    let has_region = entries.first().is_some_and(|entry| REGIONS.contains(&entry.tag));
    let mut end = 0;
    for entry in entries.iter().skip(usize::from(has_region)) {
        let length = store.get(entry.offset..).and_then(|values| entry.length(values));
        match length {
            Some(length) if entry.offset >= end => end = entry.offset + length,
            _ => return Err(damaged("the values of its tags overlap or are not in order")),
        }
    }
    Ok(())
}

impl Entry {
    fn read(bytes: &[u8; 16]) -> Self {
        let [tag, kind, offset, count] = quarters(bytes);
        Self {
            tag,
            kind,
            offset: offset as usize,
            count: count as usize,
        }
    }

    /// Whether this is `STRING`, `STRING_ARRAY` or `I18NSTRING`.
    fn is_text(&self) -> bool {
        matches!(self.kind, 6 | 8 | 9)
    }

    /// Bytes of one number or of one byte of binary data.
    fn width(&self) -> Option<usize> {
        match self.kind {
            // CHAR, INT8, BIN.
            1 | 2 | 7 => Some(1),
            // INT16, INT32, INT64.
            3 => Some(2),
            4 => Some(4),
            5 => Some(8),
            _ => None,
        }
    }

    /// Bytes of all values, which begin where `values` does; none where they are not all there.
    fn length(&self, values: &[u8]) -> Option<usize> {
        let last = self.count.checked_sub(1)?;
        if let Some(width) = self.width() {
            return self
                .count
                .checked_mul(width)
                .filter(|&length| length <= values.len());
        }
        if !self.is_text() || self.kind == 6 && last > 0 {
            return None;
        }
        let mut ends = values.iter().enumerate().filter(|(_, byte)| **byte == 0);
        ends.nth(last).map(|(end, _)| end + 1)
    }
}

/// Four big-endian numbers.
fn quarters(bytes: &[u8; 16]) -> [u32; 4] {
    let number = u128::from_be_bytes(*bytes);
    let quarter = |shift: u32| u32::try_from(number >> shift & 0xffff_ffff).unwrap_or_default();
    [quarter(96), quarter(64), quarter(32), quarter(0)]
}

fn exactly(reader: &mut impl Read, count: u64, budget: &Budget) -> io::Result<Vec<u8>> {
    let bytes = read_all(reader.take(count), count, budget)?;
    if bytes.len() as u64 == count {
        Ok(bytes)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

#[cfg(test)]
pub(super) mod fixtures {
    //! Small headers for the tests.

    /// Values of a tag.
    pub(crate) enum Values<'a> {
        Text(&'a str),
        /// A text in another encoding than UTF-8.
        Bytes(&'a [u8]),
        Texts(&'a [&'a str]),
        Modes(&'a [u16]),
        Numbers(&'a [u32]),
    }

    pub(crate) fn header(tags: &[(u32, Values)]) -> Vec<u8> {
        let mut index = Vec::new();
        let mut store = Vec::new();
        for (tag, values) in tags {
            let (kind, count, bytes) = encoded(values);
            // Numbers are aligned to their size.
            store.resize(store.len().next_multiple_of(4), 0);
            for number in [*tag, kind, u32::try_from(store.len()).unwrap(), count] {
                index.extend_from_slice(&number.to_be_bytes());
            }
            store.extend_from_slice(&bytes);
        }
        let mut header = super::MAGIC.to_vec();
        let counts = [
            0,
            u32::try_from(tags.len()).unwrap(),
            u32::try_from(store.len()).unwrap(),
        ];
        header.extend(counts.into_iter().flat_map(u32::to_be_bytes));
        [header, index, store].concat()
    }

    fn encoded(values: &Values) -> (u32, u32, Vec<u8>) {
        let texts = |texts: &[&str]| {
            texts
                .iter()
                .flat_map(|text| [text.as_bytes(), b"\0"].concat())
                .collect()
        };
        let count = |count: usize| u32::try_from(count).unwrap();
        match values {
            Values::Text(text) => (6, 1, texts(&[text])),
            Values::Bytes(bytes) => (6, 1, [bytes, &b"\0"[..]].concat()),
            Values::Texts(list) => (8, count(list.len()), texts(list)),
            Values::Modes(list) => (
                3,
                count(list.len()),
                list.iter().flat_map(|n| n.to_be_bytes()).collect(),
            ),
            Values::Numbers(list) => (
                4,
                count(list.len()),
                list.iter().flat_map(|n| n.to_be_bytes()).collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fixtures::{Values, header};
    use super::*;
    use crate::formats::source::budget::fixtures::ample;

    #[test]
    fn values_are_read_by_tag_and_type() {
        let bytes = header(&[
            (1000, Values::Text("name")),
            (1001, Values::Texts(&["a", "", "b"])),
            (1002, Values::Modes(&[1, 0xffff])),
            (1003, Values::Numbers(&[7])),
        ]);
        let header = Header::read(&mut &bytes[..], &ample()).unwrap();
        assert_eq!(header.text(1000), Some(Text(b"name")));
        assert_eq!(
            header.texts(1001).collect::<Vec<_>>(),
            [Text(b"a"), Text(b""), Text(b"b")]
        );
        assert_eq!(header.numbers(1002).collect::<Vec<_>>(), [1, 0xffff]);
        assert_eq!(header.number(1003), Some(7));
        assert_eq!((header.text(1003), header.number(1000)), (None, None));
        assert_eq!(header.size, bytes.len() as u64);
    }

    #[test]
    fn values_outside_the_store_are_refused() {
        let good = header(&[(1000, Values::Text("abc")), (1001, Values::Numbers(&[1, 2]))]);
        assert!(Header::read(&mut &good[..], &ample()).is_ok());
        // Offset and count of either entry.
        for (at, value) in [
            (24, u32::MAX),
            (28, 0),
            (28, 2),
            (28, u32::MAX),
            (40, 3),
            (40, 8),
            (44, 0),
            (44, 3),
            (44, 1 << 31),
        ] {
            let mut bytes = good.clone();
            bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
            let refused = Header::read(&mut &bytes[..], &ample()).map(|header| header.size);
            assert!(refused.is_err(), "{at} {value}");
        }
    }

    #[test]
    fn a_region_spans_the_other_tags() {
        let mut bytes = header(&[(63, Values::Text("at the end")), (1000, Values::Text("abc"))]);
        bytes[24..28].copy_from_slice(&12_u32.to_be_bytes());
        bytes[40..44].copy_from_slice(&0_u32.to_be_bytes());
        assert!(Header::read(&mut &bytes[..], &ample()).is_ok());
        bytes[16..20].copy_from_slice(&999_u32.to_be_bytes());
        assert!(Header::read(&mut &bytes[..], &ample()).is_err());
    }

    #[test]
    fn sizes_beyond_bounds_or_file_are_refused() {
        let good = header(&[(1000, Values::Text("name"))]);
        for (at, value) in [
            (8, MAX_ENTRIES + 1),
            (12, MAX_STORE_BYTES + 1),
            (12, MAX_STORE_BYTES),
            (0, 0),
        ] {
            let mut bytes = good.clone();
            bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
            assert!(Header::read(&mut &bytes[..], &ample()).is_err());
        }
    }
}

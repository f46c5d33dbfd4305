//! Gzip (RFC 1952), bounded.

use std::io::{self, BufRead, BufReader, Read, Seek};

use crate::formats::containers::inflate::Inflate;
use crate::formats::containers::tarball::Archive;
use crate::formats::source::bounded::{Bounded, damaged, read_all};
use crate::formats::source::budget::Budget;

/// Bytes of the packed file that are read at once.
const BLOCK_BYTES: usize = 64 * 1024;
/// Flags of a header: a sum of it, and what follows its fixed part.
const HEADER_SUM: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;

/// Reads what gzip members hold, one after another.
pub(crate) struct Gunzip<'b, R> {
    inflate: Inflate<'b, R>,
    budget: &'b Budget,
    place: Place,
    /// Whether further members belong to the stream.
    is_multi_member: bool,
    crc: crc32fast::Hasher,
    /// Bytes of this member, as its trailer counts them.
    size: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    FirstHeader,
    Header,
    Data,
    End,
}

impl<'b, R: BufRead> Gunzip<'b, R> {
    /// All members.
    pub(crate) fn new(packed: R, budget: &'b Budget) -> Self {
        Self {
            inflate: Inflate::new(packed, budget),
            budget,
            place: Place::FirstHeader,
            is_multi_member: true,
            crc: crc32fast::Hasher::new(),
            size: 0,
        }
    }

    /// The first member only; the bytes behind it are not consumed.
    pub(crate) fn first(packed: R, budget: &'b Budget) -> Self {
        Self {
            is_multi_member: false,
            ..Self::new(packed, budget)
        }
    }

    pub(crate) fn into_inner(self) -> R {
        self.inflate.into_inner()
    }

    /// Passes over the header of the next member, if there is one.
    fn header(&mut self) -> io::Result<()> {
        let packed = self.inflate.packed();
        if self.place == Place::Header && packed.fill_buf()?.is_empty() {
            self.place = Place::End;
            return Ok(());
        }
        self.budget.items(1)?;
        let mut fixed = [0; 10];
        packed.read_exact(&mut fixed)?;
        let [0x1f, 0x8b, 8, flags, ..] = fixed else {
            return Err(match self.place {
                Place::FirstHeader => damaged("it is not compressed by gzip"),
                _ => io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "something else follows its compressed data",
                ),
            });
        };
        if flags & EXTRA != 0 {
            let mut length = [0; 2];
            packed.read_exact(&mut length)?;
            skip(packed, u64::from(u16::from_le_bytes(length)))?;
        }
        for text in [NAME, COMMENT] {
            if flags & text != 0 {
                packed.skip_until(0)?;
            }
        }
        if flags & HEADER_SUM != 0 {
            skip(packed, 2)?;
        }
        self.inflate.restart();
        self.crc = crc32fast::Hasher::new();
        self.size = 0;
        self.place = Place::Data;
        Ok(())
    }

    /// Compares size and checksum of the contents with the trailer.
    fn trailer(&mut self) -> io::Result<()> {
        let mut trailer = [0; 8];
        self.inflate.packed().read_exact(&mut trailer)?;
        let expected = u64::from(self.crc.clone().finalize()) | u64::from(self.size) << 32;
        if u64::from_le_bytes(trailer) != expected {
            return Err(damaged("its checksum is wrong"));
        }
        self.place = if self.is_multi_member {
            Place::Header
        } else {
            Place::End
        };
        Ok(())
    }
}

impl<R: BufRead> Read for Gunzip<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match self.place {
                Place::FirstHeader | Place::Header => self.header()?,
                Place::End => return Ok(0),
                Place::Data => {
                    let read = self.inflate.read(buffer)?;
                    if read == 0 {
                        self.trailer()?;
                        continue;
                    }
                    self.crc.update(buffer.get(..read).unwrap_or_default());
                    self.size = self.size.wrapping_add(u32::try_from(read).unwrap_or_default());
                    return Ok(read);
                }
            }
        }
    }
}

fn skip(packed: &mut impl Read, count: u64) -> io::Result<()> {
    match io::copy(&mut packed.take(count), &mut io::sink())? {
        skipped if skipped == count => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Unpacks the first member of `packed`, as `zlib` does, to at most `limit` bytes.
pub(crate) fn gunzip(packed: &[u8], limit: u64, budget: &Budget) -> io::Result<Vec<u8>> {
    read_all(Gunzip::first(packed, budget), limit, budget)
}

/// Whether `source`, which is left at its beginning, begins as gzip does.
pub(crate) fn is_gzip(source: &mut (impl Read + Seek)) -> io::Result<bool> {
    let mut magic = Vec::new();
    source.take(2).read_to_end(&mut magic)?;
    source.rewind()?;
    Ok(magic == [0x1f, 0x8b])
}

/// A compressed tar archive. The budget bounds its size.
pub(crate) type TarGz<'b, R> = Archive<'b, Bounded<'b, Gunzip<'b, BufReader<R>>>>;

/// The compressed tar archive in `packed`, which is read forward.
pub(crate) fn tar_gz<R: Read>(packed: R, budget: &Budget) -> TarGz<'_, R> {
    let unpacked = Gunzip::new(BufReader::with_capacity(BLOCK_BYTES, packed), budget);
    Archive::new(Bounded::new(unpacked, u64::MAX, budget), budget)
}

/// Reads what follows the last member, so that a file that is cut off there is noticed; gives the
/// packed source. Padding behind the compressed data is ignored.
pub(crate) fn finish<R: Read>(archive: TarGz<'_, R>) -> io::Result<R> {
    let mut rest = archive.into_inner();
    match io::copy(&mut rest, &mut io::sink()) {
        Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(error),
        _ => Ok(rest.into_inner().into_inner().into_inner()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, GzBuilder};

    use super::*;
    use crate::formats::source::budget::fixtures::ample;

    fn member(text: &str) -> Vec<u8> {
        let header = GzBuilder::new()
            .filename("a name")
            .comment("a comment")
            .extra(*b"extra");
        let mut encoder = header.write(Vec::new(), Compression::best());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(packed: &[u8]) -> io::Result<String> {
        let mut text = String::new();
        Gunzip::new(packed, &ample()).read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn members_are_read_one_after_another() {
        let packed = [member("one"), member(""), member("two")].concat();
        assert_eq!(unpacked(&packed).unwrap(), "onetwo");
        assert_eq!(gunzip(&packed, 3, &ample()).unwrap(), b"one");
    }

    #[test]
    fn cut_off_or_damaged_members_are_refused() {
        let packed = member("some text");
        for length in 0..packed.len() {
            let error = unpacked(&packed[..length]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{length}");
        }
        for at in packed.len() - 8..packed.len() {
            let mut damaged = packed.clone();
            damaged[at] ^= 1;
            assert_eq!(
                unpacked(&damaged).unwrap_err().to_string(),
                "its checksum is wrong"
            );
        }
        assert!(unpacked(b"something else").is_err());
    }

    #[test]
    fn members_that_hold_nothing_are_charged() {
        let error = unpacked(&member("").repeat(200_000)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::QuotaExceeded);
    }
}

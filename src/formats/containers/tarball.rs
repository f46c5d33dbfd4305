//! Tar archives, bounded: POSIX ustar and pax, GNU's long names, and what came before them.
//!
//! Reads one header after another and keeps none. What describes the next member (a GNU long name,
//! pax records) is applied here, within bounds; its contents are read only on request.

use std::io::{self, Read, Seek, SeekFrom};

use self::header::{BLOCK_BYTES, Header, Kind};
use crate::formats::source::bounded::{Bounded, damaged, read_all};
use crate::formats::source::budget::Budget;

mod header;
mod pax;

/// Members of one archive, directories and extension headers included. The largest packages on
/// public registries hold some 60,000 files.
pub(crate) const MAX_MEMBERS: usize = 200_000;
/// Bytes of one extension header: a GNU long name or the pax records of one member.
pub(crate) const MAX_EXTENSION_BYTES: u64 = 256 * 1024;
/// Bytes of one member's path.
pub(crate) const MAX_PATH_BYTES: usize = 4096;

/// An archive, read member by member.
pub(crate) struct Archive<'b, R> {
    reader: R,
    budget: &'b Budget,
    /// Passes over so many bytes.
    skip: fn(&mut R, u64) -> io::Result<()>,
    /// Bytes until the next header: what is left of the contents, and what fills their last block.
    left: u64,
    padding: u64,
    seen: usize,
    most: usize,
}

/// A file, directory or link in an archive; reads as its contents.
pub(crate) struct Member<'a, 'b, R> {
    archive: &'a mut Archive<'b, R>,
    header: Header,
    /// The path as it stands in the archive, extension headers applied.
    pub(crate) path: Vec<u8>,
}

/// Contents of the extension headers in front of a member. Readers do not agree on which of two counts,
/// so two are refused.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    size: Option<u64>,
    has_pax: bool,
}

impl<'b, R: Read> Archive<'b, R> {
    /// An archive that can only be read forward, such as a compressed one.
    pub(crate) fn new(reader: R, budget: &'b Budget) -> Self {
        Self {
            reader,
            budget,
            skip: skip_reading,
            left: 0,
            padding: 0,
            seen: 0,
            most: MAX_MEMBERS,
        }
    }

    /// An archive whose contents can be passed over without reading them.
    pub(crate) fn seekable(reader: R, budget: &'b Budget) -> Self
    where
        R: Seek,
    {
        Self {
            skip: skip_seeking,
            ..Self::new(reader, budget)
        }
    }

    /// The archive, if it holds at most so many members, instead of [`MAX_MEMBERS`].
    pub(crate) fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// Gives back what the archive was read from.
    pub(crate) fn into_inner(self) -> R {
        self.reader
    }

    /// The next member, or none at the archive's end.
    pub(crate) fn next(&mut self) -> io::Result<Option<Member<'_, 'b, R>>> {
        let mut extended = Extended::default();
        while let Some(header) = self.next_header()? {
            match header.kind() {
                Kind::GnuLongName => extended.name(gnu_name(self.extension()?))?,
                Kind::Pax => extended.apply(&self.extension()?)?,
                Kind::PaxGlobal => check_global(&self.extension()?)?,
                Kind::GnuLongLink => {}
                _ => {
                    let path = extended.path_of(&header)?;
                    return Ok(Some(Member {
                        archive: self,
                        header,
                        path,
                    }));
                }
            }
        }
        Ok(None)
    }

    /// The header behind the contents that were met last.
    fn next_header(&mut self) -> io::Result<Option<Header>> {
        (self.skip)(&mut self.reader, self.left + self.padding)?;
        (self.left, self.padding) = (0, 0);
        let Some(header) = Header::read(&mut self.reader)? else {
            return Ok(None);
        };
        self.budget.items(1)?;
        self.seen += 1;
        if self.seen > self.most {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("holds more than {} members", self.most),
            ));
        }
        self.left = header.size;
        self.padding = header.size.next_multiple_of(BLOCK_BYTES as u64) - header.size;
        Ok(Some(header))
    }

    /// The contents of a header that describes the next member, which are kept no longer than that.
    fn extension(&mut self) -> io::Result<Vec<u8>> {
        let size = self.left;
        let budget = self.budget;
        let mut bytes = Vec::new();
        Bounded::new(Contents(self), MAX_EXTENSION_BYTES, budget).read_to_end(&mut bytes)?;
        check_length(bytes, size)
    }
}

impl<R: Read> Member<'_, '_, R> {
    /// The path in the member's own header, whatever an extension header says.
    pub(crate) fn header_path(&self) -> Vec<u8> {
        self.header.path()
    }

    /// Whether this is a plain file: no link, directory or device, nor what macOS puts beside a file
    /// (`._x`, `AppleDouble`).
    pub(crate) fn is_file(&self) -> bool {
        let name = self.path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        self.header.kind() == Kind::File && !name.is_empty() && !name.starts_with(b"._")
    }

    /// The size of the contents, as the header declares it.
    pub(crate) fn size(&self) -> u64 {
        self.header.size
    }

    /// The whole contents, which must be at most `limit` bytes and as many as declared.
    pub(crate) fn contents(&mut self, limit: u64) -> io::Result<Vec<u8>> {
        let budget = self.archive.budget;
        let bytes = read_all(Contents(self.archive), limit, budget)?;
        check_length(bytes, self.header.size)
    }
}

/// The unread rest of the contents of the current member.
struct Contents<'a, 'b, R>(&'a mut Archive<'b, R>);

impl<R: Read> Read for Contents<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let archive = &mut *self.0;
        let read = (&mut archive.reader).take(archive.left).read(buffer)?;
        archive.left -= read as u64;
        Ok(read)
    }
}

fn check_length(bytes: Vec<u8>, declared: u64) -> io::Result<Vec<u8>> {
    if bytes.len() as u64 == declared {
        Ok(bytes)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

fn skip_reading<R: Read>(reader: &mut R, count: u64) -> io::Result<()> {
    let skipped = io::copy(&mut reader.take(count), &mut io::sink())?;
    if skipped == count {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// Seeking beyond the end is not an error, so the last of the bytes is read.
fn skip_seeking<R: Read + Seek>(reader: &mut R, count: u64) -> io::Result<()> {
    let Some(before) = count.checked_sub(1) else {
        return Ok(());
    };
    let beyond = |_| damaged("a member's size is beyond every file's");
    reader.seek(SeekFrom::Current(i64::try_from(before).map_err(beyond)?))?;
    reader.read_exact(&mut [0])
}

fn gnu_name(mut name: Vec<u8>) -> Vec<u8> {
    let end = name.iter().position(|&byte| byte == 0);
    name.truncate(end.unwrap_or(name.len()));
    name
}

impl Extended {
    /// Takes over the path of an extension header.
    fn name(&mut self, path: Vec<u8>) -> io::Result<()> {
        match self.path.replace(path) {
            None => Ok(()),
            Some(_) => Err(damaged("a member has two long names")),
        }
    }

    /// Takes over the pax records that matter here.
    fn apply(&mut self, records: &[u8]) -> io::Result<()> {
        if std::mem::replace(&mut self.has_pax, true) {
            return Err(damaged("a member has two pax headers"));
        }
        let mut path = None;
        for record in pax::records(records) {
            match record? {
                (b"path", value) => path = Some(value.to_vec()),
                (b"size", value) => {
                    let size = std::str::from_utf8(value).ok().and_then(|size| size.parse().ok());
                    self.size = Some(size.ok_or_else(|| damaged("a pax record's size is not a number"))?);
                }
                _ => {}
            }
        }
        path.map_or(Ok(()), |path| self.name(path))
    }

    /// A size that is not the header's is refused: readers that do not know of pax would see another
    /// archive.
    fn path_of(self, header: &Header) -> io::Result<Vec<u8>> {
        if self.size.is_some_and(|other| other != header.size) {
            return Err(damaged("a pax record changes a member's size"));
        }
        let path = self.path.unwrap_or_else(|| header.path());
        if path.len() > MAX_PATH_BYTES {
            return Err(damaged("a member's path is too long"));
        }
        if path.contains(&0) {
            return Err(damaged("a member's path holds a NUL"));
        }
        Ok(path)
    }
}

/// Of records for all members that follow GNU tar takes paths and sizes, others do not.
fn check_global(records: &[u8]) -> io::Result<()> {
    for record in pax::records(records) {
        if matches!(record?.0, b"path" | b"size") {
            return Err(damaged("a global pax record sets a path or a size"));
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod fixtures {
    //! Small archives for the tests of every format that is made of tar.

    use std::io::Write;

    /// A tar of plain files.
    pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, contents) in files {
            append(&mut builder, path, contents, tar::EntryType::Regular);
        }
        builder.into_inner().unwrap()
    }

    pub(crate) fn append(
        builder: &mut tar::Builder<Vec<u8>>,
        path: &str,
        contents: &[u8],
        kind: tar::EntryType,
    ) {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(contents.len() as u64);
        header.set_mode(0o644);
        header.set_entry_type(kind);
        header.set_cksum();
        builder.append(&header, contents).unwrap();
    }

    pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }
}

#[cfg(test)]
mod tests;

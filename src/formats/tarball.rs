//! Tar archives, bounded: POSIX ustar and pax, and GNU's long names.
//!
//! The `tar` crate reads long names and pax records into memory whatever their size, so it is only
//! asked for raw members here, and what describes the next member is applied below, within bounds.

use std::io::{self, Read, Seek};

use tar::{Archive, Entries, EntryType, PaxExtensions};

use super::bounded::{damaged, read_all};

/// Members of one archive, directories and extension headers included. The largest packages on
/// public registries hold some 60,000 files.
pub(super) const MAX_MEMBERS: usize = 200_000;
/// Bytes of one extension header: a GNU long name or the pax records of one member.
pub(super) const MAX_EXTENSION: u64 = 256 * 1024;
/// Bytes of one member's path.
pub(super) const MAX_PATH: usize = 4096;

/// The members of an archive, one after another.
pub(super) struct Members<'a, R: Read> {
    entries: Entries<'a, R>,
    /// The source's length where it is known: skipping by seeking does not notice a cut-off file.
    length: Option<u64>,
    seen: usize,
    most: usize,
}

/// A file, directory or link in an archive; reads as its contents.
pub(super) struct Member<'a, R: Read> {
    entry: tar::Entry<'a, R>,
    /// The path as it stands in the archive, extension headers applied.
    pub(super) path: Vec<u8>,
}

/// What extension headers say of the member that follows them.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    size: Option<u64>,
}

/// The members of an archive that can only be read forward, such as a compressed one.
pub(super) fn members<R: Read>(archive: &mut Archive<R>) -> io::Result<Members<'_, R>> {
    Ok(Members::new(archive.entries()?, None))
}

/// The members of an archive whose contents can be skipped without reading them.
pub(super) fn seekable_members<R: Read + Seek>(
    archive: &mut Archive<R>,
    length: u64,
) -> io::Result<Members<'_, R>> {
    Ok(Members::new(archive.entries_with_seek()?, Some(length)))
}

impl<'a, R: Read> Members<'a, R> {
    fn new(entries: Entries<'a, R>, length: Option<u64>) -> Self {
        Self {
            entries: entries.raw(true),
            length,
            seen: 0,
            most: MAX_MEMBERS,
        }
    }

    /// The same, for archives that hold fewer than [`MAX_MEMBERS`].
    pub(super) fn at_most(self, most: usize) -> Self {
        Self { most, ..self }
    }

    /// The next member, or none at the archive's end.
    pub(super) fn next(&mut self) -> io::Result<Option<Member<'a, R>>> {
        let mut extended = Extended::default();
        while let Some(mut entry) = self.next_entry()? {
            match entry.header().entry_type() {
                EntryType::GNULongName => extended.path = Some(gnu_name(&mut entry)?),
                EntryType::XHeader => extended.apply(&extension(&mut entry)?)?,
                EntryType::GNULongLink | EntryType::XGlobalHeader => {}
                _ => return Member::new(entry, extended).map(Some),
            }
        }
        match extended.path {
            None => Ok(None),
            Some(_) => Err(damaged("a long name describes no member")),
        }
    }

    fn next_entry(&mut self) -> io::Result<Option<tar::Entry<'a, R>>> {
        let Some(entry) = self.entries.next().transpose().map_err(explained)? else {
            return Ok(None);
        };
        self.seen += 1;
        if self.seen > self.most {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("holds more than {} members", self.most),
            ));
        }
        let end = entry
            .raw_file_position()
            .checked_add(entry.header().entry_size()?);
        match (end, self.length) {
            (Some(end), Some(length)) if end > length => Err(io::ErrorKind::UnexpectedEof.into()),
            (None, _) => Err(damaged("a member's size is beyond every file's")),
            _ => Ok(Some(entry)),
        }
    }
}

impl<'a, R: Read> Member<'a, R> {
    fn new(entry: tar::Entry<'a, R>, extended: Extended) -> io::Result<Self> {
        let size = entry.header().entry_size()?;
        if extended.size.is_some_and(|other| other != size) {
            return Err(damaged("a pax record changes a member's size"));
        }
        let path = match extended.path {
            Some(path) => path,
            None => entry.header().path_bytes().into_owned(),
        };
        if path.len() > MAX_PATH {
            return Err(damaged("a member's path is too long"));
        }
        Ok(Self { entry, path })
    }

    /// The path in the member's own header, whatever an extension header says.
    pub(super) fn header_path(&self) -> Vec<u8> {
        self.entry.header().path_bytes().into_owned()
    }

    /// Whether this is a plain file: no link, directory or device.
    pub(super) fn is_file(&self) -> bool {
        matches!(
            self.entry.header().entry_type(),
            EntryType::Regular | EntryType::Continuous
        ) && !self.path.ends_with(b"/")
    }

    /// The size of the contents, as the header declares it.
    pub(super) fn size(&self) -> u64 {
        self.entry.header().entry_size().unwrap_or(0)
    }

    /// The whole contents, which must be at most `limit` bytes and as many as declared.
    pub(super) fn contents(&mut self, limit: u64) -> io::Result<Vec<u8>> {
        let declared = self.size();
        let bytes = read_all(&mut self.entry, limit)?;
        if bytes.len() as u64 == declared {
            Ok(bytes)
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}

impl<R: Read> Read for Member<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.entry.read(buffer)
    }
}

fn extension(entry: &mut impl Read) -> io::Result<Vec<u8>> {
    read_all(entry, MAX_EXTENSION)
}

fn gnu_name(entry: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut name = extension(entry)?;
    let end = name.iter().position(|&byte| byte == 0);
    name.truncate(end.unwrap_or(name.len()));
    Ok(name)
}

impl Extended {
    /// Takes over the pax records that matter here. A size that is not the header's is refused
    /// later: readers that do not know of pax would see another archive.
    fn apply(&mut self, records: &[u8]) -> io::Result<()> {
        for record in PaxExtensions::new(records) {
            let record = record?;
            match record.key_bytes() {
                b"path" => self.path = Some(record.value_bytes().to_vec()),
                b"size" => {
                    let size = record.value().ok().and_then(|size| size.parse().ok());
                    self.size = Some(size.ok_or_else(|| damaged("a pax record's size is no number"))?);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The crate's own errors quote what they could not read, and have no kinds.
fn explained(error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::Other {
        return error;
    }
    match error.to_string().as_str() {
        "unexpected EOF during skip" | "failed to read entire block" => io::ErrorKind::UnexpectedEof.into(),
        _ => damaged("a tar header is damaged"),
    }
}

#[cfg(test)]
pub(super) mod fixtures {
    //! Small archives for the tests of every format that is made of tar.

    use std::io::Write;

    /// A tar of plain files.
    pub(in crate::formats) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, contents) in files {
            append(&mut builder, path, contents, tar::EntryType::Regular);
        }
        builder.into_inner().unwrap()
    }

    pub(in crate::formats) fn append(
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

    pub(in crate::formats) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::fixtures::{append, tar};
    use super::*;

    fn paths(archive: Vec<u8>) -> io::Result<Vec<String>> {
        let length = archive.len() as u64;
        let mut archive = Archive::new(Cursor::new(archive));
        let mut members = seekable_members(&mut archive, length)?;
        let mut paths = Vec::new();
        while let Some(member) = members.next()? {
            paths.push(String::from_utf8_lossy(&member.path).into_owned());
        }
        Ok(paths)
    }

    fn built(build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        build(&mut builder);
        builder.into_inner().unwrap()
    }

    #[test]
    fn long_names_of_gnu_and_pax_name_the_next_member() {
        let archive = built(|builder| {
            append(builder, "././@LongLink", b"by/gnu\0", EntryType::GNULongName);
            append(builder, "short", b"1", EntryType::Regular);
            append(builder, "pax", b"15 path=by/pax\n9 size=1\n", EntryType::XHeader);
            append(builder, "short", b"1", EntryType::Regular);
            append(builder, "own", b"1", EntryType::Regular);
        });
        assert_eq!(paths(archive).unwrap(), ["by/gnu", "by/pax", "own"]);
    }

    #[test]
    fn a_pax_record_that_changes_the_size_is_refused() {
        let archive = built(|builder| {
            append(builder, "pax", b"9 size=0\n", EntryType::XHeader);
            append(builder, "file", b"1", EntryType::Regular);
        });
        let error = paths(archive).unwrap_err();
        assert_eq!(error.to_string(), "a pax record changes a member's size");
    }

    #[test]
    fn an_endless_long_name_is_refused() {
        let name = vec![b'a'; usize::try_from(MAX_EXTENSION).unwrap() + 1];
        let archive = built(|builder| append(builder, "n", &name, EntryType::GNULongName));
        let error = paths(archive).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_member_that_claims_more_than_the_file_holds_is_refused() {
        let mut archive = tar(&[("file", &[7; 2000])]);
        archive.truncate(1024);
        let error = paths(archive).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn members_are_counted() {
        let header = &tar(&[("file", b"")])[..512];
        let archive = header.repeat(MAX_MEMBERS + 1);
        let error = paths(archive).unwrap_err();
        assert_eq!(error.to_string(), "holds more than 200000 members");
    }

    #[test]
    fn a_path_that_no_file_system_takes_is_refused() {
        let name = vec![b'a'; MAX_PATH + 1];
        let archive = built(|builder| {
            append(builder, "n", &name, EntryType::GNULongName);
            append(builder, "n", b"", EntryType::Regular);
        });
        assert_eq!(
            paths(archive).unwrap_err().to_string(),
            "a member's path is too long"
        );
    }
}

//! Unix archives, as Debian packages use them (`deb(5)`, `ar(5)`).

use std::io::{self, Read, Seek, SeekFrom};

use crate::formats::source::bounded::{damaged, length_of};
use crate::formats::source::budget::Metered;

/// Members of an archive; a Debian package has three.
pub(crate) const MAX_MEMBERS: usize = 64;

const MAGIC: &[u8; 8] = b"!<arch>\n";
const HEADER_BYTES: usize = 60;

/// Where a member's contents lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) name: String,
    offset: u64,
    size: u64,
}

/// The members in order, up to the first whose name `is_last`: what follows it is not looked at. All
/// of them lie within the file.
pub(crate) fn members(source: &mut Metered<'_>, is_last: impl Fn(&str) -> bool) -> io::Result<Vec<Member>> {
    let length = length_of(source)?;
    let mut magic = [0; 8];
    source.read_exact(&mut magic)?;
    if magic != *MAGIC {
        return Err(damaged("it is not an ar archive"));
    }
    let mut members = Vec::new();
    let mut at = MAGIC.len() as u64;
    while at < length {
        if members.len() == MAX_MEMBERS {
            return Err(damaged("it has too many members"));
        }
        source.budget().items(1)?;
        let member = member(source, at)?;
        let end = member.offset + member.size;
        if end > length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        at = end + end % 2;
        let last = is_last(&member.name);
        members.push(member);
        if last {
            break;
        }
    }
    Ok(members)
}

/// The contents of `member`.
pub(crate) fn contents<'a, 'b>(
    source: &'a mut Metered<'b>,
    member: &Member,
) -> io::Result<impl Read + use<'a, 'b>> {
    source.seek(SeekFrom::Start(member.offset))?;
    Ok(source.take(member.size))
}

/// Reads the header at `at`: name, three numbers and a mode that are not used, size, and a mark.
fn member(source: &mut Metered<'_>, at: u64) -> io::Result<Member> {
    source.seek(SeekFrom::Start(at))?;
    let mut header = [0; HEADER_BYTES];
    source.read_exact(&mut header)?;
    let (name, rest) = header.split_at(16);
    let (size, mark) = rest.split_at(32).1.split_at(10);
    let text = |bytes| {
        std::str::from_utf8(bytes)
            .ok()
            .map(|text: &str| text.trim_end_matches(' '))
    };
    let name = text(name).ok_or_else(|| damaged("a member's name is not text"))?;
    let size = text(size).and_then(|size| size.trim_start_matches(' ').parse::<u64>().ok());
    match size {
        Some(size) if mark == b"`\n" => Ok(Member {
            // GNU archives end their names with a slash.
            name: name.strip_suffix('/').unwrap_or(name).to_owned(),
            offset: at + HEADER_BYTES as u64,
            size,
        }),
        _ => Err(damaged("a member's header is damaged")),
    }
}

#[cfg(test)]
pub(crate) mod fixtures {
    //! Small archives for the tests.

    use std::fmt::Write;

    pub(crate) fn ar(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut archive = super::MAGIC.to_vec();
        for (name, contents) in files {
            let mut header = String::new();
            let size = contents.len();
            writeln!(header, "{name:<16}0           0     0     100644  {size:<10}`").unwrap();
            archive.extend_from_slice(header.as_bytes());
            archive.extend_from_slice(contents);
            archive.resize(archive.len() + size % 2, b'\n');
        }
        archive
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::fixtures::ar;
    use super::*;
    use crate::formats::source::budget::fixtures::ample;

    fn names(archive: Vec<u8>) -> io::Result<Vec<String>> {
        let members = members(&mut Metered::new(&mut Cursor::new(archive), &ample()), |_| false)?;
        Ok(members.into_iter().map(|member| member.name).collect())
    }

    #[test]
    fn members_are_listed_and_read() {
        let mut archive = Cursor::new(ar(&[("a/", b"odd"), ("b", b"even")]));
        let budget = ample();
        let mut source = Metered::new(&mut archive, &budget);
        let members = members(&mut source, |_| false).unwrap();
        let mut text = String::new();
        contents(&mut source, &members[1])
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!((members[0].name.as_str(), text.as_str()), ("a", "even"));
    }

    #[test]
    fn nothing_behind_the_last_member_is_read() {
        let archive = [ar(&[("a", b""), ("b", b"")]), b"no member".to_vec()].concat();
        let members = members(&mut Metered::new(&mut Cursor::new(archive), &ample()), |name| {
            name == "b"
        })
        .unwrap();
        assert_eq!(members.len(), 2);
    }

    #[test]
    fn false_sizes_and_endless_lists_are_refused() {
        let mut lying = ar(&[("a", b"123")]);
        lying.truncate(70);
        let many: Vec<(&str, &[u8])> = vec![("a", b""); MAX_MEMBERS + 1];
        let negative = ar(&[("a", b"")]);
        let negative = [&negative[..56], b"-1        `\n"].concat();
        for archive in [lying, ar(&many), negative, b"!<arch>".to_vec(), b"else".to_vec()] {
            assert!(names(archive).is_err());
        }
    }
}

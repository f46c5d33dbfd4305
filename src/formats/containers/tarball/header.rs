//! One header of a tar archive: a block of fields (POSIX.1-2017, pax, "ustar Interchange Format").

use std::io::{self, Read};

use crate::formats::source::bounded::damaged;

/// Bytes of a header, and what contents are filled up to.
pub(super) const BLOCK_BYTES: usize = 512;

/// Bytes of a member's contents: no file is larger, and blocks can be counted.
const MAX_CONTENTS_BYTES: u64 = 1 << 62;
/// Where the sum of all bytes stands, which counts as blanks itself.
const SUM: std::ops::Range<usize> = 148..156;

/// A header whose sum is right.
pub(super) struct Header {
    bytes: [u8; BLOCK_BYTES],
    /// Bytes of the contents that follow.
    pub(super) size: u64,
}

/// The kinds of members that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    GnuLongName,
    GnuLongLink,
    Pax,
    PaxGlobal,
    Other,
}

impl Header {
    /// Reads the next header; none at the archive's end, which is that of the file or two blocks of
    /// zeros.
    pub(super) fn read(reader: &mut impl Read) -> io::Result<Option<Self>> {
        let Some(bytes) = block(reader)? else {
            return Ok(None);
        };
        if bytes == [0; BLOCK_BYTES] {
            return match block(reader)? {
                Some(second) if second != [0; BLOCK_BYTES] => {
                    Err(damaged("a tar archive goes on behind its end"))
                }
                _ => Ok(None),
            };
        }
        let size = checked_size(&bytes).ok_or_else(|| damaged("a tar header is damaged"))?;
        // Whether those pass over as many bytes, no two readers agree.
        if size > 0 && matches!(bytes[156], b'1'..=b'6') {
            return Err(damaged("a link, directory or device claims contents"));
        }
        // Of files with holes the old kind goes on in blocks of its own.
        let mut goes_on = bytes[156] == b'S' && bytes[482] != 0;
        while goes_on {
            let more = block(reader)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            goes_on = more[504] != 0;
        }
        Ok(Some(Self { bytes, size }))
    }

    /// The path that the header itself has room for.
    pub(super) fn path(&self) -> Vec<u8> {
        let name = text(&self.bytes[..100]);
        let prefix = text(&self.bytes[345..500]);
        let is_posix = self.bytes[257..263] == *b"ustar\0";
        if is_posix && !prefix.is_empty() {
            [prefix, b"/", name].concat()
        } else {
            name.to_vec()
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self.bytes[156] {
            b'0' | 0 | b'7' => Kind::File,
            b'L' => Kind::GnuLongName,
            b'K' => Kind::GnuLongLink,
            // The latter is what Solaris wrote before there was a standard.
            b'x' | b'X' => Kind::Pax,
            b'g' => Kind::PaxGlobal,
            _ => Kind::Other,
        }
    }
}

/// The next block; none where nothing is left, or only zeros.
fn block(reader: &mut impl Read) -> io::Result<Option<[u8; BLOCK_BYTES]>> {
    let mut bytes = [0; BLOCK_BYTES];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) if bytes == [0; BLOCK_BYTES] => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(bytes))
}

/// The size of the contents, where the header's sum is right. Some archivers of old took the bytes
/// for signed numbers.
fn checked_size(bytes: &[u8; BLOCK_BYTES]) -> Option<u64> {
    let others = || bytes[..SUM.start].iter().chain(&bytes[SUM.end..]);
    let blanks = 8 * i64::from(b' ');
    let unsigned = others().map(|&byte| i64::from(byte)).sum::<i64>() + blanks;
    let signed = others().map(|&byte| i64::from(byte.cast_signed())).sum::<i64>() + blanks;
    let stated = i64::try_from(octal(&bytes[SUM])?).ok()?;
    let size = number(&bytes[124..136]).filter(|&size| size <= MAX_CONTENTS_BYTES)?;
    (stated == unsigned || stated == signed).then_some(size)
}

/// Octal digits; or, where the first bit is set, the bytes themselves, which must not be negative.
fn number(field: &[u8]) -> Option<u64> {
    if let [0x80, rest @ ..] = field {
        return rest.iter().try_fold(0_u64, |number, &byte| {
            Some(number.checked_mul(256)? | u64::from(byte))
        });
    }
    octal(field)
}

/// Octal digits between white space and NULs, or no digits at all, which counts as 0. As GNU tar has
/// it, one NUL may stand before them, and anything behind the white space.
fn octal(field: &[u8]) -> Option<u64> {
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let field = field.strip_prefix(b"\0").unwrap_or(field);
    let start = text(field).iter().position(|byte| !is_space(byte));
    let Some(digits) = start.and_then(|start| text(field).get(start..)) else {
        return Some(0);
    };
    let digits = digits.split(is_space).next()?;
    digits.iter().try_fold(0_u64, |number, &byte| {
        let digit = char::from(byte).to_digit(8)?;
        number.checked_mul(8)?.checked_add(u64::from(digit))
    })
}

/// The bytes before the first NUL.
fn text(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|&byte| byte == 0);
    field.get(..end.unwrap_or(field.len())).unwrap_or_default()
}

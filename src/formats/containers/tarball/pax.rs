//! The records of a pax extension header (POSIX.1-2017, pax, "pax Extended Header"): `{length}
//! {keyword}={value}` and a line feed, where the length counts the whole record. A value may hold
//! line feeds, or any bytes at all: attributes of macOS and capabilities of Linux do. As in GNU tar, a
//! tab may stand for the blank, and NULs or blanks may fill what is left behind the last record.

use std::io;

use crate::formats::source::bounded::damaged;

/// Keyword and value of every record, in order.
pub(super) fn records(mut rest: &[u8]) -> impl Iterator<Item = io::Result<(&[u8], &[u8])>> {
    std::iter::from_fn(move || {
        if rest.first().is_none_or(|&byte| byte == 0) || rest.iter().all(|byte| b" \t".contains(byte)) {
            return None;
        }
        let Some((keyword, value, after)) = first(rest) else {
            rest = &[];
            return Some(Err(damaged("a pax record is damaged")));
        };
        rest = after;
        Some(Ok((keyword, value)))
    })
}

/// The keyword and value of the first record, and what follows it.
fn first(records: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = records.iter().take(20).position(|byte| b" \t".contains(byte))?;
    let digits = records
        .get(..blank)
        .filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let length = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let (record, after) = records.split_at_checked(length)?;
    let record = record.get(blank + 1..)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|&byte| byte == b'=')?;
    Some((record.get(..equals)?, record.get(equals + 1..)?, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> io::Result<Vec<(&[u8], &[u8])>> {
        records(bytes).collect()
    }

    #[test]
    fn records_are_as_long_as_they_say() {
        let bytes = b"15 path=by/pax\n21 xattr=\n9 size=7\n\0\n9 size=1\n7 a==\n\n";
        let expected: [(&[u8], &[u8]); 4] = [
            (b"path", b"by/pax"),
            (b"xattr", b"\n9 size=7\n\0"),
            (b"size", b"1"),
            (b"a", b"=\n"),
        ];
        assert_eq!(read(bytes).unwrap(), expected);
    }

    #[test]
    fn what_fills_a_header_is_no_record() {
        for fill in [&b""[..], b"\0\0x", b" ", b"\t "] {
            let bytes = [b"15\tpath=by/pax\n", fill].concat();
            assert_eq!(
                read(&bytes).unwrap(),
                [(&b"path"[..], &b"by/pax"[..])],
                "{fill:?}"
            );
        }
    }

    #[test]
    fn records_that_lie_are_refused() {
        for bytes in [
            &b"16 path=by/pax\n"[..],
            b"14 path=by/pax\n",
            b"15 path by/pax\n",
            b"-1 path=by/pax\n",
            b"2 path=by/pax\n",
            b"99999999999999999999999 path=x\n",
            b"path=x\n",
            b"+16 path=by/pax\n",
            b" 16 path=by/pax\n",
            b"15 path=by/pax\nx",
        ] {
            assert!(read(bytes).is_err(), "{bytes:?}");
        }
    }
}

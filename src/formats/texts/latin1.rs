//! Text of before UTF-8.

use std::borrow::Cow;

/// `bytes` as text: UTF-8 where all of it is, else ISO-8859-1, in which every byte is a letter.
pub(crate) fn utf8_or_latin1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_utf8_are_latin1() {
        for (bytes, expected) in [
            (&b"Jos\xe9"[..], "José"),
            ("José".as_bytes(), "José"),
            (b"\xc3\xa9\xe9", "Ã©é"),
            (b"\xa9 2001", "© 2001"),
            (b"", ""),
        ] {
            assert_eq!(utf8_or_latin1(bytes), expected);
        }
    }
}

//! Texts of a header, which may be in any encoding.

use std::fmt::{self, Write};

use serde::{Serialize, Serializer};

/// A text where it lies in the header, written as `createrepo_c` writes it: as it is where it is
/// UTF-8, else as ISO-8859-1 without the bytes 0x80 to 0xBF, which are more often of Windows-1252.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Text<'a>(pub(super) &'a [u8]);

impl Text<'_> {
    /// Whether there are characters that XML cannot represent.
    pub(super) fn has_control_characters(self) -> bool {
        let is_control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
        self.0.iter().any(is_control)
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Ok(text) = std::str::from_utf8(self.0) {
            return f.write_str(text);
        }
        for chunk in self.0.chunk_by(|one, other| one.is_ascii() && other.is_ascii()) {
            match (std::str::from_utf8(chunk), chunk) {
                (Ok(ascii), _) => f.write_str(ascii)?,
                (_, &[letter]) if letter >= 0xc0 => f.write_char(char::from(letter))?,
                _ => {}
            }
        }
        Ok(())
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.collect_str(self),
        }
    }
}

/// The parts before the first `separator` and behind it.
pub(super) fn cut(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|&byte| byte == separator)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_as_createrepo_writes_them() {
        for (bytes, expected) in [
            (&b"r\xe9sum\xe9 \x93q\x94 \xa9 \xff"[..], "résumé q  ÿ"),
            ("résumé ©".as_bytes(), "résumé ©"),
            (b"\xe9", "é"),
            (b"\xa0", ""),
            (b"plain", "plain"),
            (b"", ""),
        ] {
            assert_eq!(Text(bytes).to_string(), expected);
            assert_eq!(serde_json::to_value(Text(bytes)).unwrap(), expected);
        }
    }
}

//! The control file of a Debian package: one paragraph of `Name: value` (`deb-control(5)`), read as
//! dpkg's `parse_stanza` reads it, since dpkg is who must install the package.

use std::collections::HashSet;

use crate::formats::texts::latin1::utf8_or_latin1;

/// Fields of a paragraph; the longest in Debian have some thirty.
pub(crate) const MAX_FIELDS: usize = 2_000;

/// Ends a line and a file as a newline does (`MSDOS_EOF_CHAR`).
const CONTROL_Z: u8 = 0x1a;

/// The fields of a control file, in order, no name twice whatever its case.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Paragraph {
    /// Names, and values without the blanks around them. Lines that continue a value keep their ends
    /// and the blanks that they begin with.
    pub(crate) fields: Vec<(String, String)>,
}

impl Paragraph {
    /// Reads the only paragraph of `bytes`; an error is a phrase.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        let start = bytes.iter().position(|&byte| !is_line_end(byte));
        let mut lines = Cursor {
            rest: start.and_then(|start| bytes.get(start..)).unwrap_or_default(),
        };
        let mut fields = Vec::new();
        let mut names = HashSet::new();
        while let Some((name, value)) = lines.field()? {
            if !names.insert(name.to_ascii_lowercase()) {
                return Err(format!("the field `{name}` appears twice"));
            }
            if fields.len() == MAX_FIELDS {
                return Err(format!("it has more than {MAX_FIELDS} fields"));
            }
            fields.push((name, value));
        }
        let more = lines.rest.iter().position(|&byte| !is_line_end(byte));
        // One byte alone dpkg does not see.
        if more.is_some_and(|start| lines.rest.len() - start > 1) {
            return Err(
                "it has more than one paragraph; remove the empty line and what follows it".to_owned(),
            );
        }
        Ok(Self { fields })
    }

    /// The value of a field, whatever the case of its name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let (_, value) = fields.find(|(other, _)| other.eq_ignore_ascii_case(name))?;
        Some(value)
    }
}

/// The rest of a control file.
struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// The next field of this paragraph; none at its end.
    fn field(&mut self) -> Result<Option<(String, String)>, String> {
        if self.rest.first().copied().is_none_or(is_line_end) {
            return Ok(None);
        }
        let name = self.take_while(|byte| !is_blank(byte) && byte != b':' && byte != CONTROL_Z);
        let name = utf8_or_latin1(name).into_owned();
        if name.is_empty() || name.starts_with('-') {
            return Err("a line neither begins with the name of a field nor continues one".to_owned());
        }
        self.take_while(is_gap);
        if self.rest.first() != Some(&b':') {
            return Err(format!("`{name}` is not followed by a colon"));
        }
        self.advance(1);
        self.take_while(is_gap);
        // So does dpkg: of the last field it wants a value and a line's end.
        if self.rest.len() < 2 {
            return Err(unfinished(&name));
        }
        let value = self.value(&name)?;
        let value = utf8_or_latin1(value);
        Ok(Some((name, value.trim_end_matches(is_blank_letter).to_owned())))
    }

    /// A value to the end of its last line.
    fn value(&mut self, name: &str) -> Result<&'a [u8], String> {
        let all = self.rest;
        let mut length = 0;
        loop {
            let line = self.take_while(|byte| !is_line_end(byte));
            if length > 0 && line.iter().copied().all(is_blank) {
                return Err(format!("`{name}` has a line of blanks alone, which must be ` .`"));
            }
            length += line.len();
            if self.rest.is_empty() {
                return Err(unfinished(name));
            }
            self.advance(1);
            match self.rest.first() {
                Some(&byte) if is_gap(byte) => length += 1,
                _ => return Ok(all.get(..length).unwrap_or_default()),
            }
        }
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|&byte| !wanted(byte));
        let (taken, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn advance(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }
}

fn unfinished(name: &str) -> String {
    format!("it ends within `{name}`; end its last line with a newline")
}

fn is_line_end(byte: u8) -> bool {
    byte == b'\n' || byte == CONTROL_Z
}

/// `isspace` of C.
fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

fn is_blank_letter(letter: char) -> bool {
    u8::try_from(letter).is_ok_and(is_blank)
}

/// A blank within a line.
fn is_gap(byte: u8) -> bool {
    is_blank(byte) && byte != b'\n'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &[u8]) -> Result<Vec<(String, String)>, String> {
        Paragraph::read(text).map(|control| control.fields)
    }

    #[test]
    fn fields_are_read_as_dpkg_reads_them() {
        for (text, expected) in [
            (&b"A: 1\nBb : 2\n"[..], &[("A", "1"), ("Bb", "2")][..]),
            (b"A:\t 1 \r\n", &[("A", "1")]),
            (
                b"A: 1\n  more\n .\n\tend \nB: 2\n",
                &[("A", "1\n  more\n .\n\tend"), ("B", "2")],
            ),
            (b"A:\n b\n", &[("A", "\n b")]),
            (b"A:\nB: 2\n", &[("A", ""), ("B", "2")]),
            (b"\n\nA: Jos\xe9\n\n\n", &[("A", "José")]),
            ("A: José\n\u{1a}".as_bytes(), &[("A", "José")]),
            (b"#A: 1\n\nx", &[("#A", "1")]),
        ] {
            let read = fields(text).unwrap();
            let read: Vec<_> = read
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            assert_eq!(read, expected);
        }
    }

    #[test]
    fn control_files_that_dpkg_refuses_are_refused() {
        for (text, expected) in [
            (&b"A: 1\n \nB: 2\n"[..], "`A` has a line of blanks alone"),
            (b"A: 1\n b\n\t\r\n", "`A` has a line of blanks alone"),
            (b"A: 1\n\nB: 2\n", "it has more than one paragraph"),
            (b"A: 1", "it ends within `A`"),
            (b"A: 1\n more", "it ends within `A`"),
            (b"A: 1\nB:\n", "it ends within `B`"),
            (b"A: 1\nB", "`B` is not followed by a colon"),
            (b"A b: 1\n", "`A` is not followed by a colon"),
            (b" A: 1\n", "a line neither begins"),
            (b": 1\n", "a line neither begins"),
            (b"-A: 1\n", "a line neither begins"),
            (b"A: 1\na: 2\n", "the field `a` appears twice"),
        ] {
            let why = fields(text).unwrap_err();
            assert!(why.starts_with(expected), "{why}");
        }
    }

    #[test]
    fn fields_are_counted() {
        let many: Vec<_> = (0..=MAX_FIELDS).map(|number| format!("F{number}: 1\n")).collect();
        assert_eq!(
            fields(many.concat().as_bytes()).unwrap_err(),
            "it has more than 2000 fields"
        );
    }
}

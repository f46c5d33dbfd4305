//! Core metadata as installers read it: by the rules of Python's `email` package (its `compat32`
//! policy), which are laxer than RFC 822 where real packages need it, and stricter in one place:
//! no blank may stand between a field's name and its colon.

use std::borrow::Cow;

use crate::formats::source::budget::Budget;
use crate::formats::texts::latin1::utf8_or_latin1;

/// Fields of one package.
const MAX_FIELDS: usize = 20_000;
/// Bytes of all fields. Old metadata has a whole description in them.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The fields in front of the description, in order.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a>(Vec<Field<'a>>);

/// Where a field stands in the text: its name, and its value with all continuation lines.
#[derive(Debug, Clone, Copy)]
struct Field<'a> {
    name: &'a [u8],
    value: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Reads fields up to the first empty line, or the first that can be none; an error is a phrase.
    pub(crate) fn read(bytes: &'a [u8], budget: &Budget) -> Result<Self, String> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut fields = Vec::new();
        let mut at = 0;
        // Where the value of the last field begins, unless the last line was passed over.
        let mut open: Option<(&[u8], usize)> = None;
        while let Some(line) = bytes.get(at..).map(first_line).filter(|line| is_field(line)) {
            if !line.starts_with(b" ") && !line.starts_with(b"\t") {
                fields.extend(open.map(|open| Field::new(bytes, open, at)));
                open = name(line).map(|name| (name, at + name.len() + 1));
            }
            budget.items(1)?;
            at += line.len();
            if at > MAX_BYTES {
                return Err(format!("its fields have more than {MAX_BYTES} bytes"));
            }
            if fields.len() >= MAX_FIELDS {
                return Err(format!("it has more than {MAX_FIELDS} fields"));
            }
        }
        fields.extend(open.map(|open| Field::new(bytes, open, at)));
        Ok(Self(fields))
    }

    /// The first value of a field, whatever the case of its name.
    pub(crate) fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        self.all(name).next()
    }

    /// Every value of a field that may be repeated: UTF-8, or else Latin-1, which old build tools wrote,
    /// as `packaging` decodes it.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
        let named = move |field: &&Field<'a>| field.name.eq_ignore_ascii_case(name.as_bytes());
        self.0
            .iter()
            .filter(named)
            .map(|field| utf8_or_latin1(field.value))
    }
}

impl<'a> Field<'a> {
    fn new(bytes: &'a [u8], (name, start): (&'a [u8], usize), end: usize) -> Self {
        let mut value = bytes.get(start..end).unwrap_or_default();
        while let [b' ' | b'\t', rest @ ..] = value {
            value = rest;
        }
        while let [rest @ .., b'\r' | b'\n'] = value {
            value = rest;
        }
        Self { name, value }
    }
}

/// A line with its end, which is `\n`, `\r\n` or `\r`.
fn first_line(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    let end = match end {
        Some(at) if bytes.get(at..).is_some_and(|rest| rest.starts_with(b"\r\n")) => at + 2,
        Some(at) => at + 1,
        None => bytes.len(),
    };
    bytes.get(..end).unwrap_or(bytes)
}

/// Whether a line is not yet the description's: it continues a value, or it begins with printable
/// ASCII and a colon, or as an envelope of a mailbox does.
fn is_field(line: &[u8]) -> bool {
    let named = || {
        let colon = line
            .iter()
            .position(|byte| !byte.is_ascii_graphic() || *byte == b':');
        colon.is_some_and(|at| line.get(at) == Some(&b':'))
    };
    line.starts_with(b" ") || line.starts_with(b"\t") || line.starts_with(b"From ") || named()
}

/// The name before the colon; none of lines that are passed over: envelopes, and values without name.
fn name(line: &[u8]) -> Option<&[u8]> {
    if line.starts_with(b"From ") {
        return None;
    }
    let colon = line.iter().position(|&byte| byte == b':')?;
    line.get(..colon).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::source::budget::fixtures::ample;

    fn read(text: &[u8]) -> Result<Fields<'_>, String> {
        Fields::read(text, &ample())
    }

    fn fields(text: &[u8]) -> Vec<(String, String)> {
        let fields = read(text).unwrap();
        let pair = |field: &Field| {
            let name = String::from_utf8(field.name.to_vec()).unwrap();
            (name, utf8_or_latin1(field.value).into_owned())
        };
        fields.0.iter().map(pair).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn values_keep_their_lines_and_line_ends() {
        let text = b"A:\t 1 \r\nLicense: MIT\r\n  more\r\n\tyet\r\na:\n b\n\n\nB: body\n";
        let expected = [("A", "1 "), ("License", "MIT\r\n  more\r\n\tyet"), ("a", "\n b")];
        assert_eq!(fields(text), pairs(&expected));
        assert_eq!(fields(b"A: 1\rB: 2"), pairs(&[("A", "1"), ("B", "2")]));
        assert_eq!(fields(b"\xef\xbb\xbfA: 1"), pairs(&[("A", "1")]));
        assert_eq!(fields(b""), []);
    }

    #[test]
    fn text_that_is_not_utf8_is_latin1() {
        let text = b"Author: Jos\xe9\nMaintainer: Jos\xc3\xa9\n";
        assert_eq!(fields(text), pairs(&[("Author", "José"), ("Maintainer", "José")]));
    }

    #[test]
    fn lines_without_a_name_are_passed_over() {
        for text in [&b" first\nA: 1"[..], b":x\n y\nA: 1", b"From me\nA: 1"] {
            assert_eq!(fields(text)[0], ("A".to_owned(), "1".to_owned()));
        }
        let text = b"A: 1\nFrom x:\n lost\n: lost\n lost\nB: 2\n kept\n";
        assert_eq!(fields(text), pairs(&[("A", "1"), ("B", "2\n kept")]));
    }

    #[test]
    fn a_line_that_is_no_field_ends_them() {
        for line in ["no field", "Name : x", "N\u{e4}me: x", "", "\u{7f}: x"] {
            let text = format!("A: 1\n{line}\nB: 2\n");
            assert_eq!(fields(text.as_bytes()), pairs(&[("A", "1")]), "{line}");
        }
    }

    #[test]
    fn fields_and_their_bytes_are_bounded() {
        let error = read(&b"a:\n".repeat(MAX_FIELDS + 1)).unwrap_err();
        assert_eq!(error, "it has more than 20000 fields");
        let error = read(&[&b"a:"[..], &vec![b'a'; MAX_BYTES]].concat()).unwrap_err();
        assert_eq!(error, "its fields have more than 4194304 bytes");
        let body = [&b"a: b\n\n"[..], &vec![b'a'; MAX_BYTES]].concat();
        assert_eq!(fields(&body), pairs(&[("a", "b")]));
    }

    #[test]
    fn fields_are_found_whatever_their_case() {
        let fields = read(b"A: 1\na: 2\n").unwrap();
        assert_eq!(fields.get("a").as_deref(), Some("1"));
        assert_eq!(fields.all("A").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(fields.get("b"), None);
    }
}

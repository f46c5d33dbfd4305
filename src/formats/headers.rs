//! Header fields as RFC 822 and Debian's control files have them: `Name: value`, and lines that
//! begin with a blank continue the value.

use std::borrow::Cow;

use super::budget::Budget;

/// Fields of a paragraph.
pub(super) const MAX_FIELDS: usize = 20_000;
/// Bytes of a paragraph. Old Python metadata has a whole description in it.
pub(super) const MAX_PARAGRAPH: usize = 4 * 1024 * 1024;

/// A field; the value keeps its line ends and the blanks that continuation lines begin with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: String,
}

/// The fields of a first paragraph.
#[derive(Debug, Default)]
pub(super) struct Headers {
    pub(super) fields: Vec<Field>,
    /// Whether the paragraph ended at a line that is no field, instead of an empty one.
    pub(super) broken: bool,
}

/// The first paragraph of `bytes`, with what is no UTF-8 replaced.
pub(super) fn paragraph(bytes: &[u8]) -> Cow<'_, str> {
    let ends = |at: &usize| {
        let rest = bytes.get(*at..).unwrap_or_default();
        rest.starts_with(b"\n\n") || rest.starts_with(b"\n\r\n")
    };
    let longest = bytes.len().min(MAX_PARAGRAPH + 1);
    let end = (0..longest).find(ends).unwrap_or(longest);
    String::from_utf8_lossy(bytes.get(..end).unwrap_or(bytes))
}

impl Headers {
    /// Reads fields up to the first empty line, or the first that is none; an error is a phrase.
    pub(super) fn read(text: &str, budget: &Budget) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.len() > MAX_PARAGRAPH {
            return Err(format!("its fields have more than {MAX_PARAGRAPH} bytes"));
        }
        let mut headers = Self::default();
        for line in text.lines() {
            if line.is_empty() {
                break;
            }
            budget.items(1)?;
            if !headers.add(line) {
                headers.broken = true;
                break;
            }
            if headers.fields.len() > MAX_FIELDS {
                return Err(format!("it has more than {MAX_FIELDS} fields"));
            }
        }
        Ok(headers)
    }

    fn add(&mut self, line: &str) -> bool {
        if line.starts_with([' ', '\t']) {
            return self.fields.last_mut().is_some_and(|field| {
                field.value.push('\n');
                field.value.push_str(line);
                true
            });
        }
        match line.split_once(':') {
            Some((name, value)) if is_name(name) => {
                self.fields.push(Field {
                    name: name.to_owned(),
                    value: value.trim_start_matches([' ', '\t']).to_owned(),
                });
                true
            }
            _ => false,
        }
    }

    /// The first value of a field, whatever the case of its name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a field that may be repeated.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.as_str())
    }
}

/// Printable ASCII but no blank and no colon.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::super::budget::fixtures::ample;
    use super::*;

    fn read(text: &str) -> Result<Headers, String> {
        Headers::read(text, &ample())
    }

    #[test]
    fn the_first_paragraph_is_all_that_is_decoded() {
        assert_eq!(paragraph(b"a: \xe9\r\nb: c\r\n\r\nbody"), "a: \u{fffd}\r\nb: c\r");
        assert_eq!(paragraph(b"a: b\n\nbody"), "a: b");
        let endless = vec![b'a'; MAX_PARAGRAPH + 10];
        assert!(read(&paragraph(&endless)).is_err());
    }

    #[test]
    fn values_keep_their_lines_and_the_body_is_left_alone() {
        let headers = read("A: 1\r\nLicense: MIT\n  more\n\tyet\na:2\n\nB: body\n").unwrap();
        let fields: Vec<_> = headers
            .fields
            .iter()
            .map(|field| (field.name.as_str(), field.value.as_str()))
            .collect();
        assert_eq!(
            fields,
            [("A", "1"), ("License", "MIT\n  more\n\tyet"), ("a", "2")]
        );
        assert_eq!(headers.all("A").collect::<Vec<_>>(), ["1", "2"]);
        assert!(!headers.broken);
    }

    #[test]
    fn a_line_that_is_no_field_ends_the_paragraph() {
        for text in ["A: 1\nno field\nB: 2\n", " continued\n", ": nameless\n"] {
            assert!(read(text).unwrap().broken, "{text}");
        }
    }

    #[test]
    fn fields_are_counted() {
        let error = read(&"a:\n".repeat(MAX_FIELDS + 1)).unwrap_err();
        assert_eq!(error, "it has more than 20000 fields");
    }
}

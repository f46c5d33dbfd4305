//! JSON as JavaScript reads it, and kept as it was written.
//!
//! A manifest is more than a tree holds: the order of keys decides what a package does (`exports` of
//! npm), numbers may be beyond every machine word, and a text may end in the middle of a pair of
//! surrogates. So no tree is built. The text is checked against the grammar, its white space is left
//! out, and callers walk the members to a value. Of several members with one name the last counts, as
//! in JavaScript.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::formats::source::budget::Budget;

/// Bytes of a document, white space left out.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Values of all kinds in a document.
const MAX_VALUES: usize = 200_000;
/// Objects and arrays inside one another. Common readers follow 127 of them, some of which are around a manifest.
const MAX_DEPTH: usize = 120;

/// Reads a document, with or without a byte order mark; an error is a phrase. What is not UTF-8
/// becomes U+FFFD, as in JavaScript.
pub(crate) fn read(bytes: &[u8], budget: &Budget) -> Result<Box<RawValue>, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    budget.steps(bytes.len())?;
    let text = String::from_utf8_lossy(bytes);
    let whole: &RawValue = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let (compact, values) = compact(whole.get())?;
    budget.items(values)?;
    RawValue::from_string(compact).map_err(|error| error.to_string())
}

/// JSON without the white space between its tokens, and how many values it holds.
fn compact(text: &str) -> Result<(String, usize), String> {
    let mut compact = Vec::with_capacity(text.len().min(MAX_BYTES));
    let (mut values, mut depth) = (1, 0_usize);
    let (mut in_string, mut escaped) = (false, false);
    for &byte in text.as_bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b' ' | b'\t' | b'\n' | b'\r' => continue,
            b'{' | b'[' => (values, depth) = (values + 1, depth + 1),
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        compact.push(byte);
        if values > MAX_VALUES {
            return Err(format!("it holds more than {MAX_VALUES} values"));
        }
        if depth > MAX_DEPTH {
            return Err(format!("it is nested deeper than {MAX_DEPTH} levels"));
        }
        if compact.len() > MAX_BYTES {
            return Err(format!("it has more than {MAX_BYTES} bytes"));
        }
    }
    let compact = String::from_utf8(compact).map_err(|error| error.to_string())?;
    Ok((compact, values))
}

/// A text; none for every other kind of value.
pub(crate) fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    let is_text = value.get().starts_with('"');
    is_text.then(|| serde_json::from_str(value.get()).ok().map(|Text(text)| text))?
}

/// Hands on the members of an object, in order; whether it is one.
pub(crate) fn members<'a>(object: &'a RawValue, each: impl FnMut(&str, &'a RawValue)) -> bool {
    let mut deserializer = serde_json::Deserializer::from_str(object.get());
    deserializer.deserialize_map(Members(each)).is_ok()
}

/// Hands on the items of an array, in order; whether it is one.
pub(crate) fn items<'a>(array: &'a RawValue, each: impl FnMut(&'a RawValue)) -> bool {
    let mut deserializer = serde_json::Deserializer::from_str(array.get());
    deserializer.deserialize_seq(Items(each)).is_ok()
}

struct Members<F>(F);

impl<'a, F: FnMut(&str, &'a RawValue)> Visitor<'a> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'a>>(mut self, mut map: M) -> Result<(), M::Error> {
        while let Some((Text(name), value)) = map.next_entry()? {
            (self.0)(&name, value);
        }
        Ok(())
    }
}

struct Items<F>(F);

impl<'a, F: FnMut(&'a RawValue)> Visitor<'a> for Items<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<S: SeqAccess<'a>>(mut self, mut sequence: S) -> Result<(), S::Error> {
        while let Some(value) = sequence.next_element()? {
            (self.0)(value);
        }
        Ok(())
    }
}

/// A text whose lone surrogates become U+FFFD: Rust has no place for them. `serde_json` refuses them
/// in texts, and hands them on in bytes.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl<'de> Visitor<'de> for Bytes {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_bytes<E: de::Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
                Ok(Text(String::from_utf8_lossy(bytes)))
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
                Ok(Text(String::from_utf8_lossy(bytes).into_owned().into()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::source::budget::fixtures::ample;

    fn kept(bytes: &[u8]) -> Result<String, String> {
        read(bytes, &ample()).map(|raw| raw.get().to_owned())
    }

    fn parsed(text: &str) -> Box<RawValue> {
        read(text.as_bytes(), &ample()).unwrap()
    }

    #[test]
    fn all_but_white_space_is_kept_as_written() {
        for (written, expected) in [
            ("\u{feff}1", "1"),
            (" {\t\"b\" : 1 ,\r\n\"a\":[ ] } ", r#"{"b":1,"a":[]}"#),
            (r#"" \" { \\""#, r#"" \" { \\""#),
            ("[1e400, -0.0, 1E+2]", "[1e400,-0.0,1E+2]"),
            (
                "123456789012345678901234567890.10",
                "123456789012345678901234567890.10",
            ),
            (r#""cut \ud83d""#, r#""cut \ud83d""#),
            (r#"{"\uDE00": "\ude00\ud83d"}"#, r#"{"\uDE00":"\ude00\ud83d"}"#),
            (r#"{"a":1,"a":2}"#, r#"{"a":1,"a":2}"#),
        ] {
            assert_eq!(kept(written.as_bytes()).as_deref(), Ok(expected), "{written}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_become_replacement_characters() {
        assert_eq!(kept(b"\"Jos\xe9\""), Ok("\"Jos\u{fffd}\"".to_owned()));
    }

    #[test]
    fn texts_that_javascript_refuses_are_refused() {
        for text in [
            "",
            "1 2",
            "tr ue",
            "[1,]",
            "{a:1}",
            "'a'",
            "01",
            "+1",
            ".5",
            "1.",
            "NaN",
            "\"\t\"",
            "[",
            "{\"a\"}",
            "\"\\x\"",
            "// a\n1",
            "1\u{b}",
            "\u{a0}1",
            "\"\\ud83\"",
        ] {
            assert!(kept(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn members_and_items_are_walked_in_order() {
        let object = parsed(r#"{"b": [1, "x\ud83dy", null], "a\u00e9": {}, "b": 2}"#);
        let mut seen = Vec::new();
        assert!(members(&object, |name, value| seen.push((name.to_owned(), value.get()))));
        let expected = [("b", r#"[1,"x\ud83dy",null]"#), ("aé", "{}"), ("b", "2")];
        assert_eq!(seen, expected.map(|(name, value)| (name.to_owned(), value)));
        let array = parsed(r#"[1, "x\ud83dy", "z"]"#);
        let mut texts = Vec::new();
        assert!(items(&array, |item| texts.push(text(item).map(Cow::into_owned))));
        let surrogate = format!("x{}y", "\u{fffd}".repeat(3));
        assert_eq!(texts, [None, Some(surrogate), Some("z".to_owned())]);
        assert!(!members(&array, |_, _| {}) && !items(&object, |_| {}));
    }

    #[test]
    fn values_depth_and_bytes_are_bounded() {
        let many = format!("[{}]", "1,".repeat(MAX_VALUES));
        let deep = format!("{}{}", "[".repeat(MAX_DEPTH + 1), "]".repeat(MAX_DEPTH + 1));
        let large = [&b"\""[..], &vec![0xff; MAX_BYTES / 2], b"\""].concat();
        for (text, expected) in [
            (
                many.replace(",]", "]").as_bytes(),
                "it holds more than 200000 values",
            ),
            (deep.as_bytes(), "it is nested deeper than 120 levels"),
            (&large, "it has more than 4194304 bytes"),
        ] {
            assert_eq!(kept(text), Err(expected.to_owned()));
        }
        let most = format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
        assert_eq!(kept(most.as_bytes()), Ok(most));
    }
}

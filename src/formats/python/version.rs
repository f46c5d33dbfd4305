//! Versions as PEP 440 has them, with numbers of any length.
//!
//! Nightly builds are numbered by dates and by the digits of hashes, which fit no machine word, and
//! nothing here computes with them: a number is its digits without leading zeros. Reads what the
//! regular expression of PEP 440's appendix B matches, whose every part is taken as early and as
//! long as possible, so one pass from left to right decides.

use std::fmt;

pub(crate) use self::precedence::Precedence;
use crate::formats::manifest::MAX_VERSION_BYTES;

mod precedence;

/// Marks of pre-releases, longer ones before those that they begin with, and their one spelling.
const PRE: &[(&str, &str)] = &[
    ("alpha", "a"),
    ("a", "a"),
    ("beta", "b"),
    ("b", "b"),
    ("preview", "rc"),
    ("pre", "rc"),
    ("c", "rc"),
    ("rc", "rc"),
];
const POST: &[(&str, &str)] = &[("post", ".post"), ("rev", ".post"), ("r", ".post")];
const DEV: &[(&str, &str)] = &[("dev", ".dev")];

const SEPARATORS: [char; 3] = ['-', '_', '.'];

/// A version; prints as `packaging.version.Version` does.
#[derive(Debug)]
pub(super) struct Version {
    /// With its exclamation mark; empty where it is zero.
    epoch: String,
    /// Numbers with dots between them.
    release: String,
    /// All that follows the release.
    suffix: String,
}

impl Version {
    /// A version of at most [`MAX_VERSION_BYTES`] bytes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_VERSION_BYTES {
            return None;
        }
        let text = text.to_ascii_lowercase();
        let mut rest = Rest(text.strip_prefix('v').unwrap_or(&text));
        let mut epoch = String::new();
        let mut release = rest.number()?.to_owned();
        if rest.take("!") {
            if release != "0" {
                epoch = format!("{release}!");
            }
            rest.number()?.clone_into(&mut release);
        }
        while let Some(number) = rest.number_after(".") {
            release.push('.');
            release.push_str(number);
        }
        let mut suffix = String::new();
        rest.mark(PRE, &mut suffix);
        if let Some(number) = rest.number_after("-") {
            suffix.push_str(".post");
            suffix.push_str(number);
        } else {
            rest.mark(POST, &mut suffix);
        }
        rest.mark(DEV, &mut suffix);
        if rest.take("+") {
            suffix.push('+');
            suffix.push_str(&local(rest.0)?);
        } else if !rest.0.is_empty() {
            return None;
        }
        Some(Self {
            epoch,
            release,
            suffix,
        })
    }

    /// The one spelling of all versions that PEP 440 holds equal: without the release's last zeros.
    pub(super) fn canonical(&self) -> String {
        let mut release = self.release.as_str();
        while let Some(shorter) = release.strip_suffix(".0") {
            release = shorter;
        }
        format!("{}{release}{}", self.epoch, self.suffix)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.epoch, self.release, self.suffix)
    }
}

/// A local version label: words of letters and digits, dots between them.
fn local(text: &str) -> Option<String> {
    let mut label = String::with_capacity(text.len());
    for part in text.split(SEPARATORS) {
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        if !label.is_empty() {
            label.push('.');
        }
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        label.push_str(if is_number { without_zeros(part) } else { part });
    }
    Some(label)
}

fn without_zeros(digits: &str) -> &str {
    match digits.trim_start_matches('0') {
        "" => "0",
        number => number,
    }
}

/// The part of a version that has not been read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn take(&mut self, token: &str) -> bool {
        let rest = self.0.strip_prefix(token);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn number(&mut self) -> Option<&'a str> {
        let end = self.0.find(|c: char| !c.is_ascii_digit());
        let (digits, rest) = self.0.split_at_checked(end.unwrap_or(self.0.len()))?;
        if digits.is_empty() {
            return None;
        }
        self.0 = rest;
        Some(without_zeros(digits))
    }

    fn number_after(&mut self, token: &str) -> Option<&'a str> {
        let mut after = Rest(self.0.strip_prefix(token)?);
        let number = after.number()?;
        *self = after;
        Some(number)
    }

    /// Takes one of `marks` and its number, zero where there is none, each with or without a
    /// separator before it; nothing where no mark follows.
    fn mark(&mut self, marks: &[(&str, &str)], out: &mut String) {
        let mut after = Rest(self.0.strip_prefix(SEPARATORS).unwrap_or(self.0));
        let Some((_, spelling)) = marks.iter().find(|(mark, _)| after.take(mark)) else {
            return;
        };
        after.0 = after.0.strip_prefix(SEPARATORS).unwrap_or(after.0);
        out.push_str(spelling);
        out.push_str(after.number().unwrap_or("0"));
        *self = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(text: &str) -> Option<(String, String)> {
        let version = Version::parse(text)?;
        Some((version.to_string(), version.canonical()))
    }

    #[test]
    fn equal_versions_have_one_spelling() {
        for (text, printed, canonical) in [
            ("1.0", "1.0", "1"),
            ("1.0.0", "1.0.0", "1"),
            ("0", "0", "0"),
            ("0.0", "0.0", "0"),
            ("10.20.0", "10.20.0", "10.20"),
            ("v01.002", "1.2", "1.2"),
            ("0!1", "1", "1"),
            (
                "V2!1.0.POST1.dev2+Local.01-A_b",
                "2!1.0.post1.dev2+local.1.a.b",
                "2!1.post1.dev2+local.1.a.b",
            ),
            ("1.0-RC1", "1.0rc1", "1rc1"),
            ("1.0c", "1.0rc0", "1rc0"),
            ("1.0_preview.2", "1.0rc2", "1rc2"),
            ("1.0alpha-3", "1.0a3", "1a3"),
            ("1.0a-", "1.0a0", "1a0"),
            ("1.0a--1", "1.0a0.post1", "1a0.post1"),
            ("1.0-1", "1.0.post1", "1.post1"),
            ("1.0r4", "1.0.post4", "1.post4"),
            ("1.0rev", "1.0.post0", "1.post0"),
            ("1dev", "1.dev0", "1.dev0"),
            ("1.0b2.post3.dev4", "1.0b2.post3.dev4", "1b2.post3.dev4"),
        ] {
            let expected = Some((printed.to_owned(), canonical.to_owned()));
            assert_eq!(spelled(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_may_have_any_length() {
        let digits = "9".repeat(40);
        for text in [
            format!("0.2.1.dev{digits}"),
            format!("{digits}!{digits}.{digits}"),
            format!("1rc{digits}.post{digits}"),
            format!("1+{digits}.g{digits}"),
        ] {
            assert_eq!(spelled(&text), Some((text.clone(), text)));
        }
        assert!(Version::parse(&"9".repeat(MAX_VERSION_BYTES + 1)).is_none());
    }

    #[test]
    fn other_texts_are_no_versions() {
        for text in [
            "",
            "v",
            "a",
            "1.",
            "1..0",
            "1!",
            "!1",
            "1!2!3",
            "2004d",
            "1.0-",
            "1.0--1",
            "1.0post-1-2",
            "1.0dev1rc1",
            "1.0+",
            "1.0+a..b",
            "1.0+a+b",
            "1.0+ü",
            "1.0 rc1",
            "1.0\u{663}",
            "1.0poſt1",
            "=1.0",
            "1.0x1",
            "1.0.0-alpha.beta",
        ] {
            assert_eq!(spelled(text), None, "{text}");
        }
    }
}

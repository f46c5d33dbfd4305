//! A file of `java.util.Properties`, as `Properties.load` reads it: Latin-1, lines that go on behind a
//! backslash, keys that end at `=`, `:` or a blank, escapes in both.

use std::iter::Peekable;
use std::str::Chars;

use crate::formats::source::budget::Budget;

/// The values of `names`, empty where there is none, and of several the last one, as in Java. `None`
/// where an escape is malformed, or the budget does not last.
pub(crate) fn values<const N: usize>(bytes: &[u8], names: [&str; N], budget: &Budget) -> Option<[String; N]> {
    budget.steps(bytes.len()).ok()?;
    let text = encoding_rs::mem::decode_latin1(bytes);
    let mut found = names.map(|_| Some(String::new()));
    let mut lines = Lines(text.chars().peekable());
    let (mut line, mut key) = (String::new(), Vec::new());
    while lines.read(&mut line) {
        let mut rest = line.chars().peekable();
        unescape(&mut rest, |c| is_blank(c) || is_separator(c), &mut key)?;
        let is_key = |name: &&str| name.encode_utf16().eq(key.iter().copied());
        let Some(place) = names.iter().position(is_key) else {
            continue;
        };
        while rest.next_if(|c| is_blank(*c)).is_some() {}
        if rest.next_if(|c| is_separator(*c)).is_some() {
            while rest.next_if(|c| is_blank(*c)).is_some() {}
        }
        let mut value = Vec::new();
        let whole = unescape(&mut rest, |_| false, &mut value);
        if let Some(found) = found.get_mut(place) {
            *found = whole.map(|()| String::from_utf16_lossy(&value));
        }
    }
    found
        .iter()
        .all(Option::is_some)
        .then(|| found.map(Option::unwrap_or_default))
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\x0c')
}

fn is_separator(c: char) -> bool {
    matches!(c, '=' | ':')
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

/// Logical lines: without comments, blanks in front, and the ends of lines that go on.
struct Lines<'a>(Peekable<Chars<'a>>);

impl Lines<'_> {
    /// Reads the next line in place of what `line` holds; false where there is none.
    fn read(&mut self, line: &mut String) -> bool {
        line.clear();
        while let Some(first) = self
            .0
            .next_if(|c| is_blank(*c) || is_line_end(*c) || matches!(c, '#' | '!'))
        {
            if matches!(first, '#' | '!') {
                while self.0.next_if(|c| !is_line_end(*c)).is_some() {}
            }
        }
        if self.0.peek().is_none() {
            return false;
        }
        while let Some(c) = self.0.next_if(|c| !is_line_end(*c)) {
            if c != '\\' {
                line.push(c);
            } else if self.0.peek().is_some_and(|next| is_line_end(*next)) {
                self.skip_line_end();
            } else {
                line.push(c);
                line.extend(self.0.next());
            }
        }
        true
    }

    /// One end of a line, and the blanks in front of what goes on.
    fn skip_line_end(&mut self) {
        if self.0.next() == Some('\r') {
            self.0.next_if_eq(&'\n');
        }
        while self.0.next_if(|c| is_blank(*c)).is_some() {}
    }
}

/// Puts text up to a character that `ends` it in place of what `units` holds, its escapes replaced;
/// `None` where `\u` lacks its digits.
fn unescape(rest: &mut Peekable<Chars<'_>>, ends: impl Fn(char) -> bool, units: &mut Vec<u16>) -> Option<()> {
    units.clear();
    while let Some(c) = rest.next_if(|c| !ends(*c)) {
        let c = match (c, if c == '\\' { rest.next() } else { None }) {
            ('\\', Some('u')) => {
                units.push(four_digits(rest)?);
                continue;
            }
            ('\\', Some('t')) => '\t',
            ('\\', Some('n')) => '\n',
            ('\\', Some('r')) => '\r',
            ('\\', Some('f')) => '\x0c',
            // A backslash at the very end is ignored.
            ('\\', None) => continue,
            ('\\', Some(other)) => other,
            (c, _) => c,
        };
        units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
    }
    Some(())
}

fn four_digits(rest: &mut Peekable<Chars<'_>>) -> Option<u16> {
    let mut number = 0;
    for _ in 0..4 {
        let digit = rest.next()?.to_digit(16)?;
        number = number * 16 + u16::try_from(digit).ok()?;
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::source::budget::fixtures::ample;

    fn value(bytes: &[u8], name: &str) -> Option<String> {
        values(bytes, [name], &ample()).map(|[value]| value)
    }

    #[test]
    fn values_are_read_as_java_reads_them() {
        for (text, expected) in [
            ("k=v", "v"),
            ("k:v", "v"),
            ("k v", "v"),
            ("k = v", "v"),
            ("k\t:\x0c v", "v"),
            ("k = = v", "= v"),
            ("  k=v ", "v "),
            ("k=v\r\nother=w", "v"),
            ("k=v\rother=w", "v"),
            ("#k=no\n!k=no\\\nk=v", "v"),
            ("k=1\\\n  .2\\\r\n\t.3\n", "1.2.3"),
            ("k\\\n=v", "v"),
            ("k=a\\\\\nx=b", "a\\"),
            ("k=a\\\n#b", "a#b"),
            ("\\u006B=\\u0076\\tx\\:\\q", "v\tx:q"),
            ("k=\\uD83D\\uDE00", "😀"),
            ("k=1\nk=2", "2"),
            ("k\\=x=no\nk=v", "v"),
            ("k=v\\", "v"),
            ("k", ""),
            ("", ""),
        ] {
            assert_eq!(value(text.as_bytes(), "k").as_deref(), Some(expected), "{text:?}");
        }
        assert_eq!(value(b"k=\xfc", "k").as_deref(), Some("ü"));
    }

    #[test]
    fn several_values_are_read_in_one_pass() {
        let found = values(b"b=2\na=1\nb=3\n", ["a", "b", "c"], &ample());
        assert_eq!(found, Some(["1", "3", ""].map(str::to_owned)));
        assert_eq!(values(b"a=\\u\nb=3", ["a", "b"], &ample()), None);
    }

    #[test]
    fn malformed_escapes_are_refused() {
        for text in ["k=\\u12", "k=\\u12g4", "k=\\u", "\\uxxxx=1\nk=v"] {
            assert_eq!(value(text.as_bytes(), "k"), None, "{text}");
        }
    }
}

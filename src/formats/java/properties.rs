//! A file of `java.util.Properties`, as `Properties.load` reads it: Latin-1, lines that go on behind a
//! backslash, keys that end at `=`, `:` or a blank, escapes in both.

use std::iter::Peekable;
use std::str::Chars;

/// The value of `name`; of several the last one, as in Java. `None` where an escape is malformed.
pub(super) fn value(bytes: &[u8], name: &str) -> Option<String> {
    let text = encoding_rs::mem::decode_latin1(bytes);
    let mut found = Some(String::new());
    for line in Lines(text.chars().peekable()) {
        let mut rest = line.chars().peekable();
        let key = unescaped(&mut rest, |c| is_blank(c) || is_separator(c))?;
        while rest.next_if(|c| is_blank(*c)).is_some() {}
        if rest.next_if(|c| is_separator(*c)).is_some() {
            while rest.next_if(|c| is_blank(*c)).is_some() {}
        }
        if key == name {
            found = unescaped(&mut rest, |_| false);
        }
    }
    found
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

impl Iterator for Lines<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        while let Some(first) = self
            .0
            .next_if(|c| is_blank(*c) || is_line_end(*c) || matches!(c, '#' | '!'))
        {
            if matches!(first, '#' | '!') {
                while self.0.next_if(|c| !is_line_end(*c)).is_some() {}
            }
        }
        self.0.peek()?;
        let mut line = String::new();
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
        Some(line)
    }
}

impl Lines<'_> {
    /// One end of a line, and the blanks in front of what goes on.
    fn skip_line_end(&mut self) {
        if self.0.next() == Some('\r') {
            self.0.next_if_eq(&'\n');
        }
        while self.0.next_if(|c| is_blank(*c)).is_some() {}
    }
}

/// Text up to a character that `ends` it, its escapes replaced; `None` where `\u` lacks its digits.
fn unescaped(rest: &mut Peekable<Chars<'_>>, ends: impl Fn(char) -> bool) -> Option<String> {
    let mut units: Vec<u16> = Vec::new();
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
            // A backslash at the very end stands for nothing.
            ('\\', None) => continue,
            ('\\', Some(other)) => other,
            (c, _) => c,
        };
        units.extend_from_slice(c.encode_utf16(&mut [0; 2]));
    }
    Some(String::from_utf16_lossy(&units))
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
    fn malformed_escapes_are_refused() {
        for text in ["k=\\u12", "k=\\u12g4", "k=\\u", "\\uxxxx=1\nk=v"] {
            assert_eq!(value(text.as_bytes(), "k"), None, "{text}");
        }
    }
}

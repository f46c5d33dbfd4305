//! The layout that libyaml does without and a parser of YAML 1.2 insists on: lines within brackets and
//! quotes are indented deeper than what they belong to, by blanks, and a comment has one before it.
//!
//! Where a line within brackets or quotes begins means nothing, so it may be moved. Used for texts
//! alone that were refused as they are: telling what is within brackets takes a second reading of
//! the text, which knows less than a parser does.

/// Bytes of a text that is laid out anew. Longer ones are specifications that `RubyGems` wrote.
const MAX_BYTES: usize = 1024 * 1024;
/// Bytes that may be added beside as many as the text has.
const FREE_GROWTH: usize = 64 * 1024;

/// The text with that layout; none where it has it, is too long, or would grow too much.
pub(super) fn strict(text: &str) -> Option<String> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut layout = Layout::default();
    for line in text.split_inclusive('\n') {
        layout.add(line);
        if layout.out.len() > 2 * text.len() + FREE_GROWTH {
            return None;
        }
    }
    (layout.out != text).then_some(layout.out)
}

#[derive(Default)]
struct Layout {
    out: String,
    /// Where the last line begins in it.
    line: usize,
    /// Brackets that are open.
    brackets: usize,
    /// The quotation mark that ends the text which is open.
    quote: Option<char>,
    /// Blanks that go in front of lines within brackets or quotes.
    deeper: usize,
    block: Block,
    /// Before the character that comes next.
    before: Before,
    /// The indentation of the line on which a text without quotes began that may go on.
    plain: Option<usize>,
}

/// Whether lines are those of a block scalar.
#[derive(Clone, Copy, Default)]
enum Block {
    #[default]
    None,
    /// Its first line decides; that of its header is indented so far.
    Begun(usize),
    /// Its lines are indented at least so far.
    Lines(usize),
}

/// The kind of text that was read last.
#[derive(Clone, Copy, Default, PartialEq)]
enum Before {
    /// An indicator: a value may begin.
    #[default]
    Indicator,
    /// A letter of a text without quotes.
    Plain,
    /// The end of a text in quotes, or of brackets.
    End,
}

impl Layout {
    fn is_within(&self) -> bool {
        self.brackets > 0 || self.quote.is_some()
    }

    fn add(&mut self, line: &str) {
        self.line = self.out.len();
        let content = line.trim_start_matches([' ', '\t']);
        let indentation = line.len() - line.trim_start_matches(' ').len();
        let is_blank = content.trim_end().is_empty();
        if self.is_within() {
            if !is_blank {
                self.out.extend(std::iter::repeat_n(' ', self.deeper));
            }
            self.scan(content, indentation);
        } else if is_blank || self.is_block_line(indentation) || line.starts_with('%') {
            self.out.push_str(line);
        } else {
            self.out.push_str(&line[..line.len() - content.len()]);
            if self.plain.take().is_none_or(|began| indentation <= began) {
                self.before = Before::Indicator;
            }
            let start = if line.starts_with("---") { 3 } else { 0 };
            self.out.push_str(&content[..start]);
            self.scan(&content[start..], indentation);
        }
    }

    fn is_block_line(&mut self, indentation: usize) -> bool {
        self.block = match self.block {
            Block::Begun(header) if indentation > header => Block::Lines(indentation),
            Block::Lines(least) if indentation >= least => Block::Lines(least),
            _ => Block::None,
        };
        matches!(self.block, Block::Lines(_))
    }

    /// Reads a line from its first character that is not blank.
    fn scan(&mut self, content: &str, indentation: usize) {
        let mut rest = content;
        while let Some(c) = rest.chars().next() {
            let next = rest[c.len_utf8()..].chars().next();
            let length = match self.quote {
                Some(quote) => self.quoted(c, next, quote),
                None => self.unquoted(c, next, rest, indentation),
            };
            let (taken, after) = rest.split_at(length);
            self.out.push_str(taken);
            rest = after;
        }
        let goes_on = self.before == Before::Plain && !self.is_within();
        self.plain = goes_on.then_some(indentation);
    }

    /// The length of what is taken of a text in quotes.
    fn quoted(&mut self, c: char, next: Option<char>, quote: char) -> usize {
        let is_escape = (quote == '"' && c == '\\') || (quote == '\'' && c == quote && next == Some(quote));
        if is_escape {
            return 1 + next.map_or(0, char::len_utf8);
        }
        if c == quote {
            self.quote = None;
            self.before = Before::End;
        }
        c.len_utf8()
    }

    /// The length of what is taken besides texts in quotes.
    fn unquoted(&mut self, c: char, next: Option<char>, rest: &str, indentation: usize) -> usize {
        let may_begin = self.before == Before::Indicator;
        let in_brackets = self.brackets > 0;
        let ends_word = next.is_none_or(char::is_whitespace);
        let after_blank = self.out.ends_with([' ', '\t', '\n']) || self.out.is_empty();
        match c {
            _ if c.is_whitespace() => return c.len_utf8(),
            '#' if after_blank || self.before != Before::Plain => {
                if !after_blank {
                    self.out.push(' ');
                }
                return rest.len();
            }
            '\'' | '"' if may_begin => {
                self.open();
                self.quote = Some(c);
            }
            '[' | '{' if may_begin || in_brackets => {
                self.open();
                self.brackets += 1;
                self.before = Before::Indicator;
            }
            ']' | '}' if in_brackets => {
                self.brackets -= 1;
                self.before = Before::End;
            }
            ',' if in_brackets => self.before = Before::Indicator,
            ':' if ends_word || (in_brackets && self.before == Before::End) => {
                self.before = Before::Indicator;
            }
            '-' | '?' if may_begin && ends_word => {}
            '|' | '>' if may_begin && !in_brackets => {
                self.block = Block::Begun(indentation);
                return rest.len();
            }
            '&' | '!' if may_begin => return word(rest),
            _ => self.before = Before::Plain,
        }
        c.len_utf8()
    }

    /// Notes where brackets or a text in quotes begin: behind all that they may belong to.
    fn open(&mut self) {
        if !self.is_within() {
            self.deeper = self.out.len() - self.line + 1;
        }
    }
}

/// The length of an anchor or a tag.
fn word(rest: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '{' | '}');
    rest.find(ends).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_in_brackets_follow_their_owner() {
        for (text, expected) in [
            ("k: 'a\nb'\n", "k: 'a\n    b'\n"),
            ("k: \"a\n\tb\\\n c\"\nd: e\n", "k: \"a\n    b\\\n    c\"\nd: e\n"),
            (
                "k:\n - x: [\n\ta, # [\n ]\n",
                "k:\n - x: [\n       a, # [\n       ]\n",
            ),
            (
                "k: {\na: 'it''s',\n\nb: c}\n",
                "k: {\n    a: 'it''s',\n\n    b: c}\n",
            ),
            ("k: 'x'# [\nl: [a]# '\n", "k: 'x' # [\nl: [a] # '\n"),
            ("--- 'a\nb'\n", "--- 'a\n     b'\n"),
            ("k: !a &b [\n]\n", "k: !a &b [\n          ]\n"),
        ] {
            assert_eq!(strict(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn all_other_lines_stay_where_they_are() {
        for text in [
            "k: it's\nl: a [b\n",
            "k: a\n  'b [\n\tc: d\n",
            "k: |\n  'a [\n b'\nl: m\n",
            "- >-\n  \"a\n\n  b\n- c\n",
            "# it's [\nk: a # it's [\n",
            "%TAG ! '[\n---\nk: *[\n",
            "k: a#'\nl: b'c'\n",
            "k: [a, 'b']\nl: {m: n}\n  o\n",
            "",
        ] {
            assert_eq!(strict(text), None, "{text}");
        }
    }

    #[test]
    fn texts_that_would_grow_are_left_alone() {
        assert_eq!(strict(&format!("k: '\n{}'", "a\n".repeat(MAX_BYTES / 2))), None);
        let text = format!("{}: [\n{}]\n", "k".repeat(1000), "a,\n".repeat(1000));
        assert_eq!(strict(&text), None);
    }
}

//! What the scanner may take in before the parser says anything of it.
//!
//! A flow collection that stands where a key may stand is scanned to its end first, in case a colon
//! follows: megabytes of `[x,x,…` would be millions of tokens before the first event. So would
//! directives. Text alone is one token however long it is, so what counts is what tokens are made of.

use std::cell::Cell;

use saphyr_parser::{Input, StrInput};

/// Brackets, commas, quotes and their like between two events. No text of a real package has as many;
/// as tokens they take some 30 MB.
const MAX_MARKS: usize = 64 * 1024;

/// How much is left until the next event.
#[derive(Debug)]
pub(super) struct Meter(Cell<usize>);

impl Meter {
    pub(super) fn new() -> Self {
        Self(Cell::new(MAX_MARKS))
    }

    /// An event has come; an error where the text was made to end before it, and the event may come of
    /// that.
    pub(super) fn reset(&self) -> Result<(), String> {
        if self.0.replace(MAX_MARKS) == 0 {
            return Err(format!(
                "one of its values is written with more than {MAX_MARKS} brackets, commas, colons or quotes"
            ));
        }
        Ok(())
    }
}

/// A text that ends where its meter has run out.
pub(super) struct Metered<'a> {
    text: StrInput<'a>,
    meter: &'a Meter,
}

impl<'a> Metered<'a> {
    pub(super) fn new(text: &'a str, meter: &'a Meter) -> Self {
        Self {
            text: StrInput::new(text),
            meter,
        }
    }

    fn count(&mut self) {
        let left = self.meter.0.get().saturating_sub(1);
        self.meter.0.set(left);
        if left == 0 {
            self.text = StrInput::new("");
        }
    }
}

fn is_mark(character: char) -> bool {
    matches!(
        character,
        '[' | ']' | '{' | '}' | ',' | ':' | '?' | '&' | '*' | '!' | '%' | '"' | '\''
    )
}

impl Input for Metered<'_> {
    fn skip(&mut self) {
        let is_mark = is_mark(self.text.peek());
        self.text.skip();
        if is_mark {
            self.count();
        }
    }

    /// A directive's name, or one of its parameters.
    fn fetch_while_is_yaml_non_space(&mut self, out: &mut String) -> usize {
        let fetched = self.text.fetch_while_is_yaml_non_space(out);
        self.count();
        fetched
    }

    fn lookahead(&mut self, count: usize) {
        self.text.lookahead(count);
    }

    fn buflen(&self) -> usize {
        self.text.buflen()
    }

    fn bufmaxlen(&self) -> usize {
        self.text.bufmaxlen()
    }

    fn raw_read_ch(&mut self) -> char {
        self.text.raw_read_ch()
    }

    fn raw_read_non_breakz_ch(&mut self) -> Option<char> {
        self.text.raw_read_non_breakz_ch()
    }

    fn skip_n(&mut self, count: usize) {
        self.text.skip_n(count);
    }

    fn peek(&self) -> char {
        self.text.peek()
    }

    fn peek_nth(&self, n: usize) -> char {
        self.text.peek_nth(n)
    }

    fn peek_opt(&self) -> Option<char> {
        self.text.peek_opt()
    }

    fn skip_while_non_breakz(&mut self) -> usize {
        self.text.skip_while_non_breakz()
    }

    fn skip_while_blank(&mut self) -> usize {
        self.text.skip_while_blank()
    }

    fn fetch_while_is_alpha(&mut self, out: &mut String) -> usize {
        self.text.fetch_while_is_alpha(out)
    }
}

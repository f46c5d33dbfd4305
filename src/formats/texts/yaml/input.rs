//! The text as the parser takes it, which ends where the parser runs too far ahead.
//!
//! Where a list or a mapping in brackets may turn out to be a key, the parser takes all of it apart
//! before it says the first event, and all the directives before a document too; what bounds the
//! tree never sees them. So it is counted here what is taken from the text for one event: tokens,
//! not bytes, because one long text is one token and may be as long as it likes.

use std::cell::Cell;

use saphyr_parser::StrInput;
use saphyr_parser::input::{Input, SkipTabs};

use crate::formats::source::budget::Budget;

/// Tokens for one event. One takes up to some 450 bytes, so all of them 15 MB.
const MAX_TOKENS: usize = 32_768;

/// Tokens taken since the last event.
#[derive(Default)]
pub(super) struct Lookahead(Cell<usize>);

impl Lookahead {
    /// To be asked at every event or error, before it is believed: beyond the bound it is but what
    /// the early end of the text made.
    pub(super) fn end_event(&self) -> Result<(), String> {
        if self.is_too_far() {
            return Err("it holds too large a value in brackets, or too many directives".to_owned());
        }
        self.0.set(0);
        Ok(())
    }

    fn is_too_far(&self) -> bool {
        self.0.get() > MAX_TOKENS
    }

    fn count_token(&self) {
        self.0.set(self.0.get() + 1);
    }
}

/// A text whose tokens are counted, and which ends with the budget: what is passed over between two
/// tokens, such as comments, makes no event and is charged here.
pub(super) struct BoundedInput<'a> {
    text: StrInput<'a>,
    ahead: &'a Lookahead,
    budget: &'a Budget,
}

impl<'a> BoundedInput<'a> {
    pub(super) fn new(text: &'a str, ahead: &'a Lookahead, budget: &'a Budget) -> Self {
        Self {
            text: StrInput::new(text),
            ahead,
            budget,
        }
    }

    fn end_if_too_far(&mut self) {
        if self.ahead.is_too_far() || self.budget.steps(1).is_err() {
            self.text = StrInput::new("");
        }
    }
}

/// Provided methods are kept where those of `StrInput` are not faster.
impl Input for BoundedInput<'_> {
    /// Asked once or twice for each token, for a byte order mark first of all, and never within a
    /// text.
    fn next_char_is(&self, c: char) -> bool {
        self.ahead.count_token();
        self.text.next_char_is(c)
    }

    /// Asked for each word of a directive, which the token keeps.
    fn fetch_while_is_yaml_non_space(&mut self, out: &mut String) -> usize {
        self.ahead.count_token();
        self.end_if_too_far();
        self.text.fetch_while_is_yaml_non_space(out)
    }

    /// Asked before anything is taken.
    fn lookahead(&mut self, count: usize) {
        self.end_if_too_far();
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

    fn skip(&mut self) {
        self.text.skip();
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

    fn next_2_are(&self, c1: char, c2: char) -> bool {
        self.text.next_2_are(c1, c2)
    }

    fn next_3_are(&self, c1: char, c2: char, c3: char) -> bool {
        self.text.next_3_are(c1, c2, c3)
    }

    fn next_is_document_indicator(&self) -> bool {
        self.text.next_is_document_indicator()
    }

    fn next_is_document_start(&self) -> bool {
        self.text.next_is_document_start()
    }

    fn next_is_document_end(&self) -> bool {
        self.text.next_is_document_end()
    }

    /// A tab separates a colon from its value as well as a blank does (YAML 1.2.2, section 6.2): the
    /// scanner, which asks for blanks there, is told that there was one. What a tab must not do, which
    /// is indent, it asks about separately.
    fn skip_ws_to_eol(&mut self, skip_tabs: SkipTabs) -> (usize, Result<SkipTabs, &'static str>) {
        let (taken, skipped) = self.text.skip_ws_to_eol(skip_tabs);
        let separated = |skipped: SkipTabs| {
            let tabs = skipped.found_tabs();
            SkipTabs::Result(tabs, tabs || skipped.has_valid_yaml_ws())
        };
        (taken, skipped.map(separated))
    }

    fn skip_while_non_breakz(&mut self) -> usize {
        self.text.skip_while_non_breakz()
    }

    fn skip_while_blank(&mut self) -> usize {
        self.text.skip_while_blank()
    }
}

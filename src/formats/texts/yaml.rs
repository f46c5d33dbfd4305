//! YAML, bounded: events of `saphyr-parser` made into a tree whose scalars stay text.
//!
//! Text stays text because `version: 1.10` is not 1.1. Aliases share their node, and a node knows its
//! weight with every alias written out, so that a document of a few kilobytes cannot grow into
//! gigabytes while it is walked. Only the first document of a stream is read.

use std::borrow::Cow;
use std::rc::Rc;

use saphyr_parser::{Event, Parser, Tag};
use serde_json::Value;

use crate::formats::source::budget::Budget;
use input::{BoundedInput, Lookahead};
use tree::Tree;

mod input;
mod layout;
mod tree;

/// A part of a document.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    kind: Kind<'a>,
    /// The tag of some application that stands before it: `ruby/object:Gem::Version`.
    tag: Option<Box<str>>,
    depth: usize,
    weight: u64,
}

#[derive(Debug)]
enum Kind<'a> {
    Scalar { text: Cow<'a, str>, plain: bool },
    Sequence(Vec<Rc<Node<'a>>>),
    Mapping(Vec<(Rc<Node<'a>>, Rc<Node<'a>>)>),
}

/// Reads the first document of `text`; an error is a phrase that follows "is not usable YAML:".
///
/// A text that is refused as YAML 1.2 is read once more with the layout that libyaml does without.
pub(crate) fn read<'a>(text: &'a str, budget: &Budget) -> Result<Rc<Node<'a>>, String> {
    let why = match document(text, budget, |event| event) {
        Ok(root) => return Ok(root),
        Err(Failure::Other(why)) => return Err(why),
        Err(Failure::Syntax(why)) => why,
    };
    budget.steps(text.len())?;
    let Some(strict) = layout::strict(text) else {
        return Err(why);
    };
    budget.keep(strict.len())?;
    document(&strict, budget, owned).map_err(|failure| match failure {
        Failure::Other(why) => why,
        Failure::Syntax(_) => why,
    })
}

/// Why a text is not read: a phrase.
enum Failure {
    /// The parser refuses it.
    Syntax(String),
    /// It goes beyond a bound, or nothing is in it.
    Other(String),
}

/// The first document of `text`, of whose events `keep` is kept.
fn document<'t, 'a>(
    text: &'t str,
    budget: &Budget,
    keep: fn(Event<'t>) -> Event<'a>,
) -> Result<Rc<Node<'a>>, Failure> {
    let mut tree = Tree::default();
    let mut root = None;
    let ahead = Lookahead::default();
    for event in Parser::new(BoundedInput::new(text, &ahead, budget)) {
        ahead.end_event().map_err(Failure::Other)?;
        budget.items(1).map_err(|end| Failure::Other(end.into()))?;
        let (event, _) = event.map_err(|error| Failure::Syntax(error.to_string()))?;
        if event == Event::DocumentEnd {
            break;
        }
        root = tree.add(keep(event)).map_err(Failure::Other)?.or(root);
    }
    root.ok_or_else(|| Failure::Other("it is empty".to_owned()))
}

/// An event that outlives its text.
fn owned(event: Event<'_>) -> Event<'static> {
    let own = |tag: Option<Cow<'_, Tag>>| tag.map(|tag| Cow::Owned(tag.into_owned()));
    match event {
        Event::Scalar(text, style, anchor, tag) => {
            Event::Scalar(Cow::Owned(text.into_owned()), style, anchor, own(tag))
        }
        Event::SequenceStart(anchor, tag) => Event::SequenceStart(anchor, own(tag)),
        Event::MappingStart(anchor, tag) => Event::MappingStart(anchor, own(tag)),
        Event::Alias(anchor) => Event::Alias(anchor),
        Event::SequenceEnd => Event::SequenceEnd,
        Event::MappingEnd => Event::MappingEnd,
        _ => Event::Nothing,
    }
}

impl<'a> Node<'a> {
    /// The text of a scalar; none for collections and for null.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, plain } if !(*plain && is_null(text)) => Some(text),
            _ => None,
        }
    }

    /// The text of a scalar that no application's tag turns into something else.
    pub(crate) fn plain_text(&self) -> Option<&str> {
        self.text().filter(|_| self.tag.is_none())
    }

    /// The tag of an application, without the exclamation mark.
    pub(crate) fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if is_null(text))
    }

    /// The items of a sequence; nothing for everything else.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Node<'a>> {
        let items: &[Rc<Node>] = match &self.kind {
            Kind::Sequence(items) => items,
            _ => &[],
        };
        items.iter().map(AsRef::as_ref)
    }

    /// The pairs of a mapping, in order; nothing for everything else.
    pub(crate) fn pairs(&self) -> impl DoubleEndedIterator<Item = (&Node<'a>, &Node<'a>)> {
        let pairs: &[(Rc<Node>, Rc<Node>)] = match &self.kind {
            Kind::Mapping(pairs) => pairs,
            _ => &[],
        };
        pairs.iter().map(|(key, value)| (&**key, &**value))
    }

    pub(crate) fn is_mapping(&self) -> bool {
        matches!(self.kind, Kind::Mapping(_))
    }

    /// The whole tree as JSON, numbers and truth values as the core schema has them; a key is its
    /// text. The bound on the weight bounds this too.
    pub(crate) fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Scalar { text, plain: true } => core_value(text),
            Kind::Scalar { text, .. } => Value::from(text.as_ref()),
            Kind::Sequence(items) => items.iter().map(|item| item.to_json()).collect(),
            Kind::Mapping(pairs) => pairs
                .iter()
                .map(|(key, value)| (key.text().unwrap_or_default().to_owned(), value.to_json()))
                .collect(),
        }
    }

    /// The value under `key`: of several the last, as the common loaders have it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'a>> {
        self.pairs()
            .rev()
            .find(|(name, _)| name.text() == Some(key))
            .map(|(_, value)| value)
    }
}

/// Null in the core schema, YAML 1.2.2 section 10.3.2.
fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// A plain scalar in the core schema, YAML 1.2.2 section 10.3.2. Numbers that would not come back as
/// they were written stay text, so that `1.10` is not 1.1.
fn core_value(text: &str) -> Value {
    match text {
        _ if is_null(text) => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => number.into(),
            _ => text.into(),
        },
    }
}

#[cfg(test)]
mod tests;

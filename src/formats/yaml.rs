//! YAML, bounded: events of `saphyr-parser` made into a tree whose scalars stay text.
//!
//! Text stays text because `version: 1.10` is not 1.1. Aliases share their node, and a node knows
//! what it would weigh with every alias written out, so that a document of a few kilobytes cannot
//! grow into gigabytes when somebody walks it. Only the first document of a stream is read.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::Value;

/// Collections inside one another, aliases followed.
pub(super) const MAX_DEPTH: usize = 64;
/// Scalars and collections written in the document.
pub(super) const MAX_NODES: usize = 120_000;
/// Values with a name that aliases can repeat.
pub(super) const MAX_ANCHORS: usize = 10_000;
/// Bytes that the document may weigh with every alias written out.
pub(super) const MAX_EXPANDED: u64 = 32 * 1024 * 1024;

/// Bytes that a scalar takes besides its text, and those that a collection takes as JSON.
const SCALAR_WEIGHT: u64 = 64;
const COLLECTION_WEIGHT: u64 = 640;

/// A part of a document.
#[derive(Debug)]
pub(super) struct Node<'a> {
    kind: Kind<'a>,
    /// Whether a tag of some application stands before it, such as `!ruby/object:Gem::Version`.
    tagged: bool,
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
pub(super) fn read(text: &str) -> Result<Rc<Node<'_>>, String> {
    let mut tree = Tree::default();
    let mut root = None;
    for event in Parser::new_from_str(text) {
        let (event, _) = event.map_err(|error| error.to_string())?;
        if event == Event::DocumentEnd {
            break;
        }
        root = tree.add(event)?.or(root);
    }
    root.ok_or_else(|| "it is empty".to_owned())
}

impl<'a> Node<'a> {
    /// The text of a scalar; none for collections and for null.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, plain } if !(*plain && is_null(text)) => Some(text),
            _ => None,
        }
    }

    /// The text of a scalar that no application's tag turns into something else.
    pub(super) fn plain_text(&self) -> Option<&str> {
        self.text().filter(|_| !self.tagged)
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar { text, plain: true } if is_null(text))
    }

    /// The items of a sequence; nothing for everything else.
    pub(super) fn items(&self) -> impl Iterator<Item = &Node<'a>> {
        let items: &[Rc<Node>] = match &self.kind {
            Kind::Sequence(items) => items,
            _ => &[],
        };
        items.iter().map(AsRef::as_ref)
    }

    /// The pairs of a mapping, in order; nothing for everything else.
    pub(super) fn pairs(&self) -> impl DoubleEndedIterator<Item = (&Node<'a>, &Node<'a>)> {
        let pairs: &[(Rc<Node>, Rc<Node>)] = match &self.kind {
            Kind::Mapping(pairs) => pairs,
            _ => &[],
        };
        pairs.iter().map(|(key, value)| (&**key, &**value))
    }

    pub(super) fn is_mapping(&self) -> bool {
        matches!(self.kind, Kind::Mapping(_))
    }

    /// The whole tree as JSON, numbers and truth values as the core schema has them; for keys that
    /// are no text the text that stands there. The bound on the weight bounds this too.
    pub(super) fn to_json(&self) -> Value {
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
    pub(super) fn get(&self, key: &str) -> Option<&Node<'a>> {
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

/// A document under construction.
#[derive(Default)]
struct Tree<'a> {
    open: Vec<Open<'a>>,
    anchors: HashMap<usize, Rc<Node<'a>>>,
    nodes: usize,
}

/// A collection whose end has not been met.
struct Open<'a> {
    anchor: usize,
    tagged: bool,
    mapping: bool,
    /// Of a mapping: keys and values by turns.
    nodes: Vec<Rc<Node<'a>>>,
}

impl<'a> Tree<'a> {
    /// Adds what an event says; gives the document once it is whole.
    fn add(&mut self, event: Event<'a>) -> Result<Option<Rc<Node<'a>>>, String> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let node = scalar(text, style, tag.as_deref())?;
                self.close(node, anchor)
            }
            Event::SequenceStart(anchor, tag) => self.open(anchor, tag.as_deref(), false),
            Event::MappingStart(anchor, tag) => self.open(anchor, tag.as_deref(), true),
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.open.pop().ok_or("a collection ends twice")?;
                let anchor = open.anchor;
                self.close(open.into_node(), anchor)
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                self.place(node.ok_or("an alias names what is not complete")?)
            }
            _ => Ok(None),
        }
    }

    fn open(
        &mut self,
        anchor: usize,
        tag: Option<&Tag>,
        mapping: bool,
    ) -> Result<Option<Rc<Node<'a>>>, String> {
        if self.open.len() >= MAX_DEPTH {
            return Err(too_deep());
        }
        self.open.push(Open {
            anchor,
            tagged: tag.is_some_and(is_foreign),
            mapping,
            nodes: Vec::new(),
        });
        Ok(None)
    }

    fn close(&mut self, node: Node<'a>, anchor: usize) -> Result<Option<Rc<Node<'a>>>, String> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(format!("it holds more than {MAX_NODES} values"));
        }
        let node = Rc::new(node);
        if anchor != 0 {
            if self.anchors.len() >= MAX_ANCHORS {
                return Err(format!("it names more than {MAX_ANCHORS} values by anchors"));
            }
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        self.place(node)
    }

    /// Puts a whole node where it belongs: into the innermost open collection.
    fn place(&mut self, node: Rc<Node<'a>>) -> Result<Option<Rc<Node<'a>>>, String> {
        if node.depth + self.open.len() > MAX_DEPTH {
            return Err(too_deep());
        }
        if node.weight > MAX_EXPANDED {
            return Err(format!(
                "with its aliases written out it is larger than {MAX_EXPANDED} bytes"
            ));
        }
        match self.open.last_mut() {
            None => Ok(Some(node)),
            Some(open) => {
                open.nodes.push(node);
                Ok(None)
            }
        }
    }
}

impl<'a> Open<'a> {
    fn into_node(self) -> Node<'a> {
        let depth = self.nodes.iter().map(|node| node.depth).max().unwrap_or(0) + 1;
        let weight = self
            .nodes
            .iter()
            .fold(COLLECTION_WEIGHT, |sum, node| sum.saturating_add(node.weight));
        let kind = if self.mapping {
            Kind::Mapping(paired(self.nodes))
        } else {
            Kind::Sequence(self.nodes)
        };
        Node {
            kind,
            tagged: self.tagged,
            depth,
            weight,
        }
    }
}

fn paired(nodes: Vec<Rc<Node<'_>>>) -> Vec<(Rc<Node<'_>>, Rc<Node<'_>>)> {
    let mut pairs = Vec::with_capacity(nodes.len() / 2);
    let mut nodes = nodes.into_iter();
    while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
        pairs.push((key, value));
    }
    pairs
}

fn scalar<'a>(text: Cow<'a, str>, style: ScalarStyle, tag: Option<&Tag>) -> Result<Node<'a>, String> {
    let binary = tag.is_some_and(|tag| tag.suffix == "binary");
    let text = if binary { decoded(&text)? } else { text };
    Ok(Node {
        depth: 0,
        weight: SCALAR_WEIGHT + text.len() as u64,
        kind: Kind::Scalar {
            text,
            plain: style == ScalarStyle::Plain && tag.is_none(),
        },
        tagged: tag.is_some_and(is_foreign) && !binary,
    })
}

/// `!binary`: how Ruby 1.9 wrote strings whose encoding it did not know. They are text here.
fn decoded<'a>(base64: &str) -> Result<Cow<'a, str>, String> {
    let packed: String = base64.split_ascii_whitespace().collect();
    let bytes = STANDARD
        .decode(packed)
        .map_err(|_| "a binary value is not base64")?;
    let text = String::from_utf8(bytes).map_err(|_| "a binary value is not UTF-8")?;
    Ok(Cow::Owned(text))
}

/// Neither of YAML's own (`!!str`) nor the mere `!` that says "a string", which comes as a suffix.
fn is_foreign(tag: &Tag) -> bool {
    !tag.is_yaml_core_schema() && !matches!((&*tag.handle, &*tag.suffix), ("", "!") | ("!", ""))
}

fn too_deep() -> String {
    format!("it is nested deeper than {MAX_DEPTH} levels")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_stay_text_and_only_plain_nulls_are_null() {
        let root = read("version: 1.10\nnothing: ~\nempty: ''\nyes: true\n").unwrap();
        assert_eq!(root.get("version").unwrap().text(), Some("1.10"));
        assert!(root.get("nothing").unwrap().is_null());
        assert_eq!(root.get("empty").unwrap().text(), Some(""));
        assert_eq!(root.get("yes").unwrap().text(), Some("true"));
    }

    #[test]
    fn ruby_tags_do_not_disturb_but_are_noticed() {
        let root = read("--- !ruby/object:Gem::Specification\nversion: !ruby/object:Gem::Version\n  version: 1.0\nplatform: !ruby/object:Evil x\n").unwrap();
        let version = root.get("version").and_then(|version| version.get("version"));
        assert_eq!(version.unwrap().text(), Some("1.0"));
        assert_eq!(root.get("platform").unwrap().plain_text(), None);
    }

    #[test]
    fn a_tree_becomes_json_without_changing_numbers() {
        let root = read("a: [1.10, 12, true, ~, '7', 007]\n1: &x {y: z}\nb: *x\n").unwrap();
        let expected = serde_json::json!({
            "a": ["1.10", 12, true, null, "7", "007"], "1": {"y": "z"}, "b": {"y": "z"},
        });
        assert_eq!(root.to_json(), expected);
    }

    #[test]
    fn a_mere_exclamation_mark_says_text() {
        let root = read("- ! '>='\n- !!str 1\n- ! 2\n- !own 3\n").unwrap();
        let texts: Vec<_> = root.items().map(Node::plain_text).collect();
        assert_eq!(texts, [Some(">="), Some("1"), Some("2"), None]);
    }

    #[test]
    fn binary_values_are_decoded() {
        let root = read("a: !binary |-\n  MS4w\n  LjA=\n").unwrap();
        assert_eq!(root.get("a").unwrap().plain_text(), Some("1.0.0"));
    }

    #[test]
    fn an_alias_is_what_its_anchor_was() {
        let root = read("a: &one [x, y]\nb: *one\n").unwrap();
        let items: Vec<_> = root.get("b").unwrap().items().map(Node::text).collect();
        assert_eq!(items, [Some("x"), Some("y")]);
    }

    #[test]
    fn aliases_that_would_grow_are_refused() {
        let mut bomb = vec!["a0: &a0 [x, x, x, x, x, x, x, x, x]".to_owned()];
        bomb.extend((1..10).map(|level| {
            let before = format!("*a{},", level - 1).repeat(9);
            format!("a{level}: &a{level} [{before}]")
        }));
        let bomb = bomb.join("\n");
        assert_eq!(
            read(&bomb).unwrap_err(),
            "with its aliases written out it is larger than 33554432 bytes"
        );
    }

    #[test]
    fn a_long_text_aliased_often_is_refused() {
        let bomb = format!("- &a {}\n{}", "x".repeat(100_000), "- *a\n".repeat(5_000));
        assert!(read(&bomb).unwrap_err().starts_with("with its aliases"));
    }

    #[test]
    fn depth_is_bounded_in_blocks_in_flow_and_through_aliases() {
        let too_deep = "it is nested deeper than 64 levels";
        assert_eq!(read(&"- ".repeat(100_000)).unwrap_err(), too_deep);
        assert_eq!(read(&"[".repeat(200)).unwrap_err(), too_deep);
        let mut chain = vec!["- &a0 [x]".to_owned()];
        chain.extend((1..100).map(|level| format!("- &a{level} [*a{}]", level - 1)));
        let chain = chain.join("\n");
        assert_eq!(read(&chain).unwrap_err(), too_deep);
    }

    #[test]
    fn values_are_counted() {
        let many = "- \n".repeat(MAX_NODES + 1);
        assert_eq!(read(&many).unwrap_err(), "it holds more than 120000 values");
        let anchors: Vec<_> = (0..=MAX_ANCHORS).map(|id| format!("- &a{id} x")).collect();
        let anchors = anchors.join("\n");
        assert_eq!(
            read(&anchors).unwrap_err(),
            "it names more than 10000 values by anchors"
        );
    }

    #[test]
    fn an_alias_to_what_contains_it_is_refused() {
        assert!(read("a: &a [*a]\n").is_err());
    }

    #[test]
    fn of_several_documents_the_first_is_read() {
        let root = read("--- {a: 1}\n--- {a: 2}\n").unwrap();
        assert_eq!(root.get("a").unwrap().text(), Some("1"));
    }
}

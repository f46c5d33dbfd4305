//! The tree under construction, and its bounds: an event that would break one ends the reading.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use saphyr_parser::{Event, ScalarStyle, Tag};

use super::{Kind, Node};

/// Collections inside one another, aliases followed.
pub(super) const MAX_DEPTH: usize = 64;
/// Scalars, collections and aliases written in the document.
pub(super) const MAX_NODES: usize = 120_000;
/// Bytes of a tag. A directive can make one of megabytes of three letters, and the parser writes it
/// out each time.
pub(super) const MAX_TAG_BYTES: usize = 1024;
/// Values with a name that aliases can repeat.
pub(super) const MAX_ANCHORS: usize = 10_000;
/// Bytes that the document may weigh with every alias written out: it is copied twice on its way
/// into a record, which keeps less.
pub(super) const MAX_EXPANDED_BYTES: u64 = 8 * 1024 * 1024;

/// Bytes that a scalar takes besides its text, and those that a collection takes as JSON.
const SCALAR_WEIGHT: u64 = 64;
const COLLECTION_WEIGHT: u64 = 640;

/// A document under construction.
#[derive(Default)]
pub(super) struct Tree<'a> {
    open: Vec<Open<'a>>,
    anchors: HashMap<usize, Rc<Node<'a>>>,
    nodes: usize,
}

/// A collection whose end has not been met.
struct Open<'a> {
    anchor: usize,
    tag: Option<Box<str>>,
    mapping: bool,
    /// Of a mapping: keys and values by turns.
    nodes: Vec<Rc<Node<'a>>>,
}

impl<'a> Tree<'a> {
    /// Adds what an event says; gives the document once it is whole.
    pub(super) fn add(&mut self, event: Event<'a>) -> Result<Option<Rc<Node<'a>>>, String> {
        if let Event::Scalar(.., Some(tag))
        | Event::SequenceStart(_, Some(tag))
        | Event::MappingStart(_, Some(tag)) = &event
            && tag.handle.len() + tag.suffix.len() > MAX_TAG_BYTES
        {
            return Err(format!("it holds a tag longer than {MAX_TAG_BYTES} bytes"));
        }
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
            tag: tag.and_then(application_tag),
            mapping,
            nodes: Vec::new(),
        });
        Ok(None)
    }

    fn close(&mut self, node: Node<'a>, anchor: usize) -> Result<Option<Rc<Node<'a>>>, String> {
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
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(format!("it holds more than {MAX_NODES} values"));
        }
        if node.depth + self.open.len() > MAX_DEPTH {
            return Err(too_deep());
        }
        if node.weight > MAX_EXPANDED_BYTES {
            return Err(format!(
                "with its aliases written out it is larger than {MAX_EXPANDED_BYTES} bytes"
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
        let weight = self.nodes.iter().fold(
            COLLECTION_WEIGHT + tag_weight(self.tag.as_deref()),
            |sum, node| sum.saturating_add(node.weight),
        );
        let kind = if self.mapping {
            Kind::Mapping(paired(self.nodes))
        } else {
            Kind::Sequence(self.nodes)
        };
        Node {
            kind,
            tag: self.tag,
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

/// The text without the room to grow that the parser leaves behind most texts.
fn shrunk(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Owned(mut text) => {
            text.shrink_to_fit();
            Cow::Owned(text)
        }
        Cow::Borrowed(_) => text,
    }
}

fn scalar<'a>(text: Cow<'a, str>, style: ScalarStyle, tag: Option<&Tag>) -> Result<Node<'a>, String> {
    let binary = tag.is_some_and(|tag| tag.suffix == "binary");
    let null = tag.is_some_and(is_null);
    let text = if null {
        Cow::Borrowed("")
    } else if binary {
        decoded(&text)?
    } else {
        shrunk(text)
    };
    let plain = null || (style == ScalarStyle::Plain && tag.is_none());
    let tag = tag.filter(|_| !binary).and_then(application_tag);
    Ok(Node {
        depth: 0,
        weight: SCALAR_WEIGHT + text.len() as u64 + tag_weight(tag.as_deref()),
        kind: Kind::Scalar { text, plain },
        tag,
    })
}

/// `!!null`, which gems of some years have where nothing was said.
fn is_null(tag: &Tag) -> bool {
    tag.is_yaml_core_schema() && tag.suffix == "null"
}

/// `!binary`: how Ruby writes strings whose encoding it does not know, such as a name in Latin-1 in
/// gems that install to this day. They are text here, with marks where they are not UTF-8.
fn decoded<'a>(base64: &str) -> Result<Cow<'a, str>, String> {
    let packed: String = base64.split_ascii_whitespace().collect();
    let bytes = STANDARD
        .decode(packed)
        .map_err(|_| "a binary value is not base64")?;
    Ok(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))
}

/// A tag that is neither of YAML's own (`!!str`) nor the mere `!` that says "a string", which comes as
/// a suffix.
fn application_tag(tag: &Tag) -> Option<Box<str>> {
    let own = tag.is_yaml_core_schema() || matches!((&*tag.handle, &*tag.suffix), ("", "!") | ("!", ""));
    (!own).then(|| tag.suffix.as_str().into())
}

fn tag_weight(tag: Option<&str>) -> u64 {
    tag.map_or(0, |tag| tag.len() as u64)
}

fn too_deep() -> String {
    format!("it is nested deeper than {MAX_DEPTH} levels")
}

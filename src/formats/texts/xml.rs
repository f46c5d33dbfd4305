//! XML, bounded: events of `quick-xml` made into a tree of elements and their text.
//!
//! Namespaces are left out: the formats here are written with several of them, or with none. The
//! declarations of a document type are never read: no entity can grow, and nothing is fetched.

use std::fmt::Display;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

pub(crate) use self::encoding::decoded;
use crate::formats::source::budget::Budget;

mod encoding;

/// Elements inside one another.
pub(crate) const MAX_DEPTH: usize = 64;
/// Elements and attributes.
pub(crate) const MAX_NODES: usize = 60_000;
/// Letters of an error of the parser, or of a name, that a message repeats.
const MAX_SHOWN_CHARS: usize = 200;

/// An element: its local name, its attributes, its children and the text between them.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    text: String,
}

impl Element {
    /// The first child of that name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.all(name).next()
    }

    /// Every child of that name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of this element, without the blanks around it.
    pub(crate) fn text(&self) -> &str {
        self.text.trim()
    }

    /// The text of the first child of that name, unless it is empty.
    pub(crate) fn child_text(&self, name: &str) -> Option<&str> {
        let text = self.child(name)?.text();
        (!text.is_empty()).then_some(text)
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        let (_, value) = attributes.find(|(key, _)| key == name)?;
        Some(value)
    }
}

/// Liberties of a native reader beside XML without a document type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dialect {
    /// Whether a document type is passed over.
    pub(crate) document_type: bool,
    /// The text of an entity beside XML's own five.
    pub(crate) entity: fn(&str) -> Option<&'static str>,
}

impl Dialect {
    /// No document type, and no entities but XML's own.
    pub(crate) const PLAIN: Self = Self {
        document_type: false,
        entity: |_| None,
    };

    fn resolve(&self, name: &str) -> Result<&'static str, String> {
        resolve_predefined_entity(name)
            .or_else(|| (self.entity)(name))
            .ok_or_else(|| {
                let name: String = name.chars().take(MAX_SHOWN_CHARS).collect();
                format!("it uses the entity `&{name};`, which nothing defines; write the character itself")
            })
    }
}

/// Reads a document; an error is a phrase that follows "is not usable XML:".
pub(crate) fn read(text: &str, dialect: Dialect, budget: &Budget) -> Result<Element, String> {
    let mut reader = Reader::from_str(text);
    let mut tree = Tree::new(dialect, budget);
    loop {
        budget.items(1)?;
        let event = reader.read_event().map_err(shortened)?;
        match event {
            Event::Start(start) => tree.open(&start)?,
            Event::Empty(start) => {
                tree.open(&start)?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(text) => tree.text(&text.xml10_content())?,
            Event::CData(text) => tree.text(&text.xml10_content())?,
            Event::GeneralRef(reference) => tree.reference(&reference)?,
            Event::DocType(_) => tree.document_type()?,
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    match (tree.open.is_empty(), tree.root) {
        (true, Some(root)) => Ok(root),
        _ => Err("it is cut off or empty".to_owned()),
    }
}

/// A parser's error, cut short, since it may repeat names as long as the document.
fn shortened(error: impl Display) -> String {
    let error = error.to_string();
    error.chars().take(MAX_SHOWN_CHARS).collect()
}

/// A document under construction, each part of which is charged before it is kept.
struct Tree<'b> {
    dialect: Dialect,
    budget: &'b Budget,
    /// Whether a document type was passed over.
    typed: bool,
    root: Option<Element>,
    open: Vec<Element>,
    nodes: usize,
}

impl<'b> Tree<'b> {
    fn new(dialect: Dialect, budget: &'b Budget) -> Self {
        Self {
            dialect,
            budget,
            typed: false,
            root: None,
            open: Vec::new(),
            nodes: 0,
        }
    }

    /// Passes over a document type, which stands in front of the root and but once.
    fn document_type(&mut self) -> Result<(), String> {
        if !self.dialect.document_type {
            return Err("it has a document type; remove it".to_owned());
        }
        let begun = self.root.is_some() || !self.open.is_empty();
        if begun || std::mem::replace(&mut self.typed, true) {
            return Err("it has a document type where none may be".to_owned());
        }
        Ok(())
    }

    fn open(&mut self, start: &BytesStart) -> Result<(), String> {
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("it is nested deeper than {MAX_DEPTH} levels"));
        }
        let name = start.local_name();
        self.node(size_of::<Element>() + name.as_ref().len())?;
        let mut element = Element {
            name: name.as_ref().to_owned(),
            ..Element::default()
        };
        // Looking for duplicates takes the square of their number.
        for attribute in start.attributes().with_checks(false) {
            self.budget.items(1)?;
            let attribute = attribute.map_err(shortened)?;
            let name = attribute.key.local_name();
            self.node(size_of::<(String, String)>() + name.as_ref().len() + attribute.value.len())?;
            let resolved = |name: &str| self.dialect.resolve(name).ok();
            let value = attribute
                .normalized_value_with(XmlVersion::Implicit1_0, 1, resolved)
                .map_err(shortened)?;
            element
                .attributes
                .push((name.as_ref().to_owned(), value.into_owned()));
        }
        self.open.push(element);
        Ok(())
    }

    /// Charges an element or an attribute that takes so many bytes.
    fn node(&mut self, size: usize) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(format!("it has more than {MAX_NODES} elements"));
        }
        Ok(self.budget.keep(size)?)
    }

    fn close(&mut self) -> Result<(), String> {
        let element = self.open.pop().ok_or("an element ends twice")?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None if self.root.is_some() => return Err("it has two roots".to_owned()),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        if let Some(element) = self.open.last_mut() {
            self.budget.keep(text.len())?;
            element.text.push_str(text);
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef) -> Result<(), String> {
        match reference.resolve_char_ref() {
            Err(error) => Err(shortened(error)),
            Ok(Some(letter)) if letter.is_control() && !"\t\n\r\u{85}".contains(letter) => {
                Err("it holds a control character".to_owned())
            }
            Ok(Some(letter)) => self.text(letter.encode_utf8(&mut [0; 4])),
            Ok(None) => self.text(self.dialect.resolve(reference)?),
        }
    }
}

#[cfg(test)]
mod tests;

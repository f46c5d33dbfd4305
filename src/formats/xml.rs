//! XML, bounded: events of `quick-xml` made into a tree of elements and their text.
//!
//! Namespaces are left out: the formats here are written with several of them, or with none.
//! Document types are refused, and with them entities that could grow.

use std::borrow::Cow;

use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

/// Elements inside one another.
pub(super) const MAX_DEPTH: usize = 64;
/// Elements and attributes.
pub(super) const MAX_NODES: usize = 60_000;

/// An element: its local name, its attributes, its children and the text between them.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    text: String,
}

impl Element {
    /// The first child of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.all(name).next()
    }

    /// Every child of that name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of this element, without the blanks around it.
    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }

    /// The text of the first child of that name, unless it is empty.
    pub(super) fn child_text(&self, name: &str) -> Option<&str> {
        let text = self.child(name)?.text();
        (!text.is_empty()).then_some(text)
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        let (_, value) = attributes.find(|(key, _)| key == name)?;
        Some(value)
    }
}

/// Text of any of the encodings that XML is met in: UTF-8 and UTF-16 with or without a mark, and
/// Latin-1 for what is neither.
pub(super) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    let utf16 = |bytes: &[u8], number: fn([u8; 2]) -> u16| {
        let units = bytes.as_chunks::<2>().0.iter().map(|pair| number(*pair));
        let letters = char::decode_utf16(units);
        letters
            .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest),
        [0xff, 0xfe, rest @ ..] => Cow::Owned(utf16(rest, u16::from_le_bytes)),
        [0xfe, 0xff, rest @ ..] => Cow::Owned(utf16(rest, u16::from_be_bytes)),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
        },
    }
}

/// Reads a document; an error is a phrase that follows "is not usable XML:".
pub(super) fn read(text: &str) -> Result<Element, String> {
    let mut reader = Reader::from_str(text);
    let mut tree = Tree::default();
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        match event {
            Event::Start(start) => tree.open(&start)?,
            Event::Empty(start) => {
                tree.open(&start)?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(text) => tree.text(&text.xml10_content()),
            Event::CData(text) => tree.text(&text.xml10_content()),
            Event::GeneralRef(reference) => tree.reference(&reference)?,
            Event::DocType(_) => return Err("it has a document type".to_owned()),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    match (tree.open.is_empty(), tree.root) {
        (true, Some(root)) => Ok(root),
        _ => Err("it is cut off or empty".to_owned()),
    }
}

/// A document under construction.
#[derive(Default)]
struct Tree {
    root: Option<Element>,
    open: Vec<Element>,
    nodes: usize,
}

impl Tree {
    fn open(&mut self, start: &BytesStart) -> Result<(), String> {
        if self.open.len() >= MAX_DEPTH {
            return Err(format!("it is nested deeper than {MAX_DEPTH} levels"));
        }
        self.count()?;
        let mut element = Element {
            name: start.local_name().as_ref().to_owned(),
            ..Element::default()
        };
        // Looking for duplicates takes the square of their number.
        for attribute in start.attributes().with_checks(false) {
            self.count()?;
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| error.to_string())?;
            let name = attribute.key.local_name().as_ref().to_owned();
            element.attributes.push((name, value.into_owned()));
        }
        self.open.push(element);
        Ok(())
    }

    fn count(&mut self) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(format!("it has more than {MAX_NODES} elements"));
        }
        Ok(())
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

    fn text(&mut self, text: &str) {
        if let Some(element) = self.open.last_mut() {
            element.text.push_str(text);
        }
    }

    /// A character, or one of the five names; another name stays what it is.
    fn reference(&mut self, reference: &BytesRef) -> Result<(), String> {
        let letter = match reference.resolve_char_ref() {
            Err(error) => return Err(error.to_string()),
            Ok(letter) => letter,
        };
        let known = match &**reference {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "apos" => Some('\''),
            "quot" => Some('"'),
            _ => letter,
        };
        match known {
            Some(letter) => self.text(letter.encode_utf8(&mut [0; 4])),
            None => self.text(&format!("&{};", &**reference)),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_attributes_and_text_are_read_without_namespaces() {
        let root = read(
            "<?xml version='1.0'?><!-- x --><a:r xmlns:a='u' k='1 &lt; 2'>\
             <t> A &amp; B&#33; <![CDATA[<c>]]>&eacute;</t><t/></a:r>",
        )
        .unwrap();
        assert_eq!(root.name, "r");
        assert_eq!(root.attribute("k"), Some("1 < 2"));
        assert_eq!(root.child_text("t"), Some("A & B! <c>&eacute;"));
        assert_eq!(root.all("t").count(), 2);
    }

    #[test]
    fn other_encodings_are_read() {
        let utf16: Vec<u8> = "\u{feff}<a>ü</a>"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let big: Vec<u8> = "\u{feff}<a>ü</a>"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        for bytes in [&utf16[..], &big, b"<a>\xfc</a>", b"\xef\xbb\xbf<a>\xc3\xbc</a>"] {
            assert_eq!(read(&decoded(bytes)).unwrap().text(), "ü");
        }
    }

    #[test]
    fn what_could_grow_is_refused() {
        let deep = "<a>".repeat(MAX_DEPTH + 1);
        let many = format!("<a>{}</a>", "<b/>".repeat(MAX_NODES));
        let attributes = format!("<a {}/>", "b='' ".repeat(MAX_NODES));
        let entity = "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>".to_owned();
        for (text, expected) in [
            (deep, "it is nested deeper than 64 levels"),
            (many, "it has more than 60000 elements"),
            (attributes, "it has more than 60000 elements"),
            (entity, "it has a document type"),
        ] {
            assert_eq!(read(&text).unwrap_err(), expected);
        }
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for text in ["", "<a>", "<a></b>", "</a>", "<a/><b/>", "<a b></a>", "text"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}

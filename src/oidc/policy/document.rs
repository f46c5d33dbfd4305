//! The text of a policy as a tree: YAML without anchors, aliases and tags, or JSON.

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::json_value::Json;

/// Levels of lists and mappings within each other. A policy has five.
const MAX_DEPTH: usize = 8;

/// A part of a policy's text, and the line on which it begins, which JSON does not tell.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) line: Option<usize>,
}

#[derive(Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    /// A number that is not written as a plain integer: `1.10`, `0x1f`, `007`.
    OtherNumber,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Mistake in a text, and its line.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: Option<usize>,
    /// A whole sentence, or several.
    pub(super) message: String,
}

impl Node {
    pub(super) fn fault(&self, message: impl Into<String>) -> Fault {
        Fault {
            line: self.line,
            message: message.into(),
        }
    }
}

/// Reads a text of one document; an empty one is null.
pub(super) fn read(text: &str) -> Result<Node, Fault> {
    // YAML knows no pairs of `\u` escapes for one character, and is particular about tabs. A key that stands there
    // twice is left to the reader of YAML, which tells its line.
    if text.trim_start().starts_with('[')
        && let Ok(json) = serde_json::from_str::<Json>(text)
    {
        return Ok(json.into());
    }
    let mut tree = Tree::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Fault {
            line: Some(error.marker().line()),
            message: format!("This is not valid YAML: {}.", error.info()),
        })?;
        let line = span.start.line();
        tree.add_event(event, line).map_err(|message| Fault {
            line: Some(line),
            message,
        })?;
    }
    Ok(tree.root.unwrap_or(Node {
        value: Value::Null,
        line: None,
    }))
}

/// The lists and mappings that are open, innermost last.
#[derive(Default)]
struct Tree {
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
}

struct Open {
    line: usize,
    parts: Parts,
}

enum Parts {
    List(Vec<Node>),
    Map {
        pairs: Vec<(String, Node)>,
        key: Option<String>,
    },
}

impl Tree {
    fn add_event(&mut self, event: Event<'_>, line: usize) -> Result<(), String> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(
                        "A policy is one YAML document. Remove the `---` that begins another.".into(),
                    );
                }
                Ok(())
            }
            Event::Alias(_) => Err(refuse_feature("Aliases (`*name`)")),
            Event::Scalar(_, _, anchor, ref tag)
            | Event::SequenceStart(anchor, ref tag)
            | Event::MappingStart(anchor, ref tag)
                if anchor != 0 || tag.is_some() =>
            {
                let feature = if anchor == 0 {
                    "Tags (`!name`)"
                } else {
                    "Anchors (`&name`)"
                };
                Err(refuse_feature(feature))
            }
            Event::Scalar(text, style, ..) => self.add_scalar(&text, style, line),
            Event::SequenceStart(..) => self.open(line, Parts::List(Vec::new())),
            Event::MappingStart(..) => self.open(
                line,
                Parts::Map {
                    pairs: Vec::new(),
                    key: None,
                },
            ),
            Event::SequenceEnd | Event::MappingEnd => {
                self.close();
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn open(&mut self, line: usize, parts: Parts) -> Result<(), String> {
        if let Some(Open {
            parts: Parts::Map { key: None, .. },
            ..
        }) = self.open.last()
        {
            return Err("A list or a mapping cannot be a key here.".into());
        }
        if self.open.len() == MAX_DEPTH {
            return Err(format!(
                "A policy has no more than {MAX_DEPTH} levels of lists and mappings."
            ));
        }
        self.open.push(Open { line, parts });
        Ok(())
    }

    fn close(&mut self) {
        let Some(Open { line, parts }) = self.open.pop() else {
            return;
        };
        let value = match parts {
            Parts::List(items) => Value::List(items),
            Parts::Map { pairs, .. } => Value::Map(pairs),
        };
        self.add(Node {
            value,
            line: Some(line),
        });
    }

    fn add_scalar(&mut self, text: &str, style: ScalarStyle, line: usize) -> Result<(), String> {
        if let Some(Open {
            parts: Parts::Map {
                pairs,
                key: key @ None,
            },
            ..
        }) = self.open.last_mut()
        {
            if pairs.iter().any(|(name, _)| name == text) {
                return Err(format!("`{text}` stands here twice. Remove one of the two."));
            }
            *key = Some(text.to_owned());
            return Ok(());
        }
        let value = match style {
            ScalarStyle::Plain => plain_value(text),
            _ => Value::Text(text.to_owned()),
        };
        self.add(Node {
            value,
            line: Some(line),
        });
        Ok(())
    }

    fn add(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.parts) {
            Some(Parts::List(items)) => items.push(node),
            Some(Parts::Map { pairs, key }) => pairs.extend(key.take().map(|key| (key, node))),
            None => self.root = Some(node),
        }
    }
}

fn refuse_feature(feature: &str) -> String {
    format!("{feature} cannot be used in a policy. Write out what is meant.")
}

/// A scalar without quotes in the core schema, YAML 1.2.2 section 10.3.2.
fn plain_value(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => Value::Integer(number),
            _ if is_number(text) => Value::OtherNumber,
            _ => Value::Text(text.to_owned()),
        },
    }
}

fn is_number(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['+', '-']);
    let digits_of = |prefix: &str, radix| {
        let digits = text.strip_prefix(prefix).unwrap_or_default();
        !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix))
    };
    matches!(unsigned.to_ascii_lowercase().as_str(), ".inf" | ".nan")
        || digits_of("0x", 16)
        || digits_of("0o", 8)
        || (unsigned.starts_with(|first: char| first == '.' || first.is_ascii_digit())
            && text.parse::<f64>().is_ok())
}

/// A value of JSON, whose lines are not known.
impl From<Json> for Node {
    fn from(json: Json) -> Self {
        let value = match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(value),
            Json::Number(number) => number.as_i64().map_or(Value::OtherNumber, Value::Integer),
            Json::Text(text) => Value::Text(text),
            Json::List(items) => Value::List(items.into_iter().map(Self::from).collect()),
            Json::Object(members) => {
                let pairs = members.into_iter();
                Value::Map(pairs.map(|(key, value)| (key, value.into())).collect())
            }
        };
        Self { value, line: None }
    }
}

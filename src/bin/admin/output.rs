//! Output of the command: a table for people, JSON for programs.

use std::io::{self, Write as _};
use std::process::ExitCode;

use packages_api::Slug;
use packages_api::records::Token;
use packages_api::time::{from_epoch_seconds, rfc3339_seconds};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Output of one command, and whether all was done that it was to do.
pub(crate) struct Output {
    records: Records,
    /// Sentences for people, on standard error.
    notes: Vec<String>,
    has_failed: bool,
}

/// One record, a text, or many records of one kind.
enum Records {
    One(Map<String, Value>),
    /// A text for people, and a record for programs.
    Text {
        text: String,
        record: Map<String, Value>,
    },
    Many {
        columns: &'static [&'static str],
        rows: Vec<Map<String, Value>>,
    },
}

impl Output {
    pub(crate) fn one(record: &impl Serialize) -> Self {
        Records::One(object(record)).into()
    }

    /// A text, and the record that `--json` prints in its place.
    pub(crate) fn text(text: String, record: &impl Serialize) -> Self {
        let record = object(record);
        Records::Text { text, record }.into()
    }

    /// Many records, of which the table has these columns.
    pub(crate) fn many(columns: &'static [&'static str], records: &[impl Serialize]) -> Self {
        let rows = records.iter().map(object).collect();
        Records::Many { columns, rows }.into()
    }

    /// The record with one more member.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        if let Records::One(record) = &mut self.records {
            record.insert(name.to_owned(), value);
        }
        self
    }

    /// The output with a sentence for people beside it.
    pub(crate) fn with_note(mut self, note: String) -> Self {
        self.notes.push(note);
        self
    }

    /// The output of a command of which a part has failed, with the reason and what caused it.
    pub(crate) fn with_failure(mut self, reason: String, cause: Option<&str>) -> Self {
        self.notes.push(reason);
        self.notes.extend(cause.map(|cause| format!("cause: {cause}")));
        self.has_failed = true;
        self
    }

    /// Prints it. Answers the code that the command exits with.
    pub(crate) fn print(&self, json: bool) -> ExitCode {
        // Whoever reads it may have seen enough, as `head` has.
        let written = io::stdout().write_all(self.records.text(json).as_bytes());
        for note in &self.notes {
            eprintln!("admin: {note}");
        }
        if self.has_failed || written.is_err() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        }
    }
}

impl From<Records> for Output {
    fn from(records: Records) -> Self {
        Self {
            records,
            notes: Vec::new(),
            has_failed: false,
        }
    }
}

impl Records {
    fn text(&self, json: bool) -> String {
        match self {
            Self::One(record) | Self::Text { record, .. } if json => {
                format!("{}\n", Value::Object(record.clone()))
            }
            Self::Many { rows, .. } if json => {
                let rows = rows.iter().cloned().map(Value::Object).collect();
                format!("{}\n", Value::Array(rows))
            }
            Self::One(record) => {
                let width = record.keys().map(String::len).max().unwrap_or(0);
                let lines = record.iter();
                let lines: Vec<_> = lines
                    .map(|(name, value)| format!("{name:width$}  {}\n", text(value)))
                    .collect();
                lines.concat()
            }
            // Byte for byte, so that it can be written to a file and set again.
            Self::Text { text, .. } => text.clone(),
            Self::Many { columns, rows } => table(columns, rows),
        }
    }
}

fn table(columns: &[&str], rows: &[Map<String, Value>]) -> String {
    let cell = |row: &Map<String, Value>, column: &str| row.get(column).map(text).unwrap_or_default();
    let width = |column: &str| {
        let cells = rows.iter().map(|row| cell(row, column).chars().count());
        cells.chain([column.len()]).max().unwrap_or(0)
    };
    let widths: Vec<_> = columns.iter().map(|column| width(column)).collect();
    let line = |cells: Vec<String>| {
        let padded: Vec<_> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let head = line(columns.iter().map(|column| column.to_uppercase()).collect());
    let rows = rows
        .iter()
        .map(|row| line(columns.iter().map(|column| cell(row, column)).collect()));
    [head].into_iter().chain(rows).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// A token as it is printed: with readable times, without the hash of its secret.
#[derive(Serialize)]
pub(crate) struct ShownToken<'a> {
    id: Uuid,
    organization: &'a Slug,
    scopes: Vec<&'static str>,
    registry: Option<&'a Slug>,
    expires_at: Option<String>,
    description: Option<&'a str>,
    name: Option<&'a str>,
    email: Option<&'a str>,
    created_at: Option<String>,
}

pub(crate) fn token(token: &Token) -> ShownToken<'_> {
    let at = |seconds| rfc3339_seconds(from_epoch_seconds(seconds));
    let created = token.id.get_timestamp().map(|timestamp| timestamp.to_unix().0);
    ShownToken {
        id: token.id,
        organization: &token.organization,
        scopes: token.scopes.iter().map(|scope| scope.as_str()).collect(),
        registry: token.registry.as_ref(),
        expires_at: token.expires_at.map(at),
        description: token.description.as_deref(),
        name: token.name.as_deref(),
        email: token.email.as_deref(),
        created_at: created.map(at),
    }
}

/// A record as a JSON object, which all of ours are.
fn object(record: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(record) {
        Ok(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

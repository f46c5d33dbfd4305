//! The log of this process, as the function writes it.

use std::io::{self, Write};
use std::sync::{LazyLock, Mutex, PoisonError};

use packages_api::log::{JsonLines, targets};
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

use super::answer::Answer;

static LINES: LazyLock<Mutex<Vec<u8>>> = LazyLock::new(|| {
    let lines = tracing_subscriber::fmt::layer().with_writer(|| Lines);
    tracing_subscriber::registry()
        .with(targets(LevelFilter::INFO))
        .with(lines.json().event_format(JsonLines))
        .init();
    Mutex::default()
});

struct Lines;

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Begins to keep the lines of this process.
pub(crate) fn keep() {
    LazyLock::force(&LINES);
}

/// The lines of the call that was answered so, the last one its own.
pub(crate) fn lines_of(answer: &Answer) -> Vec<Value> {
    let id = answer.header("x-request-id").expect("every answer has one");
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    let lines = lines.split(|byte| *byte == b'\n');
    // Only its own are parsed: there are those of all tests.
    let lines = lines.filter(|line| String::from_utf8_lossy(line).contains(id));
    let lines = lines.map(|line| serde_json::from_slice(line).expect("a line is JSON"));
    lines.filter(|line: &Value| line["request_id"] == id).collect()
}

/// Asserts that a call that was answered has one line, which says so, although it met failures on its way.
#[track_caller]
pub(crate) fn assert_told_once(answer: &Answer) {
    let lines = lines_of(answer);
    let told: Vec<_> = lines
        .iter()
        .map(|line| json!([line["level"], line["message"], line["status"]]))
        .collect();
    let status = answer.status.as_u16();
    assert_eq!(told, [json!(["INFO", "answered", status])], "{lines:?}");
}

/// Asserts that the line of a 429, 500 or 503 tells why: the call of AWS, its keys and attempts.
#[track_caller]
pub(crate) fn assert_explained(answer: &Answer, operation: &str) {
    let (level, message) = match answer.status.as_u16() {
        429 => ("WARN", "answered"),
        500 | 503 => ("ERROR", "failed"),
        _ => return,
    };
    let lines = lines_of(answer);
    let line = lines.last().expect("the call has a line");
    assert_eq!(
        (&line["level"], &line["message"]),
        (&level.into(), &message.into()),
        "{line}"
    );
    let cause = line["cause"].as_str().expect("it has a cause");
    let named = cause
        .split_once(&format!(" {operation} ("))
        .map(|(before, after)| {
            let service = before.rsplit(' ').next().unwrap_or_default();
            let (keys, attempt) = after.split_once("), attempt ").unwrap_or_default();
            let attempts = attempt
                .split(|c: char| !c.is_ascii_digit())
                .next()
                .unwrap_or_default();
            (service, keys, attempts)
        });
    let (service, keys, attempts) = named.unwrap_or_else(|| panic!("{operation} is not in: {cause}"));
    assert!(["S3", "DynamoDB"].contains(&service), "{cause}");
    assert!(
        !keys.is_empty() && !keys.contains("unknown") && !keys.contains("whole"),
        "{cause}"
    );
    assert!(
        attempts.parse::<u32>().is_ok_and(|attempts| attempts > 0),
        "{cause}"
    );
}

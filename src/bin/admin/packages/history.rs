//! `admin package history`: what has been done to a package, and by which token, from the log.
//!
//! Deployed, the log lies in `CloudWatch` Logs, which has a query language of its own: the command prints
//! the query, so that this binary and the function need no further SDK. A log that lies in a file, as the
//! local server or `aws logs` wrote it, it reads itself.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use packages_api::RegistryAddress;
use serde::{Deserialize, Serialize};

use super::address::PackageAddress;
use crate::output::Output;

/// A line of a log that is longer than this is none of ours, in bytes.
const MAX_LINE_BYTES: u64 = 1024 * 1024;

/// The package's history: read from these files, or how to ask `CloudWatch` for it.
pub(super) fn history(package: &PackageAddress, logs: &[PathBuf]) -> io::Result<Output> {
    if logs.is_empty() {
        return Ok(Output::one(&Query::of(package)));
    }
    let mut events = Vec::new();
    for log in logs {
        let found = read(log, package);
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", log.display()));
        events.extend(found.map_err(named)?);
    }
    events.sort_by(|a, b| a.timestamp.cmp(&b.timestamp));
    Ok(Output::many(
        &["timestamp", "route", "status", "token_id", "request_id"],
        &events,
    ))
}

/// The query for `CloudWatch` Logs Insights, and a command that starts it.
#[derive(Serialize)]
struct Query {
    query: String,
    command: String,
}

impl Query {
    fn of(package: &PackageAddress) -> Self {
        let PackageAddress { registry, id } = package;
        let RegistryAddress {
            organization,
            registry,
        } = registry;
        let query = format!(
            "fields @timestamp, route, status, token_id, request_id \
             | filter (package_id = '{id}' and organization = '{organization}' and registry = '{registry}') \
             or source_package_id = '{id}' | sort @timestamp asc | limit 10000"
        );
        let command = format!(
            "aws logs start-query --log-group-name \"$LOG_GROUP\" --start-time $(date -d -30days +%s) \
             --end-time $(date +%s) --query-string \"{query}\""
        );
        Self { query, command }
    }
}

/// One call that was about the package.
#[derive(Debug, Serialize, Deserialize)]
struct Event {
    timestamp: String,
    route: String,
    status: u16,
    token_id: Option<String>,
    request_id: String,
    organization: Option<String>,
    registry: Option<String>,
    package_id: Option<String>,
    source_package_id: Option<String>,
}

impl Event {
    /// The event that a line holds. What stands before the object, as `aws logs tail` writes it, is
    /// passed over.
    fn of(line: &[u8]) -> Option<Self> {
        let start = line.iter().position(|byte| *byte == b'{')?;
        serde_json::from_slice(&line[start..]).ok()
    }

    fn is_about(&self, package: &PackageAddress) -> bool {
        let id = package.id.to_string();
        let is = |text: &Option<String>, expected: &str| text.as_deref() == Some(expected);
        let own = is(&self.organization, package.registry.organization.as_str())
            && is(&self.registry, package.registry.registry.as_str())
            && is(&self.package_id, &id);
        own || is(&self.source_package_id, &id)
    }
}

/// The events of one file; `-` is the standard input.
fn read(log: &Path, package: &PackageAddress) -> io::Result<Vec<Event>> {
    let mut lines: Box<dyn BufRead> = match log.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => Box::new(BufReader::new(File::open(log)?)),
    };
    let mut events = Vec::new();
    loop {
        let mut line = Vec::new();
        if lines.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            return Ok(events);
        }
        events.extend(Event::of(&line).filter(|event| event.is_about(package)));
    }
}

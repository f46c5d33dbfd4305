//! The log: where it goes, how much of it there is, and how a line looks. `docs/LOGGING.md` lists the lines.

use std::fmt;
use std::io::{IsTerminal, stderr};

use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime as Timestamp};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{self, InvalidConfig};
use crate::steps;

/// Starts the log on standard error: a JSON object a line in a Lambda sandbox, text elsewhere. Its level is
/// `LOG_LEVEL`, or this one where that is not set or not a level: then the configuration is refused.
pub fn start(default: LevelFilter) {
    let level = level(default).unwrap_or(default);
    let lines = tracing_subscriber::fmt::layer().with_writer(stderr);
    let log = tracing_subscriber::registry().with(targets(level));
    // A second start, as in tests, leaves the first as it is.
    let _ = if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        log.with(lines.json().event_format(JsonLines)).try_init()
    } else {
        let lines = lines.with_ansi(stderr().is_terminal()).with_target(false);
        log.with(lines).try_init()
    };
}

/// Level that `LOG_LEVEL` names, else `default`.
///
/// # Errors
/// Where it is not a level.
pub fn level(default: LevelFilter) -> Result<LevelFilter, InvalidConfig> {
    config::log_level().map(|level| level.unwrap_or(default))
}

/// Filter that lets pass what this project logs up to `level`, and of its dependencies no more than warnings:
/// their details may hold secrets.
#[must_use]
pub fn targets(level: LevelFilter) -> Targets {
    const OWN: [&str; 3] = ["packages_api", "sweep", "admin"];
    let own = OWN.map(|target| (target, level));
    Targets::new()
        .with_default(level.min(LevelFilter::WARN))
        .with_targets(own)
}

/// Notes the calls of AWS that `work` makes, so that the causes of its errors name them.
pub async fn with_steps<T>(work: impl Future<Output = T>) -> T {
    steps::noted(work).await
}

/// One JSON object a line: time and level, the fields of the spans around the event, then its own, `message`
/// among them, all side by side.
#[derive(Debug, Clone, Copy)]
pub struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        writer.write_str("{\"timestamp\":\"")?;
        Timestamp.format_time(&mut writer)?;
        write!(writer, "\",\"level\":\"{}\"", event.metadata().level())?;
        for span in context.event_scope().into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>() {
                write_members(&mut writer, fields)?;
            }
        }
        let mut fields = String::new();
        context.format_fields(Writer::new(&mut fields), event)?;
        write_members(&mut writer, &fields)?;
        writer.write_str("}\n")
    }
}

/// Writes the members of a JSON object behind others.
fn write_members(writer: &mut Writer<'_>, object: &str) -> fmt::Result {
    let members = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    match members {
        Some(members) if !members.is_empty() => write!(writer, ",{members}"),
        _ => Ok(()),
    }
}

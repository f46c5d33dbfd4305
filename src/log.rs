//! Where the log goes, and how it looks.

use std::io::{IsTerminal, stderr};

use tracing::level_filters::LevelFilter;

/// Logs to standard error what is as grave as `least`: a JSON object a line in a Lambda sandbox,
/// readable elsewhere. Never a token, never a body.
pub fn start(least: LevelFilter) {
    let log = tracing_subscriber::fmt()
        .with_max_level(least)
        .with_writer(stderr);
    // A second start, as in tests, leaves the first as it is.
    let _ = if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        let log = log.json().flatten_event(true).with_current_span(false);
        log.with_span_list(false).with_target(false).try_init()
    } else {
        log.with_ansi(stderr().is_terminal())
            .with_target(false)
            .try_init()
    };
}

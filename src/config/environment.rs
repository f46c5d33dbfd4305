//! Variables of the environment, read one by one, with every mistake kept.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use tracing::level_filters::LevelFilter;

use super::Transfer;

/// Longest time of a call: what Lambda gives a sandbox.
const MAX_SECONDS: u64 = 900;

/// Variables by their names, and everything that was wrong with those that were read.
pub(super) struct Environment<F> {
    variable: F,
    mistakes: Vec<String>,
}

impl Environment<fn(&str) -> Option<String>> {
    pub(super) fn of_process() -> Self {
        Self::new(|name| std::env::var(name).ok())
    }
}

impl<F: Fn(&str) -> Option<String>> Environment<F> {
    pub(super) fn new(variable: F) -> Self {
        Self {
            variable,
            mistakes: Vec::new(),
        }
    }

    /// Notes a mistake that no variable has by itself.
    pub(super) fn mistake(&mut self, mistake: impl Into<String>) {
        self.mistakes.push(mistake.into());
    }

    /// `value`, if nothing was wrong.
    pub(super) fn unless_mistaken<T>(self, value: T) -> Result<T, InvalidConfig> {
        if self.mistakes.is_empty() {
            Ok(value)
        } else {
            Err(InvalidConfig(self.mistakes))
        }
    }

    /// An empty variable is none.
    fn set(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    pub(super) fn required(&mut self, name: &str) -> String {
        self.set(name).unwrap_or_else(|| {
            self.mistakes.push(format!("{name} is not set"));
            String::new()
        })
    }

    pub(super) fn base_url(&mut self, name: &str) -> Option<String> {
        let url = self.set(name)?;
        let rest = url.strip_prefix("https://").or(url.strip_prefix("http://"));
        let plain = |rest: &str| !rest.contains(['?', '#', ' ']) && !rest.starts_with('/');
        if !rest.is_some_and(|rest| !rest.is_empty() && plain(rest)) {
            self.mistakes.push(format!(
                "{name} is `{url}`; expected an address such as https://packages.example.com"
            ));
        }
        Some(url.trim_end_matches('/').to_owned())
    }

    /// An address without a path, in front of paths that are signed as they are.
    pub(super) fn origin(&mut self, name: &str) -> Option<String> {
        let url = self.base_url(name)?;
        if url.split_once("://").is_some_and(|(_, rest)| rest.contains('/')) {
            self.mistakes.push(format!(
                "{name} is `{url}`; expected an address without a path, such as https://files.example.com"
            ));
        }
        Some(url)
    }

    pub(super) fn transfer(&mut self, name: &str) -> Transfer {
        match self.set(name).as_deref() {
            None | Some("buffered") => Transfer::Buffered,
            Some("streamed") => Transfer::Streamed,
            Some(text) => {
                let mistake = format!("{name} is `{text}`; expected `buffered` or `streamed`");
                self.mistakes.push(mistake);
                Transfer::default()
            }
        }
    }

    pub(super) fn switch(&mut self, name: &str) -> bool {
        match self.set(name).as_deref() {
            None | Some("0") => false,
            Some("1") => true,
            Some(text) => {
                self.mistakes
                    .push(format!("{name} is `{text}`; expected 1 for on or 0 for off"));
                false
            }
        }
    }

    pub(super) fn log_level(&mut self) -> Option<LevelFilter> {
        let text = self.set("LOG_LEVEL")?;
        let level = match text.to_ascii_lowercase().as_str() {
            "error" => LevelFilter::ERROR,
            "warn" => LevelFilter::WARN,
            "info" => LevelFilter::INFO,
            "debug" => LevelFilter::DEBUG,
            _ => {
                self.mistakes.push(format!(
                    "LOG_LEVEL is `{text}`; expected `error`, `warn`, `info` or `debug`"
                ));
                return None;
            }
        };
        Some(level)
    }

    pub(super) fn seconds(&mut self, name: &str) -> Option<Duration> {
        self.seconds_within(name, 1..=MAX_SECONDS)
    }

    /// A length of time, of at least `least`.
    pub(super) fn seconds_from(&mut self, name: &str, least: Duration) -> Option<Duration> {
        self.seconds_within(name, least.as_secs()..=MAX_SECONDS)
    }

    /// A length of time between these bounds, in seconds.
    pub(super) fn seconds_within(&mut self, name: &str, bounds: RangeInclusive<u64>) -> Option<Duration> {
        let text = self.set(name)?;
        match text.parse() {
            Ok(seconds) if bounds.contains(&seconds) => return Some(Duration::from_secs(seconds)),
            _ => self.mistakes.push(format!(
                "{name} is `{text}`; expected {} to {} seconds",
                bounds.start(),
                bounds.end()
            )),
        }
        None
    }
}

/// Everything that is wrong with the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidConfig(Vec<String>);

impl fmt::Display for InvalidConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment is not what is needed: {}", self.0.join("; "))
    }
}

impl std::error::Error for InvalidConfig {}

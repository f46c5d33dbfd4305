//! The pages of the API's documentation, one file each.

use std::time::Duration;

use lambda_http::http::HeaderMap;
use percent_encoding::percent_decode_str;
use tokio::time::Instant;

use crate::caller::Caller;
use crate::error::{Error, Result};
use crate::files::Files;
use crate::records::Records;
use crate::urls::Urls;

pub(crate) mod packages;
mod reading;
pub(crate) mod views;

/// One call, as a page of the API sees it.
pub(crate) struct Call<'a> {
    pub(crate) records: &'a Records,
    pub(crate) files: &'a Files,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) caller: &'a Caller,
    pub(crate) urls: &'a Urls,
    /// Until when what ends unknown is repeated.
    pub(crate) deadline: Instant,
    /// When the call must be answered.
    pub(crate) end: Instant,
}

impl Call<'_> {
    /// The deadline of what is to have at least this long, whatever the call has taken so far.
    pub(crate) fn deadline_leaving(&self, at_least: Duration) -> Instant {
        self.deadline.max(Instant::now() + at_least)
    }

    /// Ends in our own 503 what would not be answered in time.
    pub(crate) async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let done = tokio::time::timeout_at(self.end, work).await;
        done.unwrap_or_else(|_| Err(Error::Unavailable("the call's time was up".to_owned())))
    }
}

/// A request's query as it was sent. It is read when a parameter is asked for, which is after the
/// caller was authorized.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// The value of the first parameter of this name, decoded.
    pub(crate) fn get(self, name: &str) -> Option<String> {
        let pairs = self.0.split('&');
        let mut pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let (_, value) = pairs.find(|(own, _)| decode(own) == name)?;
        Some(decode(value))
    }
}

/// As HTML forms and the URL standard encode a query: `+` is a space.
fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

/// Runs what keeps a processor busy, beside the call.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::Internal(format!("a reader failed: {error}")))
}

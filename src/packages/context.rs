//! Storage and time of one call.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::Result;
use crate::files::Files;
use crate::records::Records;
use crate::steps;

/// Time kept back for writing the answer: nothing is repeated in it.
const RESERVE: Duration = Duration::from_secs(2);

/// Storage that a deed works on, and the time that it has.
#[derive(Debug, Clone)]
pub struct Context {
    pub(crate) records: Records,
    pub(crate) files: Files,
    /// Time until which an operation of unknown outcome is repeated.
    pub(crate) retry_until: Instant,
    /// Time by which the call must be answered.
    pub(crate) answer_by: Instant,
}

impl Context {
    /// The context of a call that must be answered by `answer_by`.
    #[must_use]
    pub fn new(records: Records, files: Files, answer_by: Instant) -> Self {
        Self {
            records,
            files,
            retry_until: answer_by.checked_sub(RESERVE).unwrap_or(answer_by),
            answer_by,
        }
    }

    /// Time until which an operation is repeated that is to have at least this long, however much
    /// of its time the call has taken already.
    pub(crate) fn retry_for_at_least(&self, at_least: Duration) -> Instant {
        self.retry_until.max(Instant::now() + at_least)
    }

    /// Ends in our own 503 work that would not be answered in time.
    pub(crate) fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T>>,
    ) -> impl Future<Output = Result<T>> {
        steps::in_time(self.answer_by, "call", work)
    }
}

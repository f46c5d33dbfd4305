//! Reading a package on behalf of a call, which ends when the call does.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::{block_in_place, spawn_blocking};

use super::Context;
use crate::cancellation::Cancellation;
use crate::error::{Error, Result};
use crate::steps;

/// Runs work that keeps a processor busy, on a thread of its own.
pub(crate) async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = spawn_blocking(steps::shared_blocking(work)).await;
    done.map_err(|error| Error::Internal(format!("a reader failed: {error}")))
}

/// Reads a file that is in memory, which is mostly over before another thread would have begun. The
/// runtime moves everybody else to other threads. While it goes on nothing else of this call does, so
/// it looks at the clock itself.
pub(super) fn run_inline<T>(context: &Context, read: impl FnOnce(Cancellation) -> T) -> Result<T> {
    let cancellation = Cancellation::at(context.answer_by.into_std());
    let read = || catch_unwind(AssertUnwindSafe(|| read(cancellation.clone())));
    let done = match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => block_in_place(read),
        _ => read(),
    };
    let done = done.map_err(|_| Error::Internal("a reader failed".to_owned()))?;
    unless_ended(&cancellation, done)
}

/// Reads a file that lies in the bucket, on a thread of its own, for as long as somebody waits for it.
pub(super) async fn run_cancellable<T: Send + 'static>(
    read: impl FnOnce(Cancellation) -> T + Send + 'static,
) -> Result<T> {
    let cancellation = Cancellation::default();
    let _waiting = cancellation.guard();
    let shared = cancellation.clone();
    let done = run_blocking(move || read(shared)).await?;
    unless_ended(&cancellation, done)
}

/// The result of a reading. One that was ended early tells nothing of the file, whatever it is.
fn unless_ended<T>(cancellation: &Cancellation, done: T) -> Result<T> {
    if cancellation.has_ended() {
        return Err(Error::Unavailable(
            "the call's time was up while its package was read".to_owned(),
        ));
    }
    Ok(done)
}

//! Reading a package on behalf of a call, which ends when the call does.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

use super::{Call, blocking};
use crate::cancellation::Cancellation;
use crate::error::{Error, Result};

/// Reads what is in memory, which is mostly over before another thread would have begun. The runtime
/// moves everybody else to other threads. While it goes on nothing else of this call does, so it looks
/// at the clock itself.
pub(super) fn in_place<T>(call: &Call<'_>, read: impl FnOnce(Cancellation) -> T) -> Result<T> {
    let cancellation = Cancellation::at(call.end.into_std());
    let read = || catch_unwind(AssertUnwindSafe(|| read(cancellation.clone())));
    let done = match Handle::current().runtime_flavor() {
        RuntimeFlavor::MultiThread => block_in_place(read),
        _ => read(),
    };
    let done = done.map_err(|_| Error::Internal("a reader failed".to_owned()))?;
    unless_ended(&cancellation, done)
}

/// Reads what lies in the bucket, on a thread of its own, for as long as somebody waits for it.
pub(super) async fn beside<T: Send + 'static>(
    read: impl FnOnce(Cancellation) -> T + Send + 'static,
) -> Result<T> {
    let cancellation = Cancellation::default();
    let _waiting = cancellation.guard();
    let shared = cancellation.clone();
    let done = blocking(move || read(shared)).await?;
    unless_ended(&cancellation, done)
}

/// Whatever a reading answered that was ended, it says nothing of the file.
fn unless_ended<T>(cancellation: &Cancellation, done: T) -> Result<T> {
    if cancellation.has_ended() {
        return Err(Error::Unavailable(
            "the call's time was up while its package was read".to_owned(),
        ));
    }
    Ok(done)
}

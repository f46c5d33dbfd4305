//! Reading a package on behalf of a call, which ends when the call does.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::TryFutureExt as _;
use futures_util::future::Either;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::{block_in_place, spawn_blocking};

use crate::cancellation::Cancellation;
use crate::error::{Error, Result};
use crate::steps;

/// The most bytes of a file that is small: to wake another thread takes as long as what is done with it.
const SMALL: usize = 64 * 1024;
/// How long the reading of a small file may hold up others.
const MOMENT: Duration = Duration::from_millis(2);

/// Begins work that keeps a processor busy, on a thread of its own.
pub(crate) fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Result<T>> {
    let begun = spawn_blocking(steps::shared_blocking(work));
    begun.map_err(|error| Error::Internal(format!("a reader failed: {error}")))
}

/// Takes digests of a file that is in memory: of a small one here, when they are waited for, of any other on a thread of
/// its own, which begins at once.
pub(crate) fn digest<T: Send + 'static>(
    bytes: Bytes,
    take: impl FnOnce(&[u8]) -> T + Send + 'static,
) -> impl Future<Output = Result<T>> {
    if bytes.len() <= SMALL {
        Either::Left(async move { Ok(take(&bytes)) })
    } else {
        Either::Right(run_blocking(move || take(&bytes)))
    }
}

/// Reads a file that is in memory, which is mostly over before another thread would have begun. While it goes on
/// nothing else of this call does, so it looks at the clock itself.
///
/// Where a runtime has other threads, a small file is read at once; one that takes longer than a moment, and any other,
/// after everybody else has been moved to those.
pub(super) fn run_inline<T>(
    answer_by: Instant,
    bytes: &Bytes,
    read: impl Fn(&mut Cursor<&Bytes>, Cancellation) -> T,
) -> Result<T> {
    let read_until = |end| {
        let cancellation = Cancellation::at(end);
        let done = catch_unwind(AssertUnwindSafe(|| {
            read(&mut Cursor::new(bytes), cancellation.clone())
        }));
        let done = done.map_err(|_| Error::Internal("a reader failed".to_owned()))?;
        unless_ended(&cancellation, done)
    };
    if Handle::current().runtime_flavor() != RuntimeFlavor::MultiThread {
        return read_until(answer_by);
    }
    if bytes.len() <= SMALL
        && let Ok(done) = read_until(answer_by.min(Instant::now() + MOMENT))
    {
        return Ok(done);
    }
    block_in_place(|| read_until(answer_by))
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::mpsc;

    use super::*;

    /// How often a file of this size is read whose first reading goes on until it is due, and what came of it.
    fn readings(size: usize) -> (u32, Result<usize>) {
        let count = Cell::new(0);
        let bytes = Bytes::from(vec![0; size]);
        let answer_by = Instant::now() + MOMENT * 5;
        let outcome = run_inline(answer_by, &bytes, |source, cancellation| {
            count.set(count.get() + 1);
            while count.get() == 1 && !cancellation.is_due() {}
            source.get_ref().len()
        });
        (count.get(), outcome)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn small_files_are_read_for_a_moment_first() {
        let (count, outcome) = readings(SMALL);
        assert_eq!((count, outcome.unwrap()), (2, SMALL));
        let (count, outcome) = readings(SMALL + 1);
        assert_eq!(count, 1);
        let error = outcome.unwrap_err();
        assert!(error.cause().unwrap().contains("time was up"), "{error:?}");
    }

    #[tokio::test]
    async fn files_are_read_once_without_other_threads() {
        let (count, outcome) = readings(SMALL);
        assert_eq!(count, 1);
        assert!(outcome.is_err(), "{outcome:?}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn failed_readers_are_errors() {
        for size in [SMALL, SMALL + 1] {
            let outcome = run_inline(
                Instant::now() + MOMENT,
                &Bytes::from(vec![0; size]),
                |_, _| -> () { panic!("as a test does") },
            );
            let error = outcome.unwrap_err();
            assert!(error.cause().unwrap().contains("a reader failed"), "{error:?}");
        }
    }

    #[tokio::test]
    async fn large_files_are_digested_at_once() {
        let (told, begun) = mpsc::channel();
        let waiting = digest(vec![0; SMALL + 1].into(), move |_| told.send(()));
        begun.recv_timeout(Duration::from_secs(30)).unwrap();
        waiting.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn digests_are_of_all_bytes() {
        for size in [0, SMALL, SMALL + 1] {
            assert_eq!(digest(vec![0; size].into(), <[u8]>::len).await.unwrap(), size);
        }
    }
}

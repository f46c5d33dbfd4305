//! Work of a call that goes on after the call was answered.
//!
//! Lambda stops a sandbox between two events, so the next one must not be polled before such work has ended.

use std::sync::Arc;

use tokio::sync::{RwLock, oneshot};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use crate::error::{Error, Result};
use crate::steps;

/// The work that is under way. Each piece of it reads the lock, and [`Overtime::ended`] writes it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overtime(Arc<RwLock<()>>);

impl Overtime {
    /// Result of `work`, which runs in a task of its own. `late` is told the result if it comes after `until`.
    ///
    /// # Errors
    /// Those of `work`; [`Error::GoesOn`] at `until`.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        until: Instant,
        work: impl Future<Output = Result<T>> + Send + 'static,
        late: impl FnOnce(Result<T>) + Send + 'static,
    ) -> Result<T> {
        let under_way = Arc::clone(&self.0).read_owned().await;
        let (sender, mut receiver) = oneshot::channel();
        let work = steps::shared(async move {
            if let Err(result) = sender.send(work.await) {
                late(result);
            }
            drop(under_way);
        });
        tokio::spawn(work.in_current_span());
        if let Ok(result) = timeout_at(until, &mut receiver).await {
            return result.unwrap_or_else(|_| Err(crashed()));
        }
        // From here on the result is told to `late`, unless it has just come.
        receiver.close();
        receiver.try_recv().unwrap_or(Err(Error::GoesOn))
    }

    /// Resolves when no work is under way any more.
    pub(crate) async fn ended(&self) {
        drop(self.0.write().await);
    }
}

fn crashed() -> Error {
    Error::Internal("the task of a call ended without a result".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{sleep, timeout};

    use super::*;

    const SOON: Duration = Duration::from_millis(10);
    const NEVER: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn punctual_work_is_answered_with_its_result() {
        let overtime = Overtime::default();
        let late = |result: Result<u32>| panic!("{result:?} is late");
        let result = overtime.run(Instant::now() + NEVER, async { Ok(1) }, late);
        assert_eq!(result.await.unwrap(), 1);
        timeout(NEVER, overtime.ended()).await.expect("it has ended");
    }

    #[tokio::test]
    async fn late_work_is_told_apart_and_waited_for() {
        let overtime = Overtime::default();
        let (sender, mut told) = oneshot::channel();
        let (release, released) = oneshot::channel::<()>();
        let work = async move {
            released.await.expect("it is released");
            Ok(1)
        };
        let late = |result| drop(sender.send(result));
        let result = overtime.run(Instant::now() + SOON, work, late).await;
        assert!(matches!(result, Err(Error::GoesOn)), "{result:?}");
        assert!(timeout(SOON, overtime.ended()).await.is_err());
        assert!(told.try_recv().is_err());
        release.send(()).expect("it goes on");
        overtime.ended().await;
        assert_eq!(told.try_recv().expect("told before the end").unwrap(), 1);
    }

    #[tokio::test]
    async fn panics_are_internal_errors_and_end_the_work() {
        let overtime = Overtime::default();
        let work = async {
            sleep(SOON).await;
            panic!("as the test wants it")
        };
        let result: Result<u32> = overtime.run(Instant::now() + NEVER, work, drop).await;
        assert!(matches!(result, Err(Error::Internal(_))), "{result:?}");
        overtime.ended().await;
    }
}

//! Calls that outlive whoever waits for them.

use std::mem;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Fuse, FusedFuture as _};
use tokio::runtime::Handle;

/// A call that runs in the task of its connection: to wake another thread for it would take a tenth of a get's time. Where
/// it is dropped before its end, it goes on in a task of its own.
pub(super) struct Running<T: Send + 'static>(Fuse<BoxFuture<'static, thread::Result<T>>>);

impl<T: Send + 'static> Running<T> {
    /// Begins nothing yet: the call runs as it is polled.
    pub(super) fn new(call: impl Future<Output = T> + Send + 'static) -> Self {
        // State that a panic leaves behind is the call's own, and goes with it.
        Self(AssertUnwindSafe(call).catch_unwind().boxed().fuse())
    }
}

impl<T: Send + 'static> Future for Running<T> {
    /// Result of the call, or what it has panicked with.
    type Output = thread::Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_unpin(context)
    }
}

impl<T: Send + 'static> Drop for Running<T> {
    fn drop(&mut self) {
        let rest = mem::replace(&mut self.0, Fuse::terminated());
        if !rest.is_terminated()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn calls_outlive_their_waiters() {
        let (release, released) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel();
        let mut call = Running::new(async move {
            released.await.unwrap();
            tell.send(tokio::task::id()).unwrap();
        });
        assert!((&mut call).now_or_never().is_none());
        drop(call);
        release.send(()).unwrap();
        told.await.unwrap();
    }

    #[tokio::test]
    async fn calls_run_in_the_task_that_waits() {
        let waiter = tokio::spawn(async {
            let own = tokio::task::id();
            (own, Running::new(async { tokio::task::id() }).await)
        });
        let (own, call) = waiter.await.unwrap();
        assert_eq!(call.unwrap(), own);
    }

    #[tokio::test]
    async fn a_panic_is_no_answer() {
        let call: Running<()> = Running::new(async { panic!("as a test does") });
        assert_eq!(call.await.unwrap_err().downcast_ref(), Some(&"as a test does"));
    }
}

//! Turns of large bodies: a burst of them is in memory a few at a time.
//!
//! Bodies that are received side by side are not stored sooner than one after another, as long as every processor has one
//! to work on. Who waits has not been read: the system stops the client once its buffers are full.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use hyper::body::Body;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bodies of up to as many bytes wait for nobody.
const SMALL: u64 = 256 * 1024;
/// The turns for each processor: one body is received while another is stored.
const FOR_EACH_PROCESSOR: usize = 2;
/// How long a body waits for its turn, after which it goes without one: clients that send slowly, or a function that takes
/// its time, hold nobody up for longer.
const PATIENCE: Duration = Duration::from_secs(1);

/// The turns of one server.
#[derive(Debug, Clone)]
pub(super) struct Turns(Arc<Semaphore>);

/// A body's turn, which ends when it is dropped; none of a body that goes without.
pub(super) type Turn = Option<OwnedSemaphorePermit>;

impl Turns {
    pub(super) fn new() -> Self {
        let processors = available_parallelism().map_or(1, NonZero::get);
        Self(Arc::new(Semaphore::new(processors * FOR_EACH_PROCESSOR)))
    }

    /// Waits for the turn of a body of this size, or of one whose size is not known.
    pub(super) async fn take(&self, body: &impl Body) -> Turn {
        if matches!(body.size_hint().upper(), Some(..=SMALL)) {
            return None;
        }
        let turn = Arc::clone(&self.0).acquire_owned();
        tokio::time::timeout(PATIENCE, turn).await.ok()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use http_body_util::Full;
    use hyper::body::Bytes;

    use super::*;

    fn body(bytes: u64) -> Full<Bytes> {
        Full::new(vec![0; usize::try_from(bytes).unwrap()].into())
    }

    #[tokio::test]
    async fn large_bodies_wait_for_each_other() {
        let turns = Turns(Arc::new(Semaphore::new(1)));
        assert!(turns.take(&body(SMALL)).await.is_none());
        let first = turns.take(&body(SMALL + 1)).await;
        assert!(first.is_some());
        let begun = Instant::now();
        assert!(turns.take(&body(SMALL + 1)).await.is_none());
        assert!(begun.elapsed() >= PATIENCE);
        let next = body(SMALL + 1);
        let (next, ()) = tokio::join!(turns.take(&next), async { drop(first) });
        assert!(next.is_some());
    }
}

//! Requests that are held back, and arrive when nobody waits for them any more.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use tokio::sync::watch;

use super::fault_proxy::{Cut, forward};

/// Way in which its sender learns that a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Its connection is closed.
    Disconnect,
    /// Its own time-out ends.
    Hang,
}

/// A place for one request.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    seen: Seen,
    place: Arc<Place>,
}

/// A request, and where it is to arrive.
type Addressed = (Request<Full<Bytes>>, SocketAddr);

#[derive(Debug)]
struct Place {
    request: Mutex<Option<Addressed>>,
    taken: watch::Sender<bool>,
}

impl Held {
    pub(crate) fn new(seen: Seen) -> Self {
        let place = Place {
            request: Mutex::new(None),
            taken: watch::Sender::new(false),
        };
        Self {
            seen,
            place: Arc::new(place),
        }
    }

    /// Keeps the request, and lets its sender know in its way.
    pub(super) async fn keep(&self, request: Request<Full<Bytes>>, upstream: SocketAddr) -> Cut {
        let before = self.place().replace((request, upstream));
        assert!(before.is_none(), "one request is held, not two");
        self.place.taken.send_replace(true);
        match self.seen {
            Seen::Disconnect => Cut,
            Seen::Hang => std::future::pending().await,
        }
    }

    fn place(&self) -> MutexGuard<'_, Option<Addressed>> {
        self.place.request.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when a request is held.
    pub(crate) async fn taken(&self) {
        let mut taken = self.place.taken.subscribe();
        let taken = tokio::time::timeout(Duration::from_mins(1), taken.wait_for(|taken| *taken));
        let taken = taken.await.expect("a request in time").map(drop);
        taken.expect("the place is here");
    }

    /// Delivers the request now. Answers how it was answered.
    pub(crate) async fn deliver(&self) -> (StatusCode, String) {
        self.taken().await;
        let held = self.place().take();
        let (request, upstream) = held.expect("a request is delivered once");
        let answer = forward(request, upstream).await.expect("an answer");
        let body = String::from_utf8_lossy(answer.body()).into_owned();
        (answer.status(), body)
    }
}

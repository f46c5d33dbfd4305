//! Requests that are held back, and arrive when nobody waits for them any more.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use tokio::sync::watch;

use super::fault_proxy::forward;

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
    pub(super) seen: Seen,
    place: Arc<Place>,
}

#[derive(Debug)]
struct Place {
    request: Mutex<Option<(Request<Full<Bytes>>, SocketAddr)>>,
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

    pub(super) fn keep(&self, request: Request<Full<Bytes>>, upstream: SocketAddr) {
        let mut place = self.place.request.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(place.is_none(), "one request is held, not two");
        *place = Some((request, upstream));
        self.place.taken.send_replace(true);
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
        let held = self
            .place
            .request
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let (request, upstream) = held.expect("a request is delivered once");
        let answer = forward(request, upstream).await.expect("an answer");
        let body = String::from_utf8_lossy(answer.body()).into_owned();
        (answer.status(), body)
    }
}

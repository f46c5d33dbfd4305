//! The places of a listener's clients: one that comes when all are taken gets that of the client
//! which has been silent longest.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// A client with an open connection.
#[derive(Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    /// Counts every sign of life of any client: a clock that only orders.
    clock: Arc<AtomicU64>,
    active: AtomicU64,
    waiting: AtomicUsize,
    sent_away: Notify,
}

impl Client {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// To be called when bytes went either way.
    pub(super) fn touch(&self) {
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        self.active.store(now, Ordering::Relaxed);
    }

    /// Keeps the client's place while it has sent everything and waits for us.
    pub(crate) fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting(self)
    }

    /// Resolves when the place is another's.
    pub(super) async fn sent_away(&self) {
        self.sent_away.notified().await;
    }
}

/// Lets the client's place go again when it is dropped.
#[derive(Debug)]
pub(crate) struct Waiting<'a>(&'a Client);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
        self.0.touch();
    }
}

/// The places of one listener.
#[derive(Debug)]
pub(super) struct Places {
    most: usize,
    clock: Arc<AtomicU64>,
    taken: Mutex<HashMap<SocketAddr, Arc<Client>>>,
}

impl Places {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            clock: Arc::default(),
            taken: Mutex::default(),
        })
    }

    /// A place for a new client; none where everybody waits for us.
    pub(super) fn enter(self: &Arc<Self>, address: SocketAddr) -> Option<Place> {
        if self.taken().len() >= self.most && !self.send_one_away() {
            return None;
        }
        let client = Arc::new(Client {
            address,
            clock: Arc::clone(&self.clock),
            active: AtomicU64::default(),
            waiting: AtomicUsize::default(),
            sent_away: Notify::new(),
        });
        client.touch();
        self.taken().insert(address, Arc::clone(&client));
        Some(Place {
            places: Arc::clone(self),
            client,
        })
    }

    /// Takes its place from the client that has been silent longest and does not wait for us.
    /// Returns whether there is one.
    pub(super) fn send_one_away(&self) -> bool {
        let mut taken = self.taken();
        let idle = taken
            .values()
            .filter(|client| client.waiting.load(Ordering::Relaxed) == 0);
        let silent = idle.min_by_key(|client| client.active.load(Ordering::Relaxed));
        let Some(silent) = silent.cloned() else {
            return false;
        };
        taken.remove(&silent.address);
        silent.sent_away.notify_one();
        true
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<SocketAddr, Arc<Client>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's place, for as long as its connection is open.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    pub(super) client: Arc<Client>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        // The same address may have come back since it was sent away.
        if taken
            .get(&self.client.address)
            .is_some_and(|client| Arc::ptr_eq(client, &self.client))
        {
            taken.remove(&self.client.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    fn ports(places: &Places) -> Vec<u16> {
        let mut ports: Vec<_> = places.taken().keys().map(SocketAddr::port).collect();
        ports.sort_unstable();
        ports
    }

    #[tokio::test]
    async fn the_most_silent_client_makes_room() {
        let places = Places::new(3);
        let first = places.enter(address(1)).unwrap();
        let second = places.enter(address(2)).unwrap();
        let third = places.enter(address(3)).unwrap();
        first.client.touch();
        let waiting = second.client.wait();
        let fourth = places.enter(address(4)).unwrap();
        third.client.sent_away().await;
        assert_eq!(ports(&places), [1, 2, 4]);
        let (_one, _four) = (first.client.wait(), fourth.client.wait());
        assert!(places.enter(address(5)).is_none());
        drop(waiting);
        let _fifth = places.enter(address(5)).unwrap();
        second.client.sent_away().await;
        drop(third);
        assert_eq!(ports(&places), [1, 4, 5]);
    }
}

//! The accept loop that every embedded HTTP listener runs.

mod connection;
mod hosts;
mod places;
mod socket;

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Bytes, Incoming};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) use self::hosts::Hosts;
pub(crate) use self::places::Client;
use self::places::Places;
use crate::refusal::Refusal;

/// Limits of one listener for its clients.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections open at once. One more takes the place of the one that has been silent longest.
    pub(crate) connections: usize,
    /// How long the head of a request may take to arrive.
    pub(crate) head_timeout: Duration,
    /// The longest request head, in bytes.
    pub(crate) head_bytes: usize,
    /// How long requests under way may take to finish once the listener is told to stop.
    pub(crate) grace: Duration,
}

/// Serves HTTP/1.1 on `listener` until `stop` resolves, then lets the requests under way finish.
///
/// A connection that fails ends alone: the loop goes on.
pub(crate) async fn serve<H, F, B>(
    listener: TcpListener,
    limits: Limits,
    hosts: Hosts,
    handler: H,
    stop: impl Future<Output = ()>,
) where
    H: Fn(Request<Incoming>, Arc<Client>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin + Send + 'static,
{
    let hosts = Arc::new(hosts);
    let places = Places::new(limits.connections);
    let (told, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let (stream, address) = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut stop => break,
        };
        while connections.try_join_next().is_some() {}
        let Some(place) = places.enter(address) else {
            connections.spawn(connection::turn_away(stream, Refusal::NO_PLACE));
            continue;
        };
        let (hosts, handler, stopping) = (Arc::clone(&hosts), handler.clone(), stopping.clone());
        connections.spawn(connection::run(stream, place, limits, hosts, handler, stopping));
    }
    drop(listener);
    let _ = told.send(true);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.grace, ended).await.is_err() {
        tracing::warn!("stopped with requests still under way");
    }
}

/// The next connection.
async fn accept(listener: &TcpListener, places: &Arc<Places>) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                // Answers are small: waiting to fill a packet would only delay them.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(client = %address, %error, "a connection stays with delayed packets");
                }
                return (stream, address);
            }
            Err(error) => {
                // Out of file descriptors, most likely: one comes free.
                tracing::warn!(%error, "a connection could not be accepted");
                places.send_one_away();
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// A listener's address as clients write it. One that stands for every interface is reached on loopback.
pub(crate) fn base_url(mut address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    format!("http://{address}")
}

//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body_util::Either;
use hyper::body::{Body, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::Limits;
use super::hosts::Hosts;
use super::places::{Client, Place};
use super::socket::{Answer, Exchange, Socket};
use crate::incoming;
use crate::refusal::Refusal;

/// Time for a client that is turned away to read why.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How much it may send meanwhile.
const DISCARDED_BYTES: usize = 4 << 20;

type Answering<B> = BoxFuture<'static, Result<Response<Answer<B>>, Infallible>>;

/// Serves a connection until either side ends it, its place is another's, or `stopping` is told.
pub(super) async fn run<H, F, B>(
    stream: TcpStream,
    place: Place,
    limits: Limits,
    hosts: Arc<Hosts>,
    handler: H,
    mut stopping: watch::Receiver<bool>,
) where
    H: Fn(Request<Incoming>, Arc<Client>) -> F + Send + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin + Send + 'static,
{
    let client = Arc::clone(&place.client);
    let exchange = Arc::new(Exchange::default());
    let socket = Socket {
        stream,
        client: Arc::clone(&client),
        exchange: Arc::clone(&exchange),
    };
    let service = hyper::service::service_fn(answering(
        hosts,
        handler,
        Arc::clone(&client),
        Arc::clone(&exchange),
    ));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // A client may end its sending and still wait for the answer.
        .half_close(true)
        .header_read_timeout(limits.head_timeout)
        .max_header_size(limits.head_bytes)
        .serve_connection(TokioIo::new(socket), service);
    let mut told = false;
    let outcome = loop {
        tokio::select! {
            outcome = poll_fn(|context| connection.poll_without_shutdown(context)) => break outcome,
            () = client.sent_away() => return,
            () = stopped(&mut stopping), if !told => {
                told = true;
                if !exchange.is_answering() && !exchange.is_reading() {
                    return;
                }
                std::pin::Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    let mut stream = connection.into_parts().io.into_inner().stream;
    if let Err(error) = outcome {
        tracing::debug!(client = %client.address(), %error, "a connection ended early");
        if let Some(refusal) = refusal(&error).filter(|_| exchange.is_reading()) {
            turn_away(stream, refusal).await;
            return;
        }
    }
    let _ = stream.shutdown().await;
}

/// Hands requests that are meant for this host to the handler, and keeps account of the exchange.
fn answering<H, F, B>(
    hosts: Arc<Hosts>,
    handler: H,
    client: Arc<Client>,
    exchange: Arc<Exchange>,
) -> impl Fn(Request<Incoming>) -> Answering<B>
where
    H: Fn(Request<Incoming>, Arc<Client>) -> F,
    F: Future<Output = Response<B>> + Send + 'static,
{
    // Boxed, since hyper gives a socket back only where nothing is pinned.
    let handler = Box::new(handler);
    move |request| {
        exchange.answer();
        let answer = match hosts.check(request.uri(), request.headers()) {
            Ok(()) => Ok(handler(request, Arc::clone(&client))),
            Err(refusal) => {
                incoming::discard(request.into_body());
                Err(refusal)
            }
        };
        let exchange = Arc::clone(&exchange);
        Box::pin(async move {
            let response = match answer {
                Ok(answer) => answer.await.map(Either::Right),
                Err(refusal) => refusal.answer().map(Either::Left),
            };
            Ok(response.map(|body| Answer { body, exchange }))
        })
    }
}

/// The answer to a request that could not be read.
fn refusal(error: &hyper::Error) -> Option<Refusal> {
    if error.is_parse_too_large() {
        Some(Refusal::HEAD_TOO_LONG)
    } else if error.is_parse() {
        Some(Refusal::NO_HTTP)
    } else if error.is_timeout() {
        Some(Refusal::HEAD_TOO_SLOW)
    } else {
        None
    }
}

/// Answers without a look at the request. A connection that is closed on a client in the middle of
/// sending is reset, and takes the answer with it: so what still comes is read, and forgotten.
pub(super) async fn turn_away(mut stream: TcpStream, refusal: Refusal) {
    let told = async {
        stream.write_all(&refusal.closing_bytes()).await?;
        stream.shutdown().await?;
        let mut rest = [0; 8192];
        let mut discarded = 0;
        while discarded < DISCARDED_BYTES {
            match stream.read(&mut rest).await? {
                0 => break,
                read => discarded += read,
            }
        }
        std::io::Result::Ok(())
    };
    let _ = tokio::time::timeout(LAST_WORDS, told).await;
}

/// Resolves when the listener stops, or is gone.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stop| *stop).await;
}

//! The front door: what stands between a client and the function when it is deployed.
//!
//! API Gateway hands a function one whole request as an event of at most 6 MB. A REST API waits 29
//! seconds for one whole answer of as much, or, where the integration streams, 5 minutes for the
//! first byte of an answer of any size; an HTTP API waits 30 seconds, and never streams. The same bounds hold here,
//! so that what works on a laptop works deployed. The event is a real one, converted by the same code as on Lambda; only
//! its body skips the way through base64 and back.

mod answer;
mod body;
mod event;
mod origin;
mod running;
mod turns;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use lambda_http::Body;
use packages_api::Transfer;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use uuid::Uuid;

use self::answer::passed_on;
use self::running::Running;
use self::turns::{Turn, Turns};
use crate::incoming;
use crate::refusal::Refusal;
use crate::serve::Client;

/// The bound of request line and header values together, in bytes: API Gateway's.
const HEAD_BYTES: usize = 10_240;
/// Time that an HTTP API waits for an answer.
const HTTP_API_TIMEOUT: Duration = Duration::from_secs(30);
/// Time that a REST API waits for a whole answer.
const BUFFERED_TIMEOUT: Duration = Duration::from_secs(29);
/// Time that a REST API waits for the next byte of an answer that is streamed.
const STREAMED_TIMEOUT: Duration = Duration::from_mins(5);
/// How many calls run at once; further ones wait within their time. Lambda would start as many
/// functions as it is allowed to, one machine cannot.
const CALLS: usize = 64;

/// The kind of gateway that is played.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FrontDoor {
    /// A REST API, which the template makes: paths arrive as they were sent, and every body in base64.
    #[default]
    RestApi,
    /// An HTTP API, payload format 2.0: paths arrive decoded, and bodies of some types as text.
    HttpApi,
}

/// The calls of one server, and the time they have.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    front_door: FrontDoor,
    transfer: Transfer,
    timeout: Duration,
    calls: Arc<Semaphore>,
    turns: Turns,
}

impl Gateway {
    /// A gateway that gives up on a call after `timeout`, or after the time that API Gateway waits.
    pub(crate) fn new(front_door: FrontDoor, transfer: Transfer, timeout: Option<Duration>) -> Self {
        let own = match (front_door, transfer) {
            (FrontDoor::HttpApi, _) => HTTP_API_TIMEOUT,
            (FrontDoor::RestApi, Transfer::Buffered) => BUFFERED_TIMEOUT,
            (FrontDoor::RestApi, Transfer::Streamed) => STREAMED_TIMEOUT,
        };
        Self {
            front_door,
            transfer,
            timeout: timeout.unwrap_or(own),
            calls: Arc::new(Semaphore::new(CALLS)),
            turns: Turns::new(),
        }
    }

    /// One request, from its first byte to the function's answer or the gateway's own.
    pub(crate) async fn answer<H, F>(
        &self,
        request: Request<Incoming>,
        client: Arc<Client>,
        function: H,
    ) -> Response<Full<Bytes>>
    where
        H: FnOnce(lambda_http::Request) -> F + Send + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let id = Uuid::new_v4().to_string();
        let outcome = match self.accept(request, client.address(), &id).await {
            Ok((request, turn)) => {
                let _waiting = client.wait();
                self.call(request, turn, function).await
            }
            Err(refusal) => Err(refusal),
        };
        outcome.unwrap_or_else(|refusal| {
            tracing::info!(
                request_id = id,
                status = refusal.status.as_u16(),
                refusal.message,
                "refused at the door"
            );
            refusal.answer_as(&id)
        })
    }

    /// The request as the event that the function is handed, whole and within bounds, and its body's turn.
    async fn accept(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        id: &str,
    ) -> Result<(lambda_http::Request, Turn), Refusal> {
        let (head, body) = request.into_parts();
        let event = check(&head).and_then(|()| event::from_head(self.front_door, &head, peer, id));
        let event = match event {
            Ok(event) => event,
            Err(refusal) => {
                incoming::discard(body);
                return Err(refusal);
            }
        };
        let limit = event::body_limit(&event);
        let (body, turn) = body::collect(body, limit, &self.turns).await?;
        Ok((event::into_request(event, id, body), turn))
    }

    /// Runs the function. It goes on when the client is gone or the gateway has given up, as on
    /// Lambda: what took too long still finishes, and a repeat finds it.
    async fn call<H, F>(
        &self,
        request: lambda_http::Request,
        turn: Turn,
        function: H,
    ) -> Result<Response<Full<Bytes>>, Refusal>
    where
        H: FnOnce(lambda_http::Request) -> F + Send + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let calls = Arc::clone(&self.calls);
        let deadline = Instant::now() + self.timeout;
        let running = Running::new(async move {
            let _turn = turn;
            let _place = calls.acquire_owned().await.ok();
            function(request).await
        });
        match tokio::time::timeout_at(deadline, running).await {
            Ok(Ok(response)) => passed_on(response, self.front_door, self.transfer),
            Ok(Err(panic)) => {
                let text = panic.downcast_ref().map(String::as_str);
                let error = text.or_else(|| panic.downcast_ref().copied());
                tracing::error!(error, "the function ended without an answer");
                Err(Refusal::CRASHED)
            }
            Err(_) => Err(Refusal::TIMED_OUT),
        }
    }

    /// Resolves when no call is running any more.
    pub(crate) async fn idle(&self) {
        let all = u32::try_from(CALLS).unwrap_or(u32::MAX);
        let _ = self.calls.acquire_many(all).await;
    }
}

/// Refuses what the function is not to see.
fn check(head: &http::request::Parts) -> Result<(), Refusal> {
    if head_bytes(head) > HEAD_BYTES {
        return Err(Refusal::HEAD_TOO_LARGE);
    }
    origin::check(head)
}

/// The size of request line and header values, as API Gateway counts them.
fn head_bytes(head: &http::request::Parts) -> usize {
    let line = head.method.as_str().len() + head.uri.to_string().len() + "HTTP/1.1".len() + 2;
    let values = |headers: &HeaderMap| headers.values().map(HeaderValue::len).sum::<usize>();
    line + values(&head.headers)
}

//! A proxy between the SDK and the stack, which does to calls what networks and AWS do to them.
//!
//! It counts every attempt that reaches it, and refuses reads that do not ask for consistency, which
//! the embedded DynamoDB would not notice.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use packages_api_local::Stack;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::accesses::{self, Access};
use super::canned::{self, Service};
use super::fault::Fault;
use super::fault_rules::FaultRules;

type Body = BoxBody<Bytes, Cut>;

/// The connection ends here.
#[derive(Debug)]
pub(super) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut")
    }
}

impl std::error::Error for Cut {}

/// A running proxy for both services of a stack.
#[derive(Debug)]
pub(crate) struct FaultProxy {
    s3: SocketAddr,
    dynamodb: SocketAddr,
    state: Arc<State>,
    _tasks: JoinSet<()>,
}

#[derive(Debug, Default)]
struct State {
    rules: Mutex<FaultRules>,
    calls: Mutex<Vec<String>>,
    /// When each call that was answered arrived, and when it was.
    spans: Mutex<Vec<(Instant, Instant)>>,
    accesses: Mutex<BTreeSet<Access>>,
    /// Names of the program that sent the requests, in their own words.
    user_agents: Mutex<BTreeSet<(Service, String)>>,
}

/// Operations of calls to the function.
const OPERATIONS: [&str; 11] = [
    "BatchGetItem",
    "BatchWriteItem",
    "DeleteItem",
    "DeleteObject",
    "GetItem",
    "GetObject",
    "HeadObject",
    "PutItem",
    "PutObject",
    "Query",
    "TransactWriteItems",
];

/// As often as it happens.
pub(crate) const ALWAYS: usize = usize::MAX;

impl FaultProxy {
    pub(crate) async fn start(stack: &Stack) -> Self {
        let state = Arc::new(State::default());
        let mut tasks = JoinSet::new();
        let mut listen = async |service, endpoint: String| {
            let upstream = endpoint
                .trim_start_matches("http://")
                .parse()
                .expect("an address");
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let address = listener.local_addr().expect("an address");
            tasks.spawn(serve(listener, service, upstream, Arc::clone(&state)));
            address
        };
        Self {
            s3: listen(Service::S3, stack.s3_endpoint()).await,
            dynamodb: listen(Service::DynamoDb, stack.dynamodb_endpoint()).await,
            state,
            _tasks: tasks,
        }
    }

    /// The endpoints of S3 and DynamoDB, as seen through this proxy.
    fn endpoints(&self) -> [String; 2] {
        [self.s3, self.dynamodb].map(|address| format!("http://{address}"))
    }

    /// An SDK configuration that leads through this proxy. Its region is its own, because the SDK
    /// keeps one allowance of repeats for a service and region in the whole process.
    pub(crate) fn sdk_config(&self, stack: &Stack) -> aws_config::SdkConfig {
        static REGIONS: AtomicU32 = AtomicU32::new(0);
        let region = format!("test-{}", REGIONS.fetch_add(1, Ordering::Relaxed));
        let [s3, dynamodb] = self.endpoints();
        let sdk = stack.sdk_config_through(s3, dynamodb).into_builder();
        sdk.region(aws_config::Region::new(region)).build()
    }

    /// The environment of a process that is to find the stack through this proxy.
    pub(crate) fn environment(&self, stack: &Stack) -> BTreeMap<String, String> {
        let [s3, dynamodb] = self.endpoints();
        let mut environment = stack.environment();
        environment.insert("AWS_ENDPOINT_URL_S3".to_owned(), s3);
        environment.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), dynamodb);
        environment
    }

    /// Lets `fault` happen to the next `times` calls of `operation`, after what was injected before.
    pub(crate) fn inject(&self, operation: &'static str, fault: Fault, times: usize) {
        lock(&self.state.rules).push(operation, fault, times);
    }

    /// Lets `fault` happen to the next call of `operation` and to one in `share` from then on, however fast they follow.
    pub(crate) fn inject_every(&self, operation: &'static str, fault: Fault, share: usize) {
        lock(&self.state.rules).repeat(operation, fault, share);
    }

    /// From now on nothing happens to anything, and what has been counted is forgotten.
    pub(crate) fn clear(&self) {
        lock(&self.state.rules).clear();
        lock(&self.state.calls).clear();
        lock(&self.state.spans).clear();
        lock(&self.state.accesses).clear();
        lock(&self.state.user_agents).clear();
    }

    /// Permissions that the requests took of table and bucket.
    pub(crate) fn accesses(&self) -> BTreeSet<Access> {
        lock(&self.state.accesses).clone()
    }

    /// Names of the program that sent the requests to each service, in their own words.
    pub(crate) fn user_agents(&self) -> BTreeSet<(Service, String)> {
        lock(&self.state.user_agents).clone()
    }

    /// Delays every answer from now on, so that [`Self::round_trips`] tells calls at once from calls one after
    /// another.
    pub(crate) fn slow_down(&self) {
        for operation in OPERATIONS {
            self.inject(operation, Fault::Delay(Duration::from_millis(150)), ALWAYS);
        }
    }

    /// Calls that were answered one after another: those that were under way at the same time count once.
    pub(crate) fn round_trips(&self) -> usize {
        let mut spans = lock(&self.state.spans).clone();
        spans.sort_unstable_by_key(|(_, answered)| *answered);
        let mut last = None;
        let in_turn = spans.into_iter().filter(|(arrived, answered)| {
            let follows = last.is_none_or(|last| *arrived >= last);
            if follows {
                last = Some(*answered);
            }
            follows
        });
        in_turn.count()
    }

    /// The operations that were asked for, in the order of their arrival.
    pub(crate) fn calls(&self) -> Vec<String> {
        lock(&self.state.calls).clone()
    }
}

impl State {
    /// Counts a call, and says what is to happen to it.
    fn meet(&self, operation: &str) -> Option<Fault> {
        lock(&self.calls).push(operation.to_owned());
        lock(&self.rules).meet(operation)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, service: Service, upstream: SocketAddr, state: Arc<State>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        let answer = service_fn(move |request| answer(request, service, upstream, Arc::clone(&state)));
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
        // An answer that is cut ends the connection: that is what is wanted.
        connections.spawn(async move { drop(connection.await) });
    }
}

async fn answer(
    request: Request<Incoming>,
    service: Service,
    upstream: SocketAddr,
    state: Arc<State>,
) -> Result<Response<Body>, Cut> {
    let arrived = Instant::now();
    let answered = answer_by_rule(request, service, upstream, &state).await;
    lock(&state.spans).push((arrived, Instant::now()));
    answered
}

/// Counts the request, and answers it as the rules want.
async fn answer_by_rule(
    request: Request<Incoming>,
    service: Service,
    upstream: SocketAddr,
    state: &State,
) -> Result<Response<Body>, Cut> {
    let operation = service.operation(&request);
    let fault = state.meet(&operation);
    if matches!(fault, Some(Fault::Disconnect)) {
        return Err(Cut);
    }
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    let agents = head.headers.get_all("user-agent").iter();
    let agents = agents.map(|agent| (service, agent.to_str().unwrap_or("no text").to_owned()));
    lock(&state.user_agents).extend(agents);
    let taken = accesses::of(service, &operation, &head, &body);
    lock(&state.accesses).extend(taken);
    if let Some(refusal) = canned::inconsistent_read(service, &operation, &body) {
        return Ok(boxed(refusal));
    }
    let request = Request::from_parts(head, Full::new(body.clone()));
    let Some(fault) = fault else {
        return Ok(boxed(forward(request, upstream).await?));
    };
    suffer(fault, service, request, body, upstream).await
}

/// Lets the fault happen to the request with this body.
async fn suffer(
    fault: Fault,
    service: Service,
    request: Request<Full<Bytes>>,
    body: Bytes,
    upstream: SocketAddr,
) -> Result<Response<Body>, Cut> {
    match fault {
        Fault::Delay(time) => {
            tokio::time::sleep(time).await;
            Ok(boxed(forward(request, upstream).await?))
        }
        Fault::Garble => {
            let mut garbled = body.to_vec();
            if let Some(byte) = garbled.last_mut() {
                *byte ^= 1;
            }
            let request = request.map(|_| Full::new(garbled.into()));
            Ok(boxed(forward(request, upstream).await?))
        }
        Fault::PauseBefore(gate) => {
            gate.pass().await;
            Ok(boxed(forward(request, upstream).await?))
        }
        Fault::PauseAfter(gate) => {
            let response = forward(request, upstream).await?;
            gate.pass().await;
            Ok(boxed(response))
        }
        Fault::Hang => std::future::pending().await,
        Fault::Hold(place) => Err(place.keep(request, upstream).await),
        Fault::ApplyAndHang => {
            forward(request, upstream).await?;
            std::future::pending().await
        }
        Fault::Disconnect => Err(Cut),
        Fault::LoseAnswer => {
            forward(request, upstream).await?;
            Err(Cut)
        }
        Fault::CutAnswer => cut(forward(request, upstream).await?),
        Fault::UnprocessedSome => {
            let response = forward(request, upstream).await?;
            Ok(boxed(canned::first_of_batch(&body, response)))
        }
        Fault::Hides(kind) => {
            let response = forward(request, upstream).await?;
            Ok(boxed(canned::without(kind, response)))
        }
        fault => Ok(boxed(canned::answer(service, &fault, &body))),
    }
}

/// Hands the request on as it is: its signature covers the `Host` header.
pub(super) async fn forward(
    request: Request<Full<Bytes>>,
    upstream: SocketAddr,
) -> Result<Response<Bytes>, Cut> {
    let stream = TcpStream::connect(upstream).await.map_err(|_| Cut)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|_| Cut)?;
    let mut connections = JoinSet::new();
    connections.spawn(async move { drop(connection.await) });
    let response = sender.send_request(request).await.map_err(|_| Cut)?;
    let (mut head, body) = response.into_parts();
    head.headers.remove("transfer-encoding");
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    Ok(Response::from_parts(head, body))
}

fn boxed(response: Response<Bytes>) -> Response<Body> {
    response.map(|body| {
        Full::new(body)
            .map_err(|never: Infallible| match never {})
            .boxed()
    })
}

/// Head and half of the body.
fn cut(response: Response<Bytes>) -> Result<Response<Body>, Cut> {
    let (mut head, body) = response.into_parts();
    if body.is_empty() {
        return Err(Cut);
    }
    head.headers
        .insert("content-length", HeaderValue::from(body.len()));
    let half = body.slice(..body.len() / 2);
    let frames = futures_util::stream::iter([Ok(Frame::data(half)), Err(Cut)]);
    Ok(Response::from_parts(head, StreamBody::new(frames).boxed()))
}

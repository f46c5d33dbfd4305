//! The Lambda runtime API, played for one running function.
//!
//! Source: the AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes". The
//! function polls `next`, answers `response` or `error`, and then polls again; as in a sandbox it
//! sees one event at a time, and nothing of this process's environment.

use std::collections::{BTreeMap, HashMap};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

/// Nothing here takes so long, even under an emulated processor, unless it hangs.
const HANG: Duration = Duration::from_mins(2);

/// A function in its sandbox. Dropping it ends its process.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) process: Child,
    queue: mpsc::Sender<Invocation>,
    polled: watch::Receiver<Polls>,
    started: Instant,
    log: Arc<Mutex<Vec<String>>>,
    invoked: u32,
    _tasks: JoinSet<()>,
}

/// The polls of a function.
#[derive(Debug, Clone, Copy, Default)]
struct Polls {
    first: Option<Instant>,
    count: u32,
}

/// A function's answer, as it came.
#[derive(Debug)]
pub(crate) struct Answered {
    /// Whether the function declared that it streams its answer.
    #[cfg_attr(not(test), expect(dead_code, reason = "the benchmark knows what it started"))]
    pub(crate) is_streamed: bool,
    pub(crate) bytes: Bytes,
}

/// Where an answer is waited for: `Ok` with the response, `Err` with the error reported instead.
type Answer = oneshot::Sender<Result<Answered, Bytes>>;

#[derive(Debug)]
struct Invocation {
    id: String,
    event: Bytes,
    deadline: SystemTime,
    answer: Answer,
}

impl Function {
    /// Starts `command` (the binary, before it whatever runs it) with these variables and those
    /// that Lambda sets, and no others.
    pub(crate) async fn start(command: &[String], environment: &BTreeMap<String, String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (queue, waiting) = mpsc::channel(1);
        let (polls, polled) = watch::channel(Polls::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(serve(listener, Arc::new(RuntimeApi::new(waiting, polls))));

        let (program, arguments) = command.split_first().expect("a program");
        let started = Instant::now();
        let mut process = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(environment)
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "packages-api")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/packages-api")
            .env(
                "AWS_LAMBDA_LOG_STREAM_NAME",
                "2024/08/30/[$LATEST]0123456789abcdef",
            )
            .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{program} did not start: {error}"));
        let log = Arc::default();
        tasks.spawn(keep(process.stdout.take().expect("piped"), Arc::clone(&log)));
        tasks.spawn(keep(process.stderr.take().expect("piped"), Arc::clone(&log)));
        let invoked = 0;
        Self {
            process,
            queue,
            polled,
            started,
            log,
            invoked,
            _tasks: tasks,
        }
    }

    /// How long the function took from its start to its first poll.
    pub(crate) async fn first_poll(&mut self) -> Duration {
        let polled = self.polled.wait_for(|polls| polls.count > 0);
        let first = tokio::time::timeout(HANG, polled).await;
        let first = first.ok().and_then(|seen| seen.ok()?.first);
        match first {
            Some(first) => first - self.started,
            None => panic!("the function never polled; its log: {:#?}", self.log()),
        }
    }

    /// How often the function has polled.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the benchmark waits for answers alone")
    )]
    pub(crate) fn polls(&self) -> u32 {
        self.polled.borrow().count
    }

    /// Returns when the function has polled so often.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the benchmark waits for answers alone")
    )]
    pub(crate) async fn polled(&mut self, count: u32) {
        let polled = self.polled.wait_for(|polls| polls.count >= count);
        let polled = tokio::time::timeout(HANG, polled).await.map(drop);
        assert!(
            polled.is_ok(),
            "the function polled no more; its log: {:#?}",
            self.log()
        );
    }

    /// Hands the function one event: `Ok` with what it answered, `Err` with the error that it
    /// reported to Lambda instead.
    pub(crate) async fn invoke(&mut self, event: Bytes) -> Result<Bytes, Bytes> {
        self.invoke_within(HANG, event).await
    }

    /// The same in a sandbox that is ended after `lifetime`, as it tells the function.
    pub(crate) async fn invoke_within(&mut self, lifetime: Duration, event: Bytes) -> Result<Bytes, Bytes> {
        let answered = self.answer_within(lifetime, event).await;
        answered.map(|answered| answered.bytes)
    }

    /// Hands the function one event, and keeps how its answer travelled.
    pub(crate) async fn answer_within(
        &mut self,
        lifetime: Duration,
        event: Bytes,
    ) -> Result<Answered, Bytes> {
        self.invoked += 1;
        let (answer, answered) = oneshot::channel();
        let id = format!("8476a536-e9f4-11e8-9739-{:012}", self.invoked);
        let deadline = SystemTime::now() + lifetime;
        let invocation = Invocation {
            id,
            event,
            deadline,
            answer,
        };
        self.queue.send(invocation).await.expect("the runtime API runs");
        let outcome = tokio::select! {
            answered = answered => answered.ok(),
            _ = self.process.wait() => None,
            () = tokio::time::sleep(HANG) => None,
        };
        outcome.unwrap_or_else(|| panic!("no answer; the function's log: {:#?}", self.log()))
    }

    /// The function's standard output and error, line by line.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One side of the conversation: what waits to be polled, and what was polled and is not answered.
struct RuntimeApi {
    waiting: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    under_way: Mutex<HashMap<String, Answer>>,
    polls: watch::Sender<Polls>,
}

impl RuntimeApi {
    fn new(waiting: mpsc::Receiver<Invocation>, polls: watch::Sender<Polls>) -> Self {
        let waiting = tokio::sync::Mutex::new(waiting);
        Self {
            waiting,
            under_way: Mutex::default(),
            polls,
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Option<Response<Full<Bytes>>> {
        let path = request.uri().path().to_owned();
        let call = path.strip_prefix("/2018-06-01/runtime/")?;
        match (request.method(), call.split('/').collect::<Vec<_>>().as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => self.end(id, Ok(answered(request).await?)),
            (&Method::POST, ["invocation", id, "error"]) => self.end(id, Err(body(request).await?)),
            (&Method::POST, ["init", "error"]) => accepted(),
            _ => None,
        }
    }

    async fn next(&self) -> Option<Response<Full<Bytes>>> {
        self.polls.send_modify(|polls| {
            polls.first.get_or_insert_with(Instant::now);
            polls.count += 1;
        });
        let invocation = self.waiting.lock().await.recv().await?;
        let deadline = invocation.deadline.duration_since(UNIX_EPOCH).ok()?.as_millis();
        let response = Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", &invocation.id)
            .header("lambda-runtime-deadline-ms", deadline.to_string())
            .header(
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:eu-central-1:123456789012:function:packages-api",
            )
            .header(
                "lambda-runtime-trace-id",
                "Root=1-66d16b40-0c5fd3a11b5c4e6d7a8f9010",
            )
            .body(Full::new(invocation.event));
        self.under_way().insert(invocation.id, invocation.answer);
        response.ok()
    }

    fn end(&self, id: &str, outcome: Result<Answered, Bytes>) -> Option<Response<Full<Bytes>>> {
        // The test may have stopped waiting, which is no matter of the function's.
        self.under_way().remove(id)?.send(outcome).ok();
        accepted()
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<String, Answer>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accepted() -> Option<Response<Full<Bytes>>> {
    let body = Full::from(r#"{"status":"OK"}"#);
    Response::builder().status(StatusCode::ACCEPTED).body(body).ok()
}

async fn answered(request: Request<Incoming>) -> Option<Answered> {
    let mode = request.headers().get("lambda-runtime-function-response-mode");
    Some(Answered {
        is_streamed: mode.is_some_and(|mode| mode == "streaming"),
        bytes: body(request).await?,
    })
}

async fn body(request: Request<Incoming>) -> Option<Bytes> {
    Some(request.into_body().collect().await.ok()?.to_bytes())
}

async fn serve(listener: TcpListener, api: Arc<RuntimeApi>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let api = Arc::clone(&api);
        let service = service_fn(move |request| {
            let api = Arc::clone(&api);
            async move { api.answer(request).await.ok_or("no such call of the runtime API") }
        });
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        connections.spawn(async move { drop(connection.await) });
    }
}

async fn keep(output: impl AsyncRead + Unpin, log: Arc<Mutex<Vec<String>>>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

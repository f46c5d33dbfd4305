//! The one handler: a request in, an answer out, a line in the log.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::SdkConfig;
use lambda_http::http::{HeaderName, HeaderValue, Method};
use lambda_http::{Body, Request, RequestExt, Response};
use tokio::time::Instant;
use tracing::{Instrument as _, Level};
use uuid::Uuid;

use crate::auth::KeysInTable;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::files::Files;
use crate::front_door;
use crate::http::{Call, Query};
use crate::id::PackageId;
use crate::oidc::{Authority, Identity};
use crate::overtime::Overtime;
use crate::packages::Context;
use crate::records::Records;
use crate::route::{self, Matched};
use crate::slug::Slug;
use crate::steps;
use crate::time::{MAX_SANDBOX_TIME, sandbox_time_left};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The Packages API over one table and one bucket.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) config: Arc<Config>,
    pub(crate) records: Records,
    pub(crate) files: Files,
    overtime: Overtime,
    /// Verification of jobs' tokens; none without a base address for them to name.
    authority: Option<Arc<Authority>>,
}

impl App {
    /// The App over the table and the bucket that `config` names. Sends nothing yet.
    #[must_use]
    pub fn new(config: Config, sdk: &SdkConfig) -> Self {
        let records = Records::new(sdk, config.table.as_str());
        let authority = config.api_base_url.as_deref().map(|base_url| {
            let store = KeysInTable(records.clone());
            Arc::new(Authority::new(base_url, config.oidc, Arc::new(store)))
        });
        Self {
            authority,
            records,
            files: Files::new(sdk, config.bucket.as_str()).behind(config.files_base_url.as_deref()),
            config: Arc::new(config),
            overtime: Overtime::default(),
        }
    }

    /// Opens the connection to the table before the first request; its failure is ignored.
    pub async fn warm_up(&self) {
        self.records.warm_up().await;
    }

    /// Resolves when nothing goes on any more of calls that were answered before their end.
    pub async fn overtime_ended(&self) {
        self.overtime.ended().await;
    }

    /// Answers one request: always an answer, always in time, errors as JSON.
    pub async fn handle(&self, request: Request) -> Response<Body> {
        let request_id = request_id(&request);
        // The level of errors, so that these have it even where nothing else is logged.
        let span = tracing::error_span!("call", request_id);
        steps::noted(self.handle_noted(request, request_id))
            .instrument(span)
            .await
    }

    /// Answers one request within its span.
    async fn handle_noted(&self, request: Request, request_id: String) -> Response<Body> {
        let started = Instant::now();
        let sandbox_deadline = started + lifetime(&request);
        let path = front_door::path(&self.config, &request);
        let matched = route::endpoint(request.method(), &path);
        let line = Line {
            started,
            gateway_request_id: front_door::request_id(&request).filter(|id| *id != request_id),
            method: request.method().clone(),
            endpoint: matched.as_ref().ok().cloned(),
            token_id: Arc::default(),
            job: Arc::default(),
            received: request.body().len(),
            request_id,
        };
        let answer = match matched {
            Ok(endpoint) => {
                self.answer_in_time(endpoint, request, &line, sandbox_deadline)
                    .await
            }
            Err(error) => Err(error),
        };
        line.log(answer, When::InTime)
    }

    /// Answers a call before its sandbox ends; before its front door gives up, too, if it may take so long.
    async fn answer_in_time(
        &self,
        endpoint: Matched,
        request: Request,
        line: &Line,
        sandbox_deadline: Instant,
    ) -> Result<Response<Body>> {
        let limit = self.config.long_request_timeout();
        let limit = limit.filter(|_| endpoint.may_outlast_its_client());
        let caller = (Arc::clone(&line.token_id), Arc::clone(&line.job));
        let started = line.started;
        let answer = self
            .clone()
            .answer(endpoint, request, caller, started, sandbox_deadline);
        let answer = steps::in_time(sandbox_deadline, "sandbox", answer);
        let Some(limit) = limit else {
            return answer.await;
        };
        let late = {
            let line = line.clone();
            move |answer| drop(line.log(answer, When::Late))
        };
        self.overtime.run(started + limit, answer, late).await
    }

    async fn answer(
        self,
        endpoint: Matched,
        request: Request,
        (token_id, job): (Arc<OnceLock<Uuid>>, Arc<OnceLock<Identity>>),
        started: Instant,
        sandbox_deadline: Instant,
    ) -> Result<Response<Body>> {
        if self.config.read_only && endpoint.changes() {
            return Err(Error::ReadOnly);
        }
        let urls = front_door::urls(&self.config, &request);
        let (parts, body) = request.into_parts();
        let answer_by = sandbox_deadline.min(started + self.config.request_timeout);
        let call = Call {
            context: Context::new(self.records, self.files, answer_by),
            headers: &parts.headers,
            query: Query::new(parts.uri.query().unwrap_or_default()),
            urls: &urls,
            schemes: endpoint.schemes(),
            max_answer_bytes: self.config.max_answer_bytes(),
            token_id: &token_id,
            authority: self.authority.as_deref(),
            job: &job,
        };
        endpoint.answer(&call, &parts.method, body).await
    }
}

/// Whether a call ended before it was answered, or its work went on.
#[derive(Debug, Clone, Copy)]
enum When {
    InTime,
    Late,
}

/// The log's line of a call, as far as it is known before the call has ended.
#[derive(Debug, Clone)]
struct Line {
    started: Instant,
    request_id: String,
    gateway_request_id: Option<String>,
    method: Method,
    endpoint: Option<Matched>,
    /// Known once the token's record has been read.
    token_id: Arc<OnceLock<Uuid>>,
    /// Known once a policy has let the job in.
    job: Arc<OnceLock<Identity>>,
    /// Bytes of the body.
    received: usize,
}

impl Line {
    /// Logs how the call ended. Returns its answer.
    fn log(&self, answer: Result<Response<Body>>, when: When) -> Response<Body> {
        let outcome = Outcome::of(answer.as_ref().err());
        let mut response =
            answer.unwrap_or_else(|error| route::refuse(self.endpoint.as_ref(), &error, &self.request_id));
        if self.method == Method::HEAD {
            *response.body_mut() = Body::Empty;
        }
        let request_id = HeaderValue::from_str(&self.request_id).ok();
        response
            .headers_mut()
            .extend(request_id.map(|id| (REQUEST_ID, id)));
        let about = About::of(self.endpoint.as_ref(), &response);
        let job = self.job.get();
        /// Logs the line of the call: its level and message are part of where it is logged.
        macro_rules! log {
            ($level:ident, $message:literal) => {
                tracing::$level!(
                    gateway_request_id = self.gateway_request_id,
                    method = self.method.as_str(),
                    route = about.route,
                    organization = about.organization.as_ref().map(Slug::as_str),
                    registry = about.registry.as_ref().map(Slug::as_str),
                    package_id = about.package.map(display),
                    source_package_id = about.source_package.map(display),
                    token_id = self.token_id.get().map(display),
                    issuer = job.map(|job| job.issuer.as_str()),
                    subject = job.map(|job| job.subject.as_str()),
                    statement = job.map(|job| job.statement),
                    status = response.status().as_u16(),
                    milliseconds = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
                    bytes_in = self.received,
                    bytes_out = response.body().len(),
                    cause = outcome.cause,
                    $message
                )
            };
        }
        match (when, outcome.level) {
            (When::InTime, Level::ERROR) => log!(error, "failed"),
            (When::InTime, Level::WARN) => log!(warn, "answered"),
            (When::InTime, _) => log!(info, "answered"),
            (When::Late, Level::ERROR) => log!(error, "failed after its answer"),
            (When::Late, Level::WARN) => log!(warn, "ended after its answer"),
            (When::Late, _) => log!(info, "ended after its answer"),
        }
        response
    }
}

/// How a call ended, for the log.
struct Outcome {
    level: Level,
    cause: Option<String>,
}

impl Outcome {
    fn of(error: Option<&Error>) -> Self {
        Self {
            level: error.map_or(Level::INFO, Error::level),
            cause: error.and_then(Error::cause).map(str::to_owned),
        }
    }
}

/// Subject of a call, for the log. Only names that could exist are logged: the rest of a path is whatever
/// somebody typed.
struct About {
    route: &'static str,
    organization: Option<Slug>,
    registry: Option<Slug>,
    /// The package that the answer shows, else the one that the path names.
    package: Option<PackageId>,
    /// The package that was copied.
    source_package: Option<PackageId>,
}

impl About {
    fn of(matched: Option<&Matched>, response: &Response<Body>) -> Self {
        let shown = response.extensions().get::<PackageId>().copied();
        let package = matched.and_then(Matched::package);
        let named = package.and_then(|path| path.id);
        let registry = matched.and_then(Matched::registry);
        Self {
            route: matched.map_or("none", Matched::name),
            organization: matched
                .and_then(Matched::organization)
                .and_then(|slug| slug.parse().ok()),
            registry: registry
                .and_then(|path| path.registry.parse().ok())
                .or_else(|| response.extensions().get::<Slug>().cloned()),
            package: shown.or(named),
            source_package: named.filter(|named| shown.is_some_and(|shown| shown != *named)),
        }
    }
}

/// Time that this sandbox has left, less a margin for writing the answer.
fn lifetime(request: &Request) -> Duration {
    const MARGIN: Duration = Duration::from_millis(500);
    let context = request.lambda_context_ref();
    context.map_or(MAX_SANDBOX_TIME, |context| {
        sandbox_time_left(context.deadline).saturating_sub(MARGIN)
    })
}

/// The id under which the sandbox logs the call; without one, a new one.
fn request_id(request: &Request) -> String {
    request.lambda_context_ref().map_or_else(
        || Uuid::now_v7().to_string(),
        |context| context.request_id.clone(),
    )
}

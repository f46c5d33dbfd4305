//! The one handler: a request in, an answer out, a line in the log.

use std::sync::OnceLock;
use std::time::Duration;

use aws_config::SdkConfig;
use lambda_http::http::{HeaderName, HeaderValue, Method};
use lambda_http::{Body, Request, RequestExt, Response};
use tokio::time::Instant;
use tracing::{Instrument as _, Level};
use uuid::Uuid;

use crate::api::{Call, Endpoint, Query, views};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::files::Files;
use crate::front_door;
use crate::id::PackageId;
use crate::packages::Context;
use crate::records::Records;
use crate::route;
use crate::slug::Slug;
use crate::steps;
use crate::time::{MAX_SANDBOX_TIME, sandbox_time_left};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Time that the first poll has the processors for itself: reading the system's certificates takes
/// longer than all else of a start.
const FIRST_POLL: Duration = Duration::from_millis(2);

/// The Packages API over one table and one bucket.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) config: Config,
    pub(crate) records: Records,
    pub(crate) files: Files,
}

impl App {
    /// The App over the table and the bucket that `config` names. Sends nothing yet.
    #[must_use]
    pub fn new(config: Config, sdk: &SdkConfig) -> Self {
        Self {
            records: Records::new(sdk, config.table.as_str()),
            files: Files::new(sdk, config.bucket.as_str()).behind(config.files_base_url.as_deref()),
            config,
        }
    }

    /// Opens the connection to the table before the first request, beside the function's first poll and
    /// not in its way; its failure is ignored.
    pub async fn warm_up(&self) {
        tokio::time::sleep(FIRST_POLL).await;
        self.records.warm_up().await;
    }

    /// Answers one request: always an answer, always in time, errors as JSON.
    pub async fn handle(&self, request: Request) -> Response<Body> {
        let request_id = request_id(&request);
        // The level of errors, so that these have it even where nothing else is logged.
        let span = tracing::error_span!("call", request_id);
        steps::noted(self.handle_noted(request, &request_id))
            .instrument(span)
            .await
    }

    /// Answers one request within its span.
    async fn handle_noted(&self, request: Request, request_id: &str) -> Response<Body> {
        let started = Instant::now();
        let gateway_request_id = front_door::request_id(&request).filter(|id| id != request_id);
        let received = request.body().len();
        let path = front_door::path(&self.config, &request);
        let method = request.method().clone();
        let token_id = OnceLock::new();
        let sandbox_deadline = started + lifetime(&request);
        let (matched, answer) = match route::endpoint(&method, &path) {
            Ok(endpoint) => {
                let answer = self.answer(&endpoint, request, &token_id, started, sandbox_deadline);
                let answer = steps::in_time(sandbox_deadline, "sandbox", Box::pin(answer)).await;
                (Some(endpoint), answer)
            }
            Err(error) => (None, Err(error)),
        };
        let outcome = Outcome::of(answer.as_ref().err());
        let mut response = answer.unwrap_or_else(|error| views::error(&error, request_id));
        if method == Method::HEAD {
            *response.body_mut() = Body::Empty;
        }
        response
            .headers_mut()
            .extend(HeaderValue::from_str(request_id).ok().map(|id| (REQUEST_ID, id)));
        let about = About::of(matched.as_ref(), &response);
        /// Logs the line of the call: its level and message are part of where it is logged.
        macro_rules! log {
            ($level:ident, $message:literal) => {
                tracing::$level!(
                    gateway_request_id,
                    method = method.as_str(),
                    route = about.route,
                    organization = about.organization.as_ref().map(Slug::as_str),
                    registry = about.registry.as_ref().map(Slug::as_str),
                    package_id = about.package.map(display),
                    source_package_id = about.source_package.map(display),
                    token_id = token_id.get().map(display),
                    status = response.status().as_u16(),
                    milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
                    bytes_in = received,
                    bytes_out = response.body().len(),
                    cause = outcome.cause,
                    $message
                )
            };
        }
        match outcome.level {
            Level::ERROR => log!(error, "failed"),
            Level::WARN => log!(warn, "answered"),
            _ => log!(info, "answered"),
        }
        response
    }

    async fn answer(
        &self,
        endpoint: &Endpoint,
        request: Request,
        token_id: &OnceLock<Uuid>,
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
            context: Context::new(self.records.clone(), self.files.clone(), answer_by),
            headers: &parts.headers,
            query: Query::new(parts.uri.query().unwrap_or_default()),
            urls: &urls,
            token_id,
        };
        endpoint.answer(&call, body).await
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
    fn of(matched: Option<&Endpoint>, response: &Response<Body>) -> Self {
        let shown = response.extensions().get::<PackageId>().copied();
        let package = matched.and_then(Endpoint::package);
        let named = package.and_then(|path| PackageId::in_address(&path.id));
        let registry = matched.and_then(Endpoint::registry);
        Self {
            route: matched.map_or("none", Endpoint::name),
            organization: matched
                .and_then(Endpoint::organization)
                .and_then(|slug| slug.parse().ok()),
            registry: registry.and_then(|path| path.registry.parse().ok()),
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

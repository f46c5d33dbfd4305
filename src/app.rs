//! The one handler: a request in, an answer out, a line in the log.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use lambda_http::http::{HeaderName, HeaderValue, Method};
use lambda_http::{Body, Request, RequestExt, Response};
use tokio::time::Instant;
use uuid::Uuid;

use crate::api::{Call, Query, packages, views};
use crate::caller::Caller;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::files::Files;
use crate::front_door;
use crate::id::PackageId;
use crate::records::Records;
use crate::route::{Page, Route};
use crate::slug::Slug;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a call keeps of its time for its own answer: after that, nothing is repeated any more.
const RESERVE: Duration = Duration::from_secs(2);

/// How long the first poll has the processors for itself: reading the system's certificates takes longer
/// than all else of a start.
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
            files: Files::new(sdk, config.bucket.as_str()),
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
        let started = Instant::now();
        let request_id = request_id(&request);
        let gateway_request_id = front_door::request_id(&request).filter(|id| *id != request_id);
        let received = request.body().len();
        let path = front_door::path(&self.config, &request);
        let method = request.method().clone();
        let caller = Caller::of(request.headers());
        let route = Route::of(&method, &path);
        let named = route.as_ref().ok().copied();
        let lives = started + lifetime(&request);
        let answer = match route {
            Ok(route) => tokio::time::timeout_at(
                lives,
                Box::pin(self.answer(route, request, &caller, started, lives)),
            )
            .await
            .unwrap_or_else(|_| Err(Error::Unavailable("the sandbox's time was up".to_owned()))),
            Err(error) => Err(error),
        };
        let inside = answer.as_ref().err().and_then(Error::inside).map(str::to_owned);
        let mut response = answer.unwrap_or_else(|error| views::error(&error, &request_id));
        if method == Method::HEAD {
            *response.body_mut() = Body::Empty;
        }
        response
            .headers_mut()
            .extend(HeaderValue::from_str(&request_id).ok().map(|id| (REQUEST_ID, id)));
        let about = About::of(named, &response);
        tracing::info!(
            request_id,
            gateway_request_id,
            method = method.as_str(),
            route = about.route,
            organization = about.organization.as_ref().map(Slug::as_str),
            registry = about.registry.as_ref().map(Slug::as_str),
            package_id = about.package.map(display),
            source_package_id = about.source_package.map(display),
            token_id = caller.token_id().map(display),
            status = response.status().as_u16(),
            milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            bytes_in = received,
            bytes_out = response.body().len(),
            inside,
            "answered"
        );
        response
    }

    async fn answer(
        &self,
        route: Route<'_>,
        request: Request,
        caller: &Caller,
        started: Instant,
        lives: Instant,
    ) -> Result<Response<Body>> {
        if self.config.read_only && route.page.changes() {
            return Err(Error::ReadOnly);
        }
        let urls = front_door::urls(&self.config, &request);
        let (parts, body) = request.into_parts();
        let query = Query::new(parts.uri.query().unwrap_or_default());
        let end = lives.min(started + self.config.request_timeout);
        let call = Call {
            records: &self.records,
            files: &self.files,
            headers: &parts.headers,
            caller,
            urls: &urls,
            deadline: end.checked_sub(RESERVE).unwrap_or(end),
            end,
        };
        let Route { page, registry, id } = route;
        match page {
            Page::Health => views::health(),
            Page::OpenApi => Ok(views::openapi()),
            // What moves large files may take longer than the gateway waits.
            Page::PublishPackage => packages::publish(&call, registry, body).await,
            Page::CopyPackage => packages::copy(&call, registry, id, query).await,
            Page::RequestUpload => call.in_time(packages::request_upload(&call, registry)).await,
            Page::ListPackages => call.in_time(packages::list(&call, registry, query)).await,
            Page::GetPackage => call.in_time(packages::get(&call, registry, id)).await,
            Page::DeletePackage => call.in_time(packages::delete(&call, registry, id)).await,
            Page::DownloadPackage => call.in_time(packages::download(&call, registry, id)).await,
            Page::DescribeFile => call.in_time(packages::describe_file(&call, registry, id)).await,
        }
    }
}

/// What the log says a call was about. Only what could exist is named: the rest of a path is whatever
/// somebody typed.
struct About {
    route: String,
    organization: Option<Slug>,
    registry: Option<Slug>,
    /// The package that the answer shows, else the one that the path names.
    package: Option<PackageId>,
    /// The package that was copied.
    source_package: Option<PackageId>,
}

impl About {
    fn of(route: Option<Route<'_>>, response: &Response<Body>) -> Self {
        let shown = response.extensions().get::<PackageId>().copied();
        let named = route.and_then(|route| PackageId::in_address(route.id));
        Self {
            route: route.map_or_else(|| "none".to_owned(), |route| format!("{:?}", route.page)),
            organization: route.and_then(|route| route.registry.organization.parse().ok()),
            registry: route.and_then(|route| route.registry.registry.parse().ok()),
            package: shown.or(named),
            source_package: named.filter(|named| shown.is_some_and(|shown| shown != *named)),
        }
    }
}

/// How long this sandbox lives on, less what the answer takes.
fn lifetime(request: &Request) -> Duration {
    const MARGIN: Duration = Duration::from_millis(500);
    const LONGEST: Duration = Duration::from_mins(15);
    let left = request.lambda_context_ref().and_then(|context| {
        let end = SystemTime::UNIX_EPOCH + Duration::from_millis(context.deadline);
        end.duration_since(SystemTime::now()).ok()
    });
    left.map_or(LONGEST, |left| left.saturating_sub(MARGIN).min(LONGEST))
}

/// The id under which the sandbox logs the call; without one, a new one.
fn request_id(request: &Request) -> String {
    request.lambda_context_ref().map_or_else(
        || Uuid::now_v7().to_string(),
        |context| context.request_id.clone(),
    )
}

//! The one handler: a request in, an answer out, a line in the log.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use lambda_http::http::{HeaderName, HeaderValue, Method};
use lambda_http::{Body, Request, RequestExt, Response};
use tokio::time::Instant;
use uuid::Uuid;

use crate::api::{Call, packages, views};
use crate::auth::RegistryPath;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::files::Files;
use crate::front_door;
use crate::records::Records;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a call keeps of its time for its own answer: after that, nothing is repeated any more.
const RESERVE: Duration = Duration::from_secs(2);

/// The methods that any path of the API takes.
const METHODS: [Method; 3] = [Method::GET, Method::POST, Method::DELETE];

/// The Packages API over one table and one bucket.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) config: Config,
    pub(crate) records: Records,
    pub(crate) files: Files,
}

/// What a request asks for: the API's table of contents.
#[derive(Debug, Clone, Copy)]
enum Route<'a> {
    Health,
    Publish(RegistryPath<'a>),
    Get(RegistryPath<'a>, &'a str),
    Delete(RegistryPath<'a>, &'a str),
}

impl<'a> Route<'a> {
    fn of(method: &Method, path: &[&'a str]) -> Option<Self> {
        let (registry, rest) = match path {
            [""] => return (method == Method::GET).then_some(Self::Health),
            [
                "v2",
                "packages",
                "organizations",
                organization,
                "registries",
                registry,
                rest @ ..,
            ] => (
                RegistryPath {
                    organization,
                    registry,
                },
                rest,
            ),
            _ => return None,
        };
        match (method, rest) {
            (&Method::POST, ["packages"]) => Some(Self::Publish(registry)),
            (&Method::GET, ["packages", id]) => Some(Self::Get(registry, id)),
            (&Method::DELETE, ["packages", id]) => Some(Self::Delete(registry, id)),
            _ => None,
        }
    }

    /// The route's name in the log.
    fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Publish(..) => "packages.publish",
            Self::Get(..) => "packages.get",
            Self::Delete(..) => "packages.delete",
        }
    }

    fn registry(self) -> Option<RegistryPath<'a>> {
        match self {
            Self::Health => None,
            Self::Publish(registry) | Self::Get(registry, _) | Self::Delete(registry, _) => Some(registry),
        }
    }
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

    /// Opens the connection to the table before the first request; its failure is ignored.
    pub async fn warm_up(&self) {
        self.records.warm_up().await;
    }

    /// Answers one request: always an answer, always in time, errors as JSON.
    pub async fn handle(&self, request: Request) -> Response<Body> {
        let started = Instant::now();
        let request_id = request_id(&request);
        let received = request.body().len();
        let path = front_door::path(&request);
        let segments: Vec<_> = path.strip_prefix('/').unwrap_or(&path).split('/').collect();
        let method = request.method().clone();
        // HEAD is answered as GET is, without the body.
        let asked = if method == Method::HEAD {
            &Method::GET
        } else {
            &method
        };
        let route = Route::of(asked, &segments);

        let time = self.time_for(&request);
        let answer = match route {
            Some(route) => tokio::time::timeout(time, Box::pin(self.answer(route, request, started + time)))
                .await
                .unwrap_or_else(|_| Err(Error::Unavailable("the call's time was up".to_owned()))),
            None => Err(unrouted(&segments)),
        };
        let inside = answer.as_ref().err().and_then(Error::inside).map(str::to_owned);
        let mut response = answer.unwrap_or_else(|error| views::error(&error));
        if method == Method::HEAD {
            *response.body_mut() = Body::Empty;
        }
        response
            .headers_mut()
            .extend(HeaderValue::from_str(&request_id).ok().map(|id| (REQUEST_ID, id)));
        let registry = route.and_then(Route::registry);
        tracing::info!(
            request_id,
            method = method.as_str(),
            route = route.map_or("none", Route::name),
            organization = registry.map(|path| path.organization),
            registry = registry.map(|path| path.registry),
            status = response.status().as_u16(),
            milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            bytes_in = received,
            bytes_out = response.body().len(),
            inside,
            "answered"
        );
        response
    }

    async fn answer(&self, route: Route<'_>, request: Request, end: Instant) -> Result<Response<Body>> {
        let urls = front_door::urls(&self.config, &request);
        let (parts, body) = request.into_parts();
        let call = Call {
            app: self,
            headers: &parts.headers,
            urls: &urls,
            deadline: end.checked_sub(RESERVE).unwrap_or(end),
        };
        match route {
            Route::Health => views::health(),
            Route::Publish(registry) => Box::pin(packages::publish(&call, registry, body)).await,
            Route::Get(registry, id) => packages::get(&call, registry, id).await,
            Route::Delete(registry, id) => packages::delete(&call, registry, id).await,
        }
    }

    /// How long this call may take: what is configured, and no longer than its sandbox lives.
    fn time_for(&self, request: &Request) -> Duration {
        const MARGIN: Duration = Duration::from_millis(500);
        let lives = request.lambda_context_ref().and_then(|context| {
            let end = SystemTime::UNIX_EPOCH + Duration::from_millis(context.deadline);
            end.duration_since(SystemTime::now()).ok()
        });
        let lives = lives.map_or(Duration::MAX, |left| left.saturating_sub(MARGIN));
        self.config.request_timeout.min(lives)
    }
}

/// A path that exists with other methods is a 405 that names them; any other a 404.
fn unrouted(segments: &[&str]) -> Error {
    let mut allow: Vec<_> = METHODS
        .iter()
        .filter(|method| Route::of(method, segments).is_some())
        .map(Method::as_str)
        .collect();
    if allow.first() == Some(&"GET") {
        allow.insert(1, "HEAD");
    }
    if allow.is_empty() {
        Error::NotFound(
            "There is nothing at this address. The API's addresses begin with \
             /v2/packages/organizations/{organization}/registries/{registry}/packages."
                .to_owned(),
        )
    } else {
        Error::MethodNotAllowed(allow.join(", "))
    }
}

/// The id under which the sandbox logs the call; without one, a new one.
fn request_id(request: &Request) -> String {
    request.lambda_context_ref().map_or_else(
        || Uuid::now_v7().to_string(),
        |context| context.request_id.clone(),
    )
}

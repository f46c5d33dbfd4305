//! `GET /` and `GET /openapi.yaml`: the service itself, open to everybody.

use std::sync::LazyLock;

use lambda_http::http::header::CONTENT_TYPE;
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Response};
use serde::Serialize;

use crate::error::Result;
use crate::http::json;

/// Description of this API, as it is served.
const OPENAPI: &str = include_str!("../../openapi.yaml");

/// The package's version and, in a release (`.ci/package`), the commit that it was built from: `0.1.0+89abcdef0123`.
///
/// Other builds do not ask git, so that a commit rebuilds nothing.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let version = env!("CARGO_PKG_VERSION");
    option_env!("PACKAGES_API_COMMIT")
        .map_or_else(|| version.to_owned(), |commit| format!("{version}+{commit}"))
});

#[derive(Serialize)]
struct HealthBody {
    status: &'static str,
    version: &'static str,
}

/// 200, alive: of the function alone, without a look at the storage.
pub(super) fn health() -> Result<Response<Body>> {
    let body = HealthBody {
        status: "ok",
        version: VERSION.as_str(),
    };
    json(StatusCode::OK, &body)
}

/// 200 with the description of this API.
pub(super) fn openapi() -> Response<Body> {
    let mut response = Response::new(Body::Text(OPENAPI.to_owned()));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/yaml"));
    response
}

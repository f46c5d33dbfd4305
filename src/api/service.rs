//! `GET /` and `GET /openapi.yaml`: the service itself, open to everybody.

use lambda_http::http::header::CONTENT_TYPE;
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Response};
use serde::Serialize;

use super::views;
use crate::error::Result;

/// Description of this API, as it is served.
const OPENAPI: &str = include_str!("../../openapi.yaml");

#[derive(Serialize)]
struct HealthBody {
    status: &'static str,
    version: &'static str,
}

/// 200, alive: of the function alone, without a look at the storage.
pub(super) fn health() -> Result<Response<Body>> {
    let body = HealthBody {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    };
    views::json(StatusCode::OK, &body)
}

/// 200 with the description of this API.
pub(super) fn openapi() -> Response<Body> {
    let mut response = Response::new(Body::Text(OPENAPI.to_owned()));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/yaml"));
    response
}

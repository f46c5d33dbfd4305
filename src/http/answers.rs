//! Answers without words: status, headers, JSON, redirects.

use lambda_http::http::header::{
    ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION,
    RETRY_AFTER,
};
use lambda_http::http::{HeaderName, HeaderValue, StatusCode};
use lambda_http::{Body, Response};
use serde::Serialize;

use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::files;
use crate::retry::{READ_ONLY_RETRY_AFTER_SECONDS, RETRY_AFTER_SECONDS};

/// Seconds that the Go client waits after a 429.
const RATELIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Digest of what is represented, whatever its encoding (RFC 9530).
pub(crate) const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// A SHA-256 as [`REPR_DIGEST`] has it.
pub(crate) fn repr_digest(sha256: Digest<32>) -> String {
    format!("sha-256=:{}:", sha256.to_base64())
}

/// 302 to a short-lived address, which no cache may keep.
pub(crate) fn redirect(address: &str) -> Result<Response<Body>> {
    let mut response = empty(StatusCode::FOUND);
    let address = HeaderValue::from_str(address).map_err(|error| Error::Internal(error.to_string()))?;
    response.headers_mut().insert(LOCATION, address);
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// 200 with the headers that the file itself is answered with, and its SHA-256 (RFC 9530).
pub(crate) fn file_headers(filename: &str, size: u64, sha256: Digest<32>) -> Result<Response<Body>> {
    let digest = repr_digest(sha256);
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, size.into());
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, text) in [
        (CONTENT_TYPE, files::CONTENT_TYPE),
        (CONTENT_DISPOSITION, &files::attachment(filename)),
        (REPR_DIGEST, &digest),
    ] {
        let value = HeaderValue::from_str(text).map_err(|error| Error::Internal(error.to_string()))?;
        headers.insert(name, value);
    }
    Ok(response)
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    response
}

/// Status that an error is answered with.
pub(crate) fn status(error: &Error) -> StatusCode {
    match error {
        Error::BadRequest(_) => StatusCode::BAD_REQUEST,
        Error::Unauthorized(_) => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) | Error::RestrictedToken | Error::CrossSite => StatusCode::FORBIDDEN,
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
        Error::Taken { .. } | Error::Retired { .. } | Error::Conflict(_) => StatusCode::CONFLICT,
        Error::TooLarge | Error::DocumentTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Error::Encoded(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Error::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Error::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
        Error::Internal(_) | Error::AnswerTooLarge(_) | Error::MetadataMissing(_) => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
        Error::ReadOnly
        | Error::Unavailable(_)
        | Error::InProgress
        | Error::GoesOn
        | Error::KeysUnavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// An answer with a JSON body.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Result<Response<Body>> {
    let text = serde_json::to_string(body).map_err(|error| Error::Internal(error.to_string()))?;
    let mut response = Response::new(Body::Text(text));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// Message of an error. Details that only the log has are found there by the request's id.
pub(crate) fn message(error: &Error, request_id: &str) -> String {
    match error {
        Error::Internal(_) => format!("{error} The request's id is {request_id}."),
        _ => error.to_string(),
    }
}

/// Adds the headers that an error is answered with in every protocol: the methods of a 405, and the time after
/// which a repeat may succeed.
pub(crate) fn add_error_headers(error: &Error, response: &mut Response<Body>) {
    let headers = response.headers_mut();
    match error {
        Error::MethodNotAllowed(allow) => {
            headers.extend(HeaderValue::from_str(allow).ok().map(|allow| (ALLOW, allow)));
        }
        Error::Throttled(_) => {
            headers.insert(RATELIMIT_RESET, RETRY_AFTER_SECONDS.into());
            headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS.into());
        }
        Error::ReadOnly => {
            headers.insert(RETRY_AFTER, READ_ONLY_RETRY_AFTER_SECONDS.into());
        }
        Error::Unavailable(_) | Error::InProgress | Error::GoesOn => {
            headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS.into());
        }
        Error::KeysUnavailable {
            retry_after_seconds, ..
        } => {
            headers.insert(RETRY_AFTER, (*retry_after_seconds).into());
        }
        _ => {}
    }
}

/// The beginning of a text that a client sent, for a message.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 100;
    text.chars()
        .filter(|letter| !letter.is_control())
        .take(MOST)
        .collect()
}

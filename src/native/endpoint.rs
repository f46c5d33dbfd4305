//! Endpoints of the protocols: a route, and the names in a path.

use lambda_http::http::header::{ACCEPT_RANGES, CONTENT_TYPE, RANGE, WWW_AUTHENTICATE};
use lambda_http::http::{HeaderMap, HeaderValue, Method, StatusCode};
use lambda_http::{Body, Response};

use super::{Protocol, Request, Route, cross_site, headers, range};
use crate::error::{Error, Result};
use crate::http::{Call, add_error_headers, empty, message, status};
use crate::path::RegistryPath;

/// Challenge of a 401: clients that wait for one send the token of their configuration then.
const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Basic realm="packages", charset="UTF-8""#);

/// A request of a protocol, with the names in its path.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) protocol: &'static Protocol,
    pub(crate) route: &'static Route,
    pub(crate) registry: RegistryPath,
    /// Texts in the places of the template's braces, each decoded once.
    pub(crate) values: Vec<String>,
}

impl Endpoint {
    /// Answers the request in time.
    pub(crate) async fn answer(
        &self,
        call: &Call<'_>,
        method: &Method,
        body: Body,
    ) -> Result<Response<Body>> {
        if self.route.changes {
            cross_site::refuse(call.headers, &call.urls.api)?;
        }
        let request = Request {
            call,
            ecosystem: self.protocol.ecosystem,
            registry: &self.registry,
            values: &self.values,
            method,
            body,
        };
        let mut response = call.context.in_time((self.route.answer)(request)).await?;
        headers::negotiate(call.headers, method, &mut response);
        headers::add(&mut response);
        let bytes = carried_bytes(response.body());
        if call.max_answer_bytes.is_some_and(|most| bytes > most) {
            // The whole may fit in gzip, which nobody takes who asks for a part: Bundler asks again without that.
            if !is_refusable_part(call.headers, &response) {
                return Err(Error::AnswerTooLarge(bytes));
            }
            range::refuse(&mut response);
        }
        Ok(response)
    }

    /// An error as its answer, in the form that the protocol's clients show.
    pub(crate) fn refuse(&self, error: &Error, request_id: &str) -> Response<Body> {
        let mut message = message(error, request_id);
        if let Error::Unauthorized(_) = error {
            message = format!("{message} {}", self.protocol.token_settings);
        }
        let refusal = (self.protocol.refusal)(&message);
        let mut response = empty(status(error));
        *response.body_mut() = Body::Text(refusal.body);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(refusal.content_type));
        if let Error::Unauthorized(_) = error {
            headers.insert(WWW_AUTHENTICATE, CHALLENGE);
        }
        add_error_headers(error, &mut response);
        headers::add(&mut response);
        response
    }
}

/// Whether the whole is answered to a client that asked for a part of a document.
fn is_refusable_part(headers: &HeaderMap, response: &Response<Body>) -> bool {
    let takes_no_parts = response
        .headers()
        .get(ACCEPT_RANGES)
        .is_some_and(|unit| unit == "none");
    headers.contains_key(RANGE) && takes_no_parts && response.status() == StatusCode::OK
}

/// Bytes that an answer's body takes where it is not streamed: what is not text is base64.
fn carried_bytes(body: &Body) -> usize {
    match body {
        Body::Binary(bytes) => bytes.len().div_ceil(3) * 4,
        Body::Text(text) => text.len(),
        _ => 0,
    }
}

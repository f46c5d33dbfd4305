//! Answers that are the server's own: the function never saw the request, or did not answer it.

use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use serde::Serialize;
use uuid::Uuid;

use crate::incoming::Interrupted;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A status and the sentence for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) message: &'static str,
}

/// The body of every such answer.
#[derive(Serialize)]
struct Message {
    message: &'static str,
    /// The message once more, where a package manager may have published: npm, pnpm and yarn print it.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

impl Refusal {
    const fn new(status: StatusCode, message: &'static str) -> Self {
        Self { status, message }
    }

    pub(crate) const HEAD_TOO_LARGE: Self = Self::new(
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "Request line and headers are larger than 10,240 bytes. Send fewer or shorter headers.",
    );
    pub(crate) const HEAD_TOO_LONG: Self = Self::new(
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "Request line and headers are larger than any that is read here. Send fewer or shorter headers.",
    );
    pub(crate) const HEAD_TOO_SLOW: Self = Self::new(
        StatusCode::REQUEST_TIMEOUT,
        "Request line and headers did not arrive in time. Send the request again.",
    );
    pub(crate) const NO_HTTP: Self = Self::new(
        StatusCode::BAD_REQUEST,
        "This is not a request of HTTP/1.1. Check the request line, the headers, and that the address \
         begins with http://.",
    );
    pub(crate) const OTHER_HOST: Self = Self::new(
        StatusCode::MISDIRECTED_REQUEST,
        "This server listens on loopback, and answers to 127.0.0.1, [::1] and localhost alone. Use one of \
         them, or start it with --public-url where a proxy hands requests on.",
    );
    pub(crate) const OTHER_SITE: Self = Self::new(
        StatusCode::FORBIDDEN,
        "This change was asked for by a page of another site. Send it from a program, or from a page of this \
         server.",
    );
    pub(crate) const NO_PLACE: Self = Self::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "The server answers as many requests as it can. Send the same request again.",
    );
    /// A path without a resource, by which a REST API knows no function.
    pub(crate) const NO_RESOURCE: Self = Self::new(StatusCode::NOT_FOUND, packages_api::NOTHING_HERE);
    pub(crate) const BODY_TOO_LARGE: Self = Self::new(StatusCode::PAYLOAD_TOO_LARGE, packages_api::TOO_LARGE);
    pub(crate) const UNREADABLE: Self = Self::new(
        StatusCode::BAD_REQUEST,
        "The body ended before it was complete, or is not framed as its headers say. Send it again.",
    );
    pub(crate) const TOO_SLOW: Self = Self::new(
        StatusCode::REQUEST_TIMEOUT,
        "The body did not arrive in time. Send it again.",
    );
    pub(crate) const BAD_TARGET: Self = Self::new(
        StatusCode::BAD_REQUEST,
        "The request's path or Host header is not valid. Send a path that begins with a slash, and the host of the \
         server's own address.",
    );
    pub(crate) const TIMED_OUT: Self = Self::new(
        StatusCode::GATEWAY_TIMEOUT,
        "The registry did not answer in time, so the outcome is unknown. Send the same request again: \
         repeating it is harmless.",
    );
    pub(crate) const CRASHED: Self = Self::new(
        StatusCode::BAD_GATEWAY,
        "The registry could not answer. Send the same request again: repeating it is harmless.",
    );

    /// Seconds after which to send the request again, where that may help: the template's.
    pub(crate) fn retry_after(self) -> Option<HeaderValue> {
        let passes = self.status.is_server_error();
        passes.then_some(HeaderValue::from_static("2"))
    }

    /// The answer, under an id of its own.
    pub(crate) fn answer(self) -> Response<Full<Bytes>> {
        self.answer_as(&Uuid::new_v4().to_string())
    }

    /// The answer to the request with this id.
    pub(crate) fn answer_as(self, id: &str) -> Response<Full<Bytes>> {
        self.response(id).map(Full::from)
    }

    /// The answer as it goes through a socket that is closed after it.
    pub(crate) fn closing_bytes(self) -> Vec<u8> {
        let mut response = self.response(&Uuid::new_v4().to_string());
        let length = response.body().len().into();
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, length);
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        let mut bytes = format!("HTTP/1.1 {}\r\n", self.status).into_bytes();
        for (name, value) in response.headers() {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(response.body());
        bytes
    }

    fn response(self, id: &str) -> Response<Bytes> {
        // A struct of one text is always JSON; an empty body would be wrong, but no reason to crash.
        let body = serde_json::to_vec(&Message {
            message: self.message,
            error: (self == Self::BODY_TOO_LARGE).then_some(self.message),
        });
        let mut response = Response::new(Bytes::from(body.unwrap_or_default()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Ok(id) = HeaderValue::from_str(id) {
            headers.insert(REQUEST_ID, id);
        }
        headers.extend(self.retry_after().map(|seconds| (RETRY_AFTER, seconds)));
        response
    }
}

impl From<Interrupted> for Refusal {
    fn from(interrupted: Interrupted) -> Self {
        match interrupted {
            Interrupted::TooSlow => Self::TOO_SLOW,
            Interrupted::Unreadable => Self::UNREADABLE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Refusals in place of the function equal those of the deployed gateway.
    #[test]
    fn the_templates_gateway_says_the_same() {
        let template = include_str!("../../template.yaml");
        let template = template.split_whitespace().collect::<Vec<_>>().join(" ");
        let missing = format!(
            "MISSING_AUTHENTICATION_TOKEN: StatusCode: '404' ResponseParameters: Headers: x-request-id: context.requestId \
             ResponseTemplates: application/json: >- {{\"message\": \"{}\"}}",
            Refusal::NO_RESOURCE.message
        );
        assert!(template.contains(&missing), "{missing}");
        let too_large = Refusal::BODY_TOO_LARGE.message;
        let too_large = format!("{{\"message\": \"{too_large}\", \"error\": \"{too_large}\"}}");
        assert!(template.contains(&too_large), "{too_large}");
        for refusal in [Refusal::TIMED_OUT, Refusal::CRASHED] {
            let answered = format!(
                "Retry-After: \"'2'\" x-request-id: context.requestId ResponseTemplates: application/json: >- {{\"message\": \"{}",
                refusal.message
            );
            assert!(template.contains(&answered), "{answered}");
            assert_eq!(refusal.retry_after().unwrap(), "2");
        }
    }
}

//! The table's door: only requests that the stack's own key has signed come in.
//!
//! No answer has a header for other origins: a page of another site cannot read any.

use std::time::SystemTime;

use http::header::{CONTENT_TYPE, HeaderName};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Body, Bytes};
use uuid::Uuid;

use super::error::ApiError;
use super::operations::{self, Table};
use super::signature::Claim;
use crate::incoming;
use crate::stack::journal::Journal;
use crate::stack::key::Key;

/// The largest body that DynamoDB takes.
const MAX_BODY_BYTES: usize = 16 << 20;
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// One table and the key that opens it.
pub(in crate::stack) struct Door {
    pub(super) table: Journal<Table>,
    pub(super) key: Key,
}

impl Door {
    pub(in crate::stack) async fn answer<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body<Data = Bytes, Error: Send> + Unpin + Send + 'static,
    {
        let (status, body) = match self.run(request).await {
            Ok(answer) => answer,
            Err(error) => {
                // A struct of two texts is always JSON.
                let json = serde_json::to_string(&error).unwrap_or_default();
                (StatusCode::BAD_REQUEST, json)
            }
        };
        let mut response = Response::new(Full::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-amz-json-1.0"),
        );
        if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().simple().to_string()) {
            headers.insert(REQUEST_ID, id);
        }
        response
    }

    async fn run<B>(&self, request: Request<B>) -> Result<(StatusCode, String), ApiError>
    where
        B: Body<Data = Bytes, Error: Send> + Unpin + Send + 'static,
    {
        let (head, mut body) = request.into_parts();
        let claim = match self.claim(&head) {
            Ok(claim) => claim,
            Err(error) => {
                incoming::discard(body);
                return Err(error);
            }
        };
        let mut bytes = Vec::new();
        while let Some(more) = incoming::next(&mut body)
            .await
            .map_err(|_| ApiError::UNREADABLE)?
        {
            if bytes.len() + more.len() > MAX_BODY_BYTES {
                incoming::discard(body);
                return Err(ApiError::TOO_LARGE);
            }
            bytes.extend_from_slice(&more);
        }
        claim.verify(&self.key, &head.headers, &bytes)?;
        let body = String::from_utf8(bytes).map_err(|_| ApiError::NOT_TEXT)?;
        let target = head.headers.get(TARGET).and_then(|target| target.to_str().ok());
        self.ask(target.unwrap_or_default(), &body).await
    }

    fn claim<'a>(&self, head: &'a Parts) -> Result<Claim<'a>, ApiError> {
        if head.method != Method::POST || head.uri.path() != "/" || head.uri.query().is_some() {
            return Err(ApiError::UNKNOWN_OPERATION);
        }
        Claim::of(&self.key, &head.headers, SystemTime::now())
    }

    async fn ask(&self, target: &str, body: &str) -> Result<(StatusCode, String), ApiError> {
        match operations::run(&self.table, target, body).await {
            Some(Ok(json)) => Ok((StatusCode::OK, json)),
            Some(Err(error)) => {
                let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
                Ok((status, error.to_json()))
            }
            None => Err(ApiError::UNKNOWN_OPERATION),
        }
    }
}

//! The way from this process to its own table and bucket: to the same doors as those that come through a socket.
//!
//! The SDK signs what it sends, and the doors check it, as on any way. What is saved is the way through the system:
//! connections, copies, and threads that wake each other.
//!
//! A presigned address is signed for the host that its holder will ask, so the SDK must know the bucket by its public
//! address, which may lead around the world.

use std::sync::{Arc, Weak};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http::header::HOST;
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use s3s::{Body, StdError};

use super::{dynamodb, s3};

/// The doors of one stack, as long as it runs.
#[derive(Debug, Clone)]
pub(super) enum Door {
    Bucket(Weak<s3::Door>),
    Table(Weak<dynamodb::Door>),
}

/// A client that brings requests for a door's address to that door, and sends all others.
#[derive(Debug)]
pub(super) struct Direct {
    pub(super) others: SharedHttpClient,
    /// Each door with its address, without a slash at its end.
    pub(super) doors: Arc<[(String, Door)]>,
}

impl HttpClient for Direct {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            others: self.others.http_connector(settings, components),
            doors: Arc::clone(&self.doors),
        })
    }
}

#[derive(Debug)]
struct Connector {
    others: SharedHttpConnector,
    doors: Arc<[(String, Door)]>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let found = self.doors.iter().find_map(|(address, door)| {
            let (path, host) = below(address, request.uri())?;
            Some((path, host, door.clone()))
        });
        match found {
            None => self.others.call(request),
            Some((path, host, door)) => HttpConnectorFuture::new(async move {
                let request = as_received(request, &path, &host).map_err(ConnectorError::user)?;
                door.answer(request).await
            }),
        }
    }
}

/// The path and query of what lies below an address, and the address's host.
fn below(address: &str, uri: &str) -> Option<(String, String)> {
    let rest = uri.strip_prefix(address)?;
    let (_, host) = address.split_once("://")?;
    let path = match rest.as_bytes().first() {
        Some(b'/') => rest.to_owned(),
        None | Some(b'?') => format!("/{rest}"),
        Some(_) => return None,
    };
    Some((path, host.to_owned()))
}

/// A request as it comes out of a connection.
fn as_received(request: HttpRequest, path: &str, host: &str) -> Result<Request<SdkBody>, StdError> {
    let mut request = request.try_into_http1x()?;
    *request.uri_mut() = Uri::try_from(path)?;
    request.headers_mut().insert(HOST, HeaderValue::from_str(host)?);
    Ok(request)
}

impl Door {
    async fn answer(self, request: Request<SdkBody>) -> Result<HttpResponse, ConnectorError> {
        let is_head = request.method() == Method::HEAD;
        let mut answer = match self {
            Self::Bucket(door) => {
                let door = door.upgrade().ok_or_else(stopped)?;
                door.answer(request.map(Body::http_body)).await.map(sent)
            }
            Self::Table(door) => {
                let door = door.upgrade().ok_or_else(stopped)?;
                door.answer(request).await.map(SdkBody::from_body_1_x)
            }
        };
        if is_head || matches!(answer.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
            // No connection would carry it.
            *answer.body_mut() = SdkBody::empty();
        }
        HttpResponse::try_from(answer).map_err(|error| ConnectorError::user(error.into()))
    }
}

fn sent(body: Body) -> SdkBody {
    match body.bytes() {
        Some(bytes) => SdkBody::from(bytes),
        None => SdkBody::from_body_1_x(body),
    }
}

fn stopped() -> ConnectorError {
    ConnectorError::io("The embedded stack has stopped.".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_below_is_found() {
        let found = |uri| below("https://bucket.example", uri);
        for (uri, path) in [
            ("https://bucket.example/packages/a?b", "/packages/a?b"),
            ("https://bucket.example?b", "/?b"),
            ("https://bucket.example", "/"),
        ] {
            assert_eq!(found(uri), Some((path.to_owned(), "bucket.example".to_owned())));
        }
        for other in [
            "https://bucket.example.evil/a",
            "http://bucket.example/a",
            "http://127.0.0.1:1/",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }
}

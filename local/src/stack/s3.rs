//! The embedded S3: one bucket in a folder, path style, signatures checked.
//!
//! `s3s` speaks the protocol; what it asks for is answered by a store of immutable files under a
//! SQLite index, so that every change is seen whole or not at all, as S3 promises.

mod blob;
mod bucket;
mod checksums;
mod conditions;
mod content;
mod contents;
mod copy;
mod deletion;
mod files;
mod form;
mod index;
mod intake;
mod lifecycle;
mod listing;
mod multipart;
mod object;
mod operations;
mod part;
mod policy;
mod read;
mod store;
mod version_listing;
mod versions;
mod write;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError, S3Error, S3ErrorCode, S3Result};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::bucket::Bucket;
use self::store::Store;
use super::key::Key;
use super::{LIMITS, StackError, stopped};
use crate::incoming;
use crate::serve::{Hosts, serve};

/// Options of a new bucket.
#[derive(Debug)]
pub(super) struct Options<'a> {
    /// Where the files lie.
    pub(super) folder: &'a Path,
    /// Whether the folder outlives the bucket.
    pub(super) lasting: bool,
    /// Its name.
    pub(super) bucket: &'static str,
    /// The address to listen on.
    pub(super) host: IpAddr,
    /// The port to listen on; 0 for any that is free.
    pub(super) port: u16,
    /// The name that others may know it by.
    pub(super) public_host: Option<String>,
    /// Key that opens it.
    pub(super) key: Key,
}

/// A bucket that is being served.
pub(super) struct Service {
    pub(super) address: SocketAddr,
    pub(super) door: Arc<Door>,
}

/// Serves one bucket until `stop` is told.
pub(super) async fn start(
    options: Options<'_>,
    stop: watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) -> Result<Service, StackError> {
    let store = Store::open(options.folder, options.lasting)
        .map_err(|error| StackError::Bucket(error.to_string()))?;
    let bucket = Bucket {
        name: options.bucket,
        store,
    };
    let listener = TcpListener::bind((options.host, options.port)).await?;
    let address = listener.local_addr()?;
    tasks.spawn(lifecycle::run(bucket.store.clone(), stop.clone()));
    let door = Arc::new(Door {
        service: service(&bucket, &options.key),
        bucket,
        key: options.key,
    });
    let service = Service {
        address,
        door: Arc::clone(&door),
    };
    let handler = move |request: Request<Incoming>, _peer| {
        let door = Arc::clone(&door);
        async move { door.answer(request.map(Body::from)).await }
    };
    let hosts = Hosts::of(options.host, options.public_host);
    tasks.spawn(serve(listener, LIMITS, hosts, handler, stopped(stop)));
    Ok(service)
}

/// The bucket's door.
pub(super) struct Door {
    bucket: Bucket,
    key: Key,
    service: S3Service,
}

impl Door {
    pub(super) async fn answer(&self, mut request: Request<Body>) -> Response<Body> {
        drop_forwarded_token(&mut request);
        let refused = |error: S3Error| {
            error
                .to_http_response()
                .map_err(|error| HttpError::new(error.into()))
        };
        let answer = if let Err(error) = one_mechanism(&request) {
            incoming::discard(request.into_body());
            refused(error)
        } else if form::is_meant_by(&request) {
            let answered = form::answer(&self.bucket, &self.key, request).await;
            answered.or_else(refused)
        } else {
            self.service.call(request).await
        };
        answer.unwrap_or_else(|error| {
            tracing::warn!(?error, "the embedded S3 could not answer");
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        })
    }
}

/// Drops the registry's own token from a request of a presigned address.
///
/// Clients send a token along when they are redirected within a host, and drop it when they are sent to another. On AWS
/// the files are at another host; on one machine they are at another port of the registry's.
fn drop_forwarded_token(request: &mut Request<Body>) {
    let authorization = request.headers().get(AUTHORIZATION);
    let scheme = authorization.and_then(|value| value.to_str().ok()?.split(' ').next());
    let is_token = scheme
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("basic"));
    if is_token && is_presigned(request) {
        request.headers_mut().remove(AUTHORIZATION);
    }
}

fn is_presigned(request: &Request<Body>) -> bool {
    let query = request.uri().query().unwrap_or_default();
    query.split('&').any(|pair| pair.starts_with("X-Amz-Signature="))
}

/// Refuses a second way to prove who one is: S3 takes an `Authorization` header, a presigned address or a
/// form with a policy, and no two of them.
fn one_mechanism(request: &Request<Body>) -> S3Result<()> {
    let has_other = is_presigned(request) || form::is_meant_by(request);
    if request.headers().contains_key(AUTHORIZATION) && has_other {
        return Err(S3Error::with_message(
            S3ErrorCode::InvalidArgument,
            "Only one auth mechanism allowed: a presigned address, a form with a policy, or the Authorization header.",
        ));
    }
    Ok(())
}

fn service(bucket: &Bucket, key: &Key) -> S3Service {
    let mut builder = S3ServiceBuilder::new(bucket.clone());
    builder.set_auth(SimpleAuth::from_single(key.id.as_str(), key.secret.as_str()));
    builder.build()
}

/// An internal failure, in S3's words.
fn internal(error: impl std::error::Error + Send + Sync + 'static) -> S3Error {
    S3Error::with_source(S3ErrorCode::InternalError, Box::new(error))
}

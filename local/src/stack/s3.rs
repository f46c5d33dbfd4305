//! The embedded S3: one bucket in a folder, path style, signatures checked.
//!
//! `s3s` speaks the protocol; what it asks for is answered by a store of immutable files under a
//! SQLite index, so that every change is seen whole or not at all, as S3 promises.

mod blob;
mod bucket;
mod checksums;
mod conditions;
mod copy;
mod index;
mod lifecycle;
mod listing;
mod multipart;
mod store;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use http::{Response, StatusCode};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3Error, S3ErrorCode};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::bucket::Bucket;
use self::store::Store;
use super::{ACCESS_KEY_ID, StackError, stopped};
use crate::serve::{Limits, serve};

const LIMITS: Limits = Limits {
    connections: 512,
    head_timeout: Duration::from_secs(30),
    head_bytes: 64 * 1024,
    grace: Duration::from_secs(5),
};

/// What a bucket is to be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options<'a> {
    /// Where the files lie.
    pub(super) folder: &'a Path,
    /// Whether the folder outlives the bucket.
    pub(super) lasting: bool,
    /// Its name.
    pub(super) bucket: &'static str,
    /// The address to listen on.
    pub(super) host: IpAddr,
    /// What opens it.
    pub(super) secret_access_key: &'a str,
}

/// Serves one bucket until `stop` is told.
pub(super) async fn start(
    options: Options<'_>,
    stop: watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) -> Result<SocketAddr, StackError> {
    let store = Store::open(options.folder, options.lasting)
        .map_err(|error| StackError::Bucket(error.to_string()))?;
    tasks.spawn(lifecycle::run(store.clone(), stop.clone()));
    let service = service(
        Bucket {
            name: options.bucket,
            store,
        },
        options.secret_access_key,
    );
    let listener = TcpListener::bind((options.host, 0)).await?;
    let address = listener.local_addr()?;
    tasks.spawn(serve(
        listener,
        LIMITS,
        move |request, _peer| {
            let service = service.clone();
            async move {
                let answer = service.call(request.map(s3s::Body::from)).await;
                answer.unwrap_or_else(|error| {
                    tracing::warn!(?error, "the embedded S3 could not answer");
                    let mut response = Response::new(s3s::Body::empty());
                    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                    response
                })
            }
        },
        stopped(stop),
    ));
    Ok(address)
}

fn service(bucket: Bucket, secret_access_key: &str) -> S3Service {
    let mut builder = S3ServiceBuilder::new(bucket);
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, secret_access_key));
    builder.build()
}

/// What went wrong inside, as S3 says it.
fn internal(error: impl std::error::Error + Send + Sync + 'static) -> S3Error {
    S3Error::with_source(S3ErrorCode::InternalError, Box::new(error))
}

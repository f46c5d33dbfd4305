//! The embedded S3: one bucket in a folder, path style, signatures checked.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use http::{Response, StatusCode};
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, StackError, stopped};
use crate::serve::{Limits, serve};

const LIMITS: Limits = Limits {
    connections: 512,
    head_timeout: Duration::from_secs(30),
    head_bytes: 64 * 1024,
    grace: Duration::from_secs(5),
};

/// Serves `bucket`, kept in `folder`, on loopback until `stop` is told.
pub(super) async fn start(
    folder: &Path,
    bucket: &str,
    stop: watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) -> Result<SocketAddr, StackError> {
    std::fs::create_dir_all(folder.join(bucket))?;
    let service = service(folder)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
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

fn service(folder: &Path) -> Result<S3Service, StackError> {
    let files = FileSystem::new(folder).map_err(|error| StackError::Bucket(format!("{error:?}")))?;
    let mut builder = S3ServiceBuilder::new(files);
    builder.set_auth(SimpleAuth::from_single(ACCESS_KEY_ID, SECRET_ACCESS_KEY));
    Ok(builder.build())
}

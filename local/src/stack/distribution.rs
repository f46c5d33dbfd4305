//! A distribution in front of the bucket, as `template.yaml` makes one with `FilesDistribution`.
//!
//! It asks the bucket by the bucket's own host, for which addresses and forms are signed, and drops `Authorization`,
//! which S3 refuses beside them. Nothing is cached.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::{AUTHORIZATION, HOST};
use http::{HeaderValue, Request};
use hyper::body::Incoming;
use s3s::Body;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::s3::Door;
use super::{LIMITS, StackError, stopped};
use crate::public_url::PublicUrl;
use crate::serve::{Hosts, serve};

/// Serves the bucket at `url` until `stop` is told.
pub(super) async fn start(
    host: IpAddr,
    url: &PublicUrl,
    bucket_url: &str,
    bucket: Arc<Door>,
    stop: watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) -> Result<(), StackError> {
    let listener = TcpListener::bind((host, url.port())).await?;
    let origin = bucket_url.split_once("://").map_or(bucket_url, |(_, host)| host);
    let origin = HeaderValue::from_str(origin).map_err(|error| StackError::Bucket(error.to_string()))?;
    let handler = move |request: Request<Incoming>, _peer| {
        let (bucket, origin) = (Arc::clone(&bucket), origin.clone());
        async move { bucket.answer(to_origin(request.map(Body::from), origin)).await }
    };
    let hosts = Hosts::of(host, Some(url.host().to_owned()));
    tasks.spawn(serve(listener, LIMITS, hosts, handler, stopped(stop)));
    Ok(())
}

/// A viewer's request as the bucket is asked.
fn to_origin(mut request: Request<Body>, origin: HeaderValue) -> Request<Body> {
    let headers = request.headers_mut();
    headers.remove(AUTHORIZATION);
    headers.insert(HOST, origin);
    request
}

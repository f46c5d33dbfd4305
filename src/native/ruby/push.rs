//! `gem push`: the bytes of a gem as the body.

use lambda_http::http::header::CONTENT_TYPE;
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Response};

use super::compact_index::number;
use crate::error::{Error, Result};
use crate::formats::Manifest;
use crate::native::Request;
use crate::packages::{self, PackageFile};
use crate::permission::Permission;

/// Publishes a gem. Three round trips, the first one while its SHA-256 is taken.
pub(super) async fn push(mut request: Request<'_>) -> Result<Response<Body>> {
    let bytes = request.take_body().map_err(explained)?;
    let file = PackageFile::hash_unnamed(filename, bytes);
    let (access, file) = tokio::join!(request.authorize(Permission::Publish), file);
    let access = access.map_err(explained)?;
    let context = &request.call.context;
    let published = packages::publish(context, &access.registry, &access.actor(), file?, None).await?;
    let package = &published.package;
    let done = if published.first_time {
        "Successfully registered gem"
    } else {
        "This gem is there already"
    };
    let platform = package.variant.as_deref().unwrap_or_default();
    let number = number(&package.version, platform);
    Ok(said(format!("{done}: {} ({number})\n", package.name)))
}

/// Name that `gem build` gives to a gem's file.
fn filename(manifest: &Manifest) -> String {
    let number = number(&manifest.version, manifest.variant.as_deref().unwrap_or_default());
    format!("{}-{number}.gem", manifest.name)
}

/// Adds to a 401 where `gem` takes its key from.
pub(super) fn explained(error: Error) -> Error {
    match error {
        Error::Unauthorized(message) => Error::Unauthorized(
            format!(
                "{message} `gem` sends the one in GEM_HOST_API_KEY, else the one of this host in \
                 ~/.gem/credentials."
            )
            .into(),
        ),
        error => error,
    }
}

/// A sentence that `gem` shows.
pub(super) fn said(sentence: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(sentence));
    *response.status_mut() = StatusCode::OK;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

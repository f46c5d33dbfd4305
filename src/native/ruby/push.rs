//! `gem push`: the bytes of a gem as the body, or with `--attestation` a form of the gem and its attestations.

use bytes::Bytes;
use lambda_http::http::header::CONTENT_TYPE;
use lambda_http::http::{HeaderMap, HeaderValue, StatusCode};
use lambda_http::{Body, Response};
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::form;
use crate::formats::Manifest;
use crate::formats::ruby::number;
use crate::native::Request;
use crate::packages::{self, AttestationBundle, Filename, PackageFile};
use crate::permission::Permission;

/// Publishes a gem. Three round trips, the first one while its SHA-256 is taken.
pub(super) async fn push(mut request: Request<'_>) -> Result<Response<Body>> {
    let body = request.take_body()?;
    let (bytes, bundle) = match parts(request.call.headers, body).await {
        Ok(parts) => parts,
        // Mistakes in a form are told only to callers that may publish.
        Err(error) => {
            request.authorize(Permission::Publish).await?;
            return Err(error);
        }
    };
    let authorized = request.authorize(Permission::Publish);
    let (access, file) = PackageFile::hash(Filename::Made(filename), bytes, authorized).await?;
    let context = &request.call.context;
    let published = packages::publish(context, &access.registry, &access.actor(), file, bundle).await?;
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

/// The gem in a body, and its attestations.
async fn parts(headers: &HeaderMap, body: Bytes) -> Result<(Bytes, Option<AttestationBundle>)> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let is_form = content_type.is_some_and(|value| value.to_ascii_lowercase().starts_with("multipart/"));
    if !is_form {
        return Ok((body, None));
    }
    let (file, fields) = form::read_fields(headers, body, "gem").await?;
    let bundle = fields.get("attestations").map(bundle).transpose()?;
    Ok((file.bytes, bundle))
}

/// A list of Sigstore bundles as the lines that the registry keeps.
fn bundle(list: &str) -> Result<AttestationBundle> {
    let bundles: Vec<Box<RawValue>> = serde_json::from_str(list).map_err(|_| {
        let message = "The form's `attestations` is not a list of JSON objects. Give `gem push --attestation` the \
                       Sigstore bundle of the gem.";
        Error::invalid("attestations", "invalid", message)
    })?;
    // Line feeds stand between members alone: in a text they are escaped.
    let lines = bundles
        .iter()
        .map(|bundle| bundle.get().replace(['\n', '\r'], " "));
    AttestationBundle::read(lines.collect::<Vec<_>>().join("\n").into())
}

/// Name that `gem build` gives to a gem's file.
fn filename(manifest: &Manifest) -> String {
    let number = number(&manifest.version, manifest.variant.as_deref().unwrap_or_default());
    format!("{}-{number}.gem", manifest.name)
}

/// A sentence that `gem` shows.
pub(super) fn said(sentence: String) -> Response<Body> {
    let mut response = Response::new(Body::Text(sentence));
    *response.status_mut() = StatusCode::OK;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

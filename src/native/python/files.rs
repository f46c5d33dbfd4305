//! `GET pypi/files/{id}/{filename}`: a file, or with `.metadata` behind its name the METADATA of a wheel (PEP 658).

use lambda_http::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use lambda_http::http::{HeaderValue, StatusCode};
use lambda_http::{Body, Response};

use crate::auth::Requirements;
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::formats::NameFacts as _;
use crate::formats::python::NameFacts;
use crate::http::empty;
use crate::id::PackageId;
use crate::native::{Request, file};
use crate::packages::{self, Metadata};
use crate::permission::Permission;

/// Ending of the address of a wheel's METADATA. No package's own name ends so.
const METADATA: &str = ".metadata";

/// The path holds the package's id, so its content never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("private, max-age=31536000, immutable");

/// Answers a file by a redirect, and METADATA itself.
pub(super) async fn answer(request: Request<'_>) -> Result<Response<Body>> {
    match request.value(1).strip_suffix(METADATA) {
        Some(filename) => metadata(&request, filename).await,
        None => file::by_id(request).await,
    }
}

/// Answers the METADATA of a wheel.
async fn metadata(request: &Request<'_>, filename: &str) -> Result<Response<Body>> {
    let requirements = Requirements {
        permissions: &[Permission::Read],
        package: PackageId::in_address(request.value(0)),
        ..Requirements::default()
    };
    let mut access = request.authorize_with(requirements).await?;
    let package = access.take_package()?;
    let (context, registry) = (&request.call.context, &access.registry);
    let facts = Metadata::read(context, registry, &package).await?;
    let facts = NameFacts::of_metadata(facts.as_str())
        .map_err(|error| Error::Internal(format!("facts of {}: {error}", package.id)))?;
    let Some(sha256) = facts.metadata_sha256.filter(|_| package.filename == filename) else {
        return Err(Error::NotFound(format!(
            "There is no METADATA at this address, which is that of `{}`. The index names the files that have one.",
            package.filename
        )));
    };
    let bytes = packages::metadata_file(context, registry, &package).await?;
    let own = Digest::sha256(&bytes).to_string();
    if own != sha256 {
        let text = format!("METADATA of {} has the SHA-256 {own}, not {sha256}", package.id);
        return Err(Error::Internal(text));
    }
    let mut response = empty(StatusCode::OK);
    *response.body_mut() = match String::from_utf8(bytes.into()) {
        Ok(text) => Body::Text(text),
        Err(error) => Body::Binary(error.into_bytes()),
    };
    let tag = HeaderValue::from_str(&format!("\"{sha256}\""));
    let tag = tag.map_err(|error| Error::Internal(error.to_string()))?;
    let headers = response.headers_mut();
    headers.insert(ETAG, tag);
    headers.insert(CACHE_CONTROL, FOR_EVER);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    Ok(response)
}

//! Files that are named by a gem's full name: the gem itself, and its specification alone.

use lambda_http::http::header::CONTENT_TYPE;
use lambda_http::http::{HeaderValue, Method};
use lambda_http::{Body, Response};

use super::gemspec;
use crate::auth::{Access, Requirements};
use crate::error::{Error, Result};
use crate::files;
use crate::formats::ruby::{Facts, splits};
use crate::http::{file_headers, redirect};
use crate::native::Request;
use crate::packages::{self, Metadata};
use crate::permission::Permission;
use crate::records::{Package, ReleaseRecord};

/// Redirects to a gem's file; `HEAD` is answered with the file's headers. One round trip.
///
/// # Errors
/// 404 where no gem has this full name.
pub(super) async fn gem(request: Request<'_>) -> Result<Response<Body>> {
    let filename = request.value(0);
    let (access, release) = find(&request, ".gem").await?;
    let context = &request.call.context;
    if request.method == Method::HEAD {
        // Releases of earlier versions do not hold the size.
        let size = match release.size {
            Some(size) => size,
            None => package(&request, &access, &release).await?.size,
        };
        return file_headers(filename, size, release.digests.sha256);
    }
    let registry = &access.registry;
    // A gem is saved under its full name, whatever its file was called when it was published.
    let address = packages::download_address(context, registry, release.package_id, filename).await?;
    redirect(&address)
}

/// Answers a gem's specification, packed. Two round trips; three where its metadata is an object of its own.
///
/// # Errors
/// 404 where no gem has this full name.
pub(super) async fn specification(request: Request<'_>) -> Result<Response<Body>> {
    let (access, release) = find(&request, ".gemspec.rz").await?;
    let package = package(&request, &access, &release).await?;
    let metadata = Metadata::read(&request.call.context, &access.registry, &package).await?;
    let facts: Facts = serde_json::from_str(&String::from(metadata))
        .map_err(|error| Error::Internal(format!("the metadata of {}: {error}", package.id)))?;
    let mut response = Response::new(Body::Binary(gemspec::packed(&package, &facts)));
    let binary = HeaderValue::from_static(files::CONTENT_TYPE);
    response.headers_mut().insert(CONTENT_TYPE, binary);
    Ok(response)
}

/// Finds the release that the file's name means. A publish takes no full name that another gem has; of several from
/// before that rule, the one that was published first. One round trip.
async fn find(request: &Request<'_>, ending: &str) -> Result<(Access, ReleaseRecord)> {
    let filename = request.value(0);
    let releases = filename.strip_suffix(ending).map(splits).unwrap_or_default();
    let requirements = Requirements {
        permissions: &[Permission::Read],
        releases: &releases,
        ..Requirements::default()
    };
    let mut access = request.authorize_with(requirements).await?;
    let found = std::mem::take(&mut access.releases).into_iter().flatten();
    let found = found.min_by_key(|release| release.package_id);
    let release = found.ok_or_else(|| {
        Error::NotFound(format!(
            "There is no gem for the file `{filename}` in the registry `{}`. Files are called \
             {{name}}-{{version}}{ending}, or {{name}}-{{version}}-{{platform}}{ending}.",
            access.registry.address
        ))
    })?;
    Ok((access, release))
}

async fn package(request: &Request<'_>, access: &Access, release: &ReleaseRecord) -> Result<Package> {
    packages::find(&request.call.context, &access.registry, release.package_id).await
}

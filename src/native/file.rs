//! Files of packages, by an address that holds the package's id.

use lambda_http::http::Method;
use lambda_http::{Body, Response};

use super::Request;
use crate::auth::{Access, Requirements};
use crate::error::{Error, Result};
use crate::http::{file_headers, redirect};
use crate::id::PackageId;
use crate::packages;
use crate::permission::Permission;
use crate::records::Package;

/// Redirects to the file `{filename}` of the package `{id}`, the first two texts of the path; HEAD is answered with
/// the file's headers. One round trip.
///
/// # Errors
/// 404 where the package is not there, or its file has another name.
pub(super) async fn by_id(request: Request<'_>) -> Result<Response<Body>> {
    let (id, filename) = (request.value(0), request.value(1));
    let requirements = Requirements {
        permissions: &[Permission::Read],
        package: PackageId::in_address(id),
        ..Requirements::default()
    };
    let mut access = request.authorize_with(requirements).await?;
    let package = access.take_package()?;
    if package.filename != filename {
        return Err(Error::NotFound(format!(
            "The file of this package is called `{}`, not `{filename}`. Read the index again.",
            package.filename
        )));
    }
    answer(&request, &access, &package).await
}

/// Redirects to a package's file; HEAD is answered with the file's headers. No round trip.
pub(super) async fn answer(
    request: &Request<'_>,
    access: &Access,
    package: &Package,
) -> Result<Response<Body>> {
    if request.method == Method::HEAD {
        return file_headers(&package.filename, package.size, package.digests.sha256);
    }
    let (context, registry) = (&request.call.context, &access.registry);
    let address = packages::download_address(context, registry, package.id, &package.filename).await?;
    redirect(&address)
}

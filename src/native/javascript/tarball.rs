//! `GET npm/{name}/-/{id}/{file}`: a version's tarball.

use lambda_http::http::Method;

use super::{Answer, Request, name};
use crate::auth::Requirements;
use crate::error::Error;
use crate::http::{file_headers, redirect};
use crate::packages;
use crate::permission::Permission;

/// Redirects to the tarball; HEAD is answered with its headers. One round trip.
pub(super) fn download(request: Request<'_>) -> Answer<'_> {
    Box::pin(async move {
        let (name, rest) = name::split(request.values)?;
        let requirements = Requirements {
            permissions: &[Permission::Read],
            package: rest.first().map(String::as_str),
            ..Requirements::default()
        };
        let mut access = request.authorize_with(requirements).await?;
        let package = access.take_package()?;
        let file = name::tarball(&name, &package.normalized_version);
        if package.normalized_name != name || rest.get(1) != Some(&file) {
            return Err(Error::NotFound(format!(
                "This is not the address of a tarball of `{name}`. Read the package's document again."
            )));
        }
        if request.method == Method::HEAD {
            return file_headers(&package.filename, package.size, package.digests.sha256);
        }
        let address = packages::download_address(
            &request.call.context,
            &access.registry,
            package.id,
            &package.filename,
        )
        .await?;
        redirect(&address)
    })
}

//! `GET npm/{name}/-/{id}/{file}`: a version's tarball.

use super::{Answer, Request, name};
use crate::auth::Requirements;
use crate::error::{Error, Result};
use crate::id::PackageId;
use crate::native::file;
use crate::permission::Permission;
use crate::records::Package;

/// Redirects to the tarball; HEAD is answered with its headers. One round trip.
pub(super) fn download(request: Request<'_>) -> Answer<'_> {
    Box::pin(async move {
        let (name, rest) = name::split(request.values)?;
        let requirements = Requirements {
            permissions: &[Permission::Read],
            package: rest.first().and_then(|id| PackageId::in_address(id)),
            ..Requirements::default()
        };
        let mut access = request.authorize_with(requirements).await?;
        let package = access.take_package()?;
        check_address(&package, &name, rest.get(1).map_or("", String::as_str))?;
        file::answer(&request, &access, &package).await
    })
}

/// Refuses the address of a tarball that names another package than its id.
///
/// # Errors
/// [`Error::NotFound`].
pub(super) fn check_address(package: &Package, name: &str, file: &str) -> Result<()> {
    if package.normalized_name == name && file == name::tarball(name, &package.normalized_version) {
        return Ok(());
    }
    Err(Error::NotFound(format!(
        "This is not the address of a tarball of `{name}`. Read the package's document again."
    )))
}

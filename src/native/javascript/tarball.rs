//! `GET npm/{name}/-/{id}/{file}`: a version's tarball.

use super::{Answer, Request, name};
use crate::auth::Requirements;
use crate::error::Error;
use crate::native::file;
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
        file::answer(&request, &access, &package).await
    })
}

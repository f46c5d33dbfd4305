//! `GET …/packages/{id}/attestations`

use lambda_http::{Body, Response};

use crate::api::views;
use crate::error::{Error, Result};
use crate::http::Call;
use crate::packages::Attestations;
use crate::path::PackagePath;
use crate::permission::Permission;

/// Gets the attestations that a package was published with, as they were sent. Two round trips.
pub(crate) async fn attestations(call: &Call<'_>, path: &PackagePath) -> Result<Response<Body>> {
    let (access, package) = call.authorize_package(path, Permission::Read).await?;
    let attestations = Attestations::read(&call.context, &access.registry, &package).await?;
    let attestations = attestations.ok_or_else(|| {
        Error::NotFound("This package has no attestations: it was published without any.".to_owned())
    })?;
    Ok(views::attestations(attestations))
}

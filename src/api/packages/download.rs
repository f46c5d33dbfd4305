//! `GET …/packages/{id}/download`

use lambda_http::{Body, Response};

use crate::error::Result;
use crate::http::{Call, redirect};
use crate::packages;
use crate::path::PackagePath;
use crate::permission::Permission;

/// Redirects to the file in the bucket. One round trip.
pub(crate) async fn download(call: &Call<'_>, path: &PackagePath) -> Result<Response<Body>> {
    let (access, package) = call.authorize_package(path, Permission::Read).await?;
    let (context, registry) = (&call.context, &access.registry);
    let address = packages::download_address(context, registry, package.id, &package.filename).await?;
    redirect(&address)
}

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
    let address = packages::download_address(&call.context, &access.registry, &package).await?;
    redirect(&address)
}

//! `GET …/packages/{id}`

use lambda_http::{Body, Response};

use crate::api::views;
use crate::error::Result;
use crate::http::Call;
use crate::packages::Metadata;
use crate::path::PackagePath;
use crate::permission::Permission;

/// Gets a package. One round trip, and one more where the metadata lies beside the file.
pub(crate) async fn get(call: &Call<'_>, path: &PackagePath) -> Result<Response<Body>> {
    let (access, package) = call.authorize_package(path, Permission::Read).await?;
    let metadata = Metadata::read(&call.context, &access.registry, &package).await?;
    views::package(call.urls, &access.registry, &package, metadata)
}

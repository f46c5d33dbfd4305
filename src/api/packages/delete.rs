//! `DELETE …/packages/{id}`

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};

use crate::error::Result;
use crate::http::{Call, empty};
use crate::packages;
use crate::path::PackagePath;
use crate::permission::Permission;

/// Deletes a package. Three round trips.
pub(crate) async fn delete(call: &Call<'_>, path: &PackagePath) -> Result<Response<Body>> {
    let (access, package) = call.authorize_package(path, Permission::Delete).await?;
    packages::delete(&call.context, &access.registry, &package, &access.actor()).await?;
    Ok(empty(StatusCode::OK))
}

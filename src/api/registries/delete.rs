//! `DELETE …/registries/{registry}`

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};

use crate::auth::Requirements;
use crate::error::Result;
use crate::http::{Call, empty};
use crate::path::RegistryPath;
use crate::permission::Permission;
use crate::registries;

/// Deletes a registry with all its packages. Two round trips.
pub(crate) async fn delete(call: &Call<'_>, path: &RegistryPath) -> Result<Response<Body>> {
    let requirements = Requirements {
        permissions: &[Permission::DeleteRegistries],
        ..Requirements::default()
    };
    let access = call.authorize(path, requirements).await?;
    let (context, by) = (&call.context, access.actor());
    registries::delete(&context.records, &access.registry, &by, context.retry_until).await?;
    Ok(empty(StatusCode::OK))
}

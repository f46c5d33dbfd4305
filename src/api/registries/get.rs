//! `GET …/registries/{registry}`

use lambda_http::{Body, Response};

use crate::api::views;
use crate::auth::Requirements;
use crate::error::Result;
use crate::http::Call;
use crate::path::RegistryPath;
use crate::permission::Permission;

/// Gets a registry. One round trip.
pub(crate) async fn get(call: &Call<'_>, path: &RegistryPath) -> Result<Response<Body>> {
    let requirements = Requirements {
        permissions: &[Permission::ReadRegistries],
        ..Requirements::default()
    };
    let access = call.authorize(path, requirements).await?;
    views::registry(call.urls, &access.registry)
}

//! `PATCH`, `PUT` and `POST …/registries/{registry}`, which mean the same.

use lambda_http::{Body, Response};

use super::fields;
use crate::api::views;
use crate::auth::Requirements;
use crate::error::Result;
use crate::http::Call;
use crate::path::RegistryPath;
use crate::permission::Permission;
use crate::registries;

/// Changes a registry. Two round trips; one where nothing changes.
pub(crate) async fn update(call: &Call<'_>, path: &RegistryPath, body: Body) -> Result<Response<Body>> {
    let requirements = Requirements {
        permissions: &[Permission::WriteRegistries],
        ..Requirements::default()
    };
    let access = call.authorize(path, requirements).await?;
    let changes = fields::read_changes(&body)?;
    let (context, by) = (&call.context, access.actor());
    let records = &context.records;
    let registry = registries::update(records, access.registry, &changes, &by, context.retry_until);
    views::registry(call.urls, &registry.await?)
}

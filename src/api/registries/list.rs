//! `GET …/registries`: all of an organization's, as a bare array.

use lambda_http::{Body, Response};

use crate::api::{Call, views};
use crate::error::Result;
use crate::path::OrganizationPath;
use crate::permission::Permission;
use crate::registries;

/// Lists registries. Two round trips, and more where their records exceed a page of the table.
pub(crate) async fn list(call: &Call<'_>, path: &OrganizationPath) -> Result<Response<Body>> {
    let access = call
        .authorize_organization(path, &[Permission::ReadRegistries])
        .await?;
    let only = access.token.registry_id;
    let registries = registries::list(&call.context.records, &access.organization, only).await?;
    views::registries(call.urls, &registries)
}

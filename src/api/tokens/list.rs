//! `GET …/tokens`: all of a registry's, as a bare array.

use lambda_http::{Body, Response};

use super::authorize;
use crate::api::views;
use crate::error::Result;
use crate::http::Call;
use crate::path::RegistryPath;
use crate::permission::Permission;
use crate::tokens;

/// Lists tokens. Two round trips, and more where the tokens of the organization exceed a page of the table.
pub(crate) async fn list(call: &Call<'_>, path: &RegistryPath) -> Result<Response<Body>> {
    let access = authorize(call, path, Permission::ReadRegistries).await?;
    let tokens = tokens::registry_tokens(&call.context.records, &access.registry).await?;
    views::registry_tokens(call.urls, &access.registry, &tokens)
}

//! `GET …/tokens/{token}`

use lambda_http::{Body, Response};

use super::authorize;
use crate::api::views;
use crate::error::Result;
use crate::http::Call;
use crate::path::TokenPath;
use crate::permission::Permission;
use crate::tokens;

/// Gets a token. Two round trips.
pub(crate) async fn get(call: &Call<'_>, path: &TokenPath) -> Result<Response<Body>> {
    let access = authorize(call, &path.registry, Permission::ReadRegistries).await?;
    let token = tokens::registry_token(&call.context.records, &access.registry, &path.id).await?;
    views::registry_token(call.urls, &access.registry, &token)
}

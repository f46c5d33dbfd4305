//! `DELETE …/tokens/{token}`

use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};

use super::authorize;
use crate::error::Result;
use crate::http::{Call, empty};
use crate::path::TokenPath;
use crate::permission::Permission;
use crate::tokens;

/// Deletes a token. Three round trips.
pub(crate) async fn delete(call: &Call<'_>, path: &TokenPath) -> Result<Response<Body>> {
    let access = authorize(call, &path.registry, Permission::WriteRegistries).await?;
    let (context, by) = (&call.context, access.actor());
    let token = tokens::registry_token(&context.records, &access.registry, &path.id).await?;
    tokens::delete(&context.records, &token, &by, context.retry_until).await?;
    Ok(empty(StatusCode::OK))
}

//! `POST …/tokens`

use lambda_http::{Body, Response};

use super::{authorize, description};
use crate::api::views;
use crate::error::Result;
use crate::http::Call;
use crate::path::RegistryPath;
use crate::permission::Permission;
use crate::tokens;

/// Creates a token, and answers its secret, this once. Three round trips.
pub(crate) async fn create(call: &Call<'_>, path: &RegistryPath, body: Body) -> Result<Response<Body>> {
    let access = authorize(call, path, Permission::WriteRegistries).await?;
    let description = description::read(&body)?.value();
    let (context, by, registry) = (&call.context, access.actor(), &access.registry);
    let created =
        tokens::create_registry_token(&context.records, registry, description, &by, context.retry_until);
    let (token, secret) = created.await?;
    views::created_registry_token(call.urls, registry, &token, &secret)
}

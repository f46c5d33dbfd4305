//! `PATCH` and `POST …/tokens/{token}`, which mean the same.

use lambda_http::{Body, Response};

use super::{authorize, description};
use crate::api::views;
use crate::error::Result;
use crate::http::Call;
use crate::json::Field;
use crate::path::TokenPath;
use crate::permission::Permission;
use crate::tokens;

/// Changes a token's description. Three round trips; two where nothing changes.
pub(crate) async fn update(call: &Call<'_>, path: &TokenPath, body: Body) -> Result<Response<Body>> {
    let access = authorize(call, &path.registry, Permission::WriteRegistries).await?;
    let (context, by, registry) = (&call.context, access.actor(), &access.registry);
    let token = tokens::registry_token(&context.records, registry, &path.id).await?;
    // A description that is left out stays; null clears it.
    let description = match description::read(&body)? {
        Field::Absent => token.description.clone(),
        Field::Null => None,
        Field::Value(description) => Some(description),
    };
    let retry_until = context.retry_until;
    let described = tokens::describe(&context.records, registry, token, description, &by, retry_until);
    views::registry_token(call.urls, registry, &described.await?)
}

//! `GET /v2/organizations`: those that the token is for, which is one.

use lambda_http::{Body, Response};

use crate::api::views;
use crate::error::{Error, Result};
use crate::http::Call;

/// Lists organizations. Two round trips: the token names its organization.
pub(crate) async fn organizations(call: &Call<'_>) -> Result<Response<Body>> {
    let token = call.identify_token().await?;
    let organization = match call.context.records.organization(&token.organization).await {
        // By identity: a slug can be taken again.
        Ok(organization) => Some(organization).filter(|own| own.id == token.organization_id),
        Err(Error::NotFound(_)) => None,
        Err(error) => return Err(error),
    };
    views::organizations(call.urls, organization.as_slice())
}

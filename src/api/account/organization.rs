//! `GET /v2/organizations/{organization}`

use lambda_http::{Body, Response};

use crate::api::views;
use crate::error::Result;
use crate::http::Call;
use crate::path::OrganizationPath;

/// Gets an organization, with any of its tokens. One round trip.
pub(crate) async fn organization(call: &Call<'_>, path: &OrganizationPath) -> Result<Response<Body>> {
    let access = call.authorize_organization(path, &[]).await?;
    views::organization(call.urls, &access.organization)
}

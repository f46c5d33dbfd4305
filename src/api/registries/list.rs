//! `GET …/registries`: all of an organization's, as a bare array.

use lambda_http::{Body, Response};

use crate::api::views;
use crate::error::{Error, Result};
use crate::http::Call;
use crate::path::OrganizationPath;
use crate::permission::Permission;
use crate::registries;

/// Lists registries. Two round trips, and more where their records exceed a page of the table.
pub(crate) async fn list(call: &Call<'_>, path: &OrganizationPath) -> Result<Response<Body>> {
    let access = call
        .authorize_organization(path, &[Permission::ReadRegistries])
        .await?;
    refuse_later_pages(call)?;
    let only = access.token.registry_id;
    let registries = registries::list(&call.context.records, &access.organization, only).await?;
    views::registries(call.urls, &registries)
}

/// The first page is all there is: answered again as the second one, it would be counted up for ever.
fn refuse_later_pages(call: &Call<'_>) -> Result<()> {
    match call.query.get_non_empty("page").as_deref() {
        None | Some("1") => Ok(()),
        Some(_) => Err(Error::invalid(
            "page",
            "unknown",
            "The list of registries has one page, with all of them. Leave `page` out.",
        )),
    }
}

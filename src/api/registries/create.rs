//! `POST …/registries`

use lambda_http::{Body, Response};

use super::fields;
use crate::api::views;
use crate::error::{Error, Result};
use crate::http::Call;
use crate::path::OrganizationPath;
use crate::permission::Permission;
use crate::registries;

/// Creates a registry. Three round trips; one more for the repeat of a creation.
pub(crate) async fn create(call: &Call<'_>, path: &OrganizationPath, body: Body) -> Result<Response<Body>> {
    let access = call
        .authorize_organization(path, &[Permission::WriteRegistries])
        .await?;
    access.check_unrestricted()?;
    let new = fields::read_new(&body)?;
    let (context, by) = (&call.context, access.actor());
    let registry = registries::create(
        &context.records,
        &access.organization,
        new,
        &by,
        context.retry_until,
    );
    match registry.await {
        // A 409 is for packages; here the name is at fault.
        Err(Error::Conflict(message)) => Err(Error::invalid(
            "name",
            "taken",
            message + " Choose another name, or use that registry.",
        )),
        registry => views::registry(call.urls, &registry?),
    }
}

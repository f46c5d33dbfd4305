//! `gem yank`: a form with name, version and platform.

use lambda_http::{Body, Response};

use super::platform::RUBY;
use super::push::said;
use crate::auth::Requirements;
use crate::error::{Error, Result};
use crate::formats::ruby::{number, word};
use crate::formats::{MAX_NAME_BYTES, MAX_VARIANT_BYTES, MAX_VERSION_BYTES};
use crate::http::Query;
use crate::native::Request;
use crate::packages;
use crate::permission::Permission;
use crate::release::Release;

/// Bytes of a form: a name, a version and a platform, with each of their bytes encoded.
const MAX_FORM_BYTES: usize = 4096;

/// Deletes a gem. Four round trips.
///
/// # Errors
/// 404 where there is no such gem.
pub(super) async fn yank(mut request: Request<'_>) -> Result<Response<Body>> {
    let body = request.take_body()?;
    if body.len() > MAX_FORM_BYTES {
        return Err(Error::DocumentTooLarge(MAX_FORM_BYTES));
    }
    let form = std::str::from_utf8(&body).unwrap_or_default();
    let release = release(Query::new(form));
    let requirements = Requirements {
        permissions: &[Permission::Delete],
        releases: release.as_slice(),
        ..Requirements::default()
    };
    let mut access = request.authorize_with(requirements).await?;
    let release = release.ok_or_else(|| {
        Error::invalid(
            "gem_name",
            "invalid",
            "The form does not name a gem. Send `gem_name`, `version`, and `platform` unless it is `ruby`.",
        )
    })?;
    let found = std::mem::take(&mut access.releases).into_iter().flatten().next();
    let found = found.ok_or_else(|| {
        Error::NotFound(format!(
            "There is no gem {release} in the registry `{}`. Name its platform with --platform where it is not `ruby`.",
            access.registry.address
        ))
    })?;
    let (context, registry) = (&request.call.context, &access.registry);
    let package = packages::find(context, registry, found.package_id).await?;
    packages::delete(context, registry, &package, &access.actor()).await?;
    let number = number(&release.version, release.variant.as_deref().unwrap_or_default());
    Ok(said(format!(
        "Successfully deleted gem: {} ({number})\n",
        release.name
    )))
}

/// The release that a form names; `None` where there cannot be one of these names.
fn release(form: Query<'_>) -> Option<Release> {
    let platform = form.get_non_empty("platform").unwrap_or_else(|| RUBY.to_owned());
    Some(Release {
        name: word(&form.get("gem_name")?, MAX_NAME_BYTES)?,
        version: word(&form.get("version")?, MAX_VERSION_BYTES)?,
        variant: Some(word(&platform, MAX_VARIANT_BYTES)?),
    })
}

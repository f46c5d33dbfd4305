//! Answer to a publish, whichever way the file came.

use lambda_http::{Body, Response};

use crate::api::views;
use crate::error::{Error, Result};
use crate::http::Call;
use crate::packages::Published;
use crate::records::Registry;

/// 200 with the package, whether this publish made it or an earlier one of the same bytes; a conflict
/// names the address of the package that holds the release.
pub(super) fn answer(
    call: &Call<'_>,
    registry: &Registry,
    published: Result<Published>,
) -> Result<Response<Body>> {
    match published {
        Ok(published) => views::package(call.urls, registry, &published.package, published.metadata),
        Err(Error::Taken { release, holder }) => Err(Error::Conflict(format!(
            "{release} is published already, with other content, as package {holder}: {}. \
             Publish this file as a new version, or delete that package first.",
            call.urls.registry(&registry.address).package(holder)
        ))),
        Err(error) => Err(error),
    }
}

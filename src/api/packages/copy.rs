//! `POST …/packages/{id}/copy?to={registry}`

use lambda_http::{Body, Response};

use super::published;
use crate::auth::Requirements;
use crate::error::{Error, Result};
use crate::http::Call;
use crate::packages;
use crate::path::PackagePath;
use crate::permission::Permission;

/// Copies a package: read on the one, publish on the other registry of the same organization. Three
/// round trips.
pub(crate) async fn copy(call: &Call<'_>, path: &PackagePath) -> Result<Response<Body>> {
    let to = call.query.get("to");
    let requirements = Requirements {
        permissions: &[Permission::Read, Permission::Publish],
        package: path.id,
        target: to.as_deref(),
        ..Requirements::default()
    };
    let mut access = call.authorize(&path.registry, requirements).await?;
    let source = access.take_package()?;
    let to = to.as_deref().filter(|to| !to.is_empty()).ok_or_else(|| {
        Error::invalid(
            "to",
            "missing",
            "Name the registry to copy to: …/copy?to={registry}.",
        )
    })?;
    let target = access.take_target(to)?;
    let (from, by) = (&access.registry, access.actor());
    let outcome = packages::copy(&call.context, from, &source, &target, &by).await;
    published::answer(call, &target, outcome)
}

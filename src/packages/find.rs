//! Finding a package by its id.

use super::Context;
use crate::error::{Error, Result};
use crate::id::PackageId;
use crate::records::{Package, Registry};

/// Finds the registry's package of this id. One round trip.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(context: &Context, registry: &Registry, id: PackageId) -> Result<Package> {
    let package = context.records.package(registry, id).await?;
    package.ok_or_else(|| {
        Error::NotFound(format!(
            "The registry `{}` has no package {id}. It may have been deleted.",
            registry.address
        ))
    })
}

//! Deleting a package, and removing files that belong to none.

use std::time::Duration;

use super::{Context, just_deleted};
use crate::actor::Actor;
use crate::error::Result;
use crate::files::{Kind, ObjectKey};
use crate::records::{Package, Registry};
use crate::steps;

/// Deletes a package: the records first, then the file, so that no record ever lacks its file.
/// Afterwards the version may be published again. Two round trips.
pub async fn delete(context: &Context, registry: &Registry, package: &Package, by: &Actor) -> Result<()> {
    let retry_until = context.retry_until;
    if !context
        .records
        .delete_package(registry, package, by, retry_until)
        .await?
    {
        return Err(just_deleted());
    }
    remove_files(context, registry, package).await;
    Ok(())
}

/// Removes files that are certain to belong to no package. Awaited, since a frozen sandbox finishes
/// nothing, but not for long, since the answer is certain already; what it does not reach is left
/// to the sweep.
pub(super) async fn remove_files(context: &Context, registry: &Registry, package: &Package) {
    const AT_LEAST: Duration = Duration::from_secs(1);
    let end = context.retry_for_at_least(AT_LEAST);
    let delete = async |kind| {
        let key = ObjectKey::of(kind, &registry.address, package.id);
        if let Err(error) = steps::in_time(end, "call", context.files.delete(&key)).await {
            tracing::warn!(package_id = %package.id, cause = error.cause(), "a file is left to the sweep");
        }
    };
    let delete_if = async |is_there, kind| {
        if is_there {
            delete(kind).await;
        }
    };
    tokio::join!(
        delete(Kind::Package),
        delete_if(package.metadata.is_none(), Kind::Metadata),
        delete_if(package.has_attestations, Kind::Attestations)
    );
}

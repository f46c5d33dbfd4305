//! Healing: a publish of the same bytes puts back a package's file or metadata that is missing.

use super::{Context, Metadata};
use crate::error::{Error, Result};
use crate::files::{Content, Kind, ObjectKey};
use crate::id::PackageId;
use crate::records::{Package, Registry};

/// Puts back what is missing of `first`: its file from that of `package`, which has the same bytes, and
/// its metadata from what was read of them. Answers the metadata.
///
/// One round trip where nothing is missing: a look at the file, beside the read of metadata that lies
/// outside the record.
pub(super) async fn heal(
    context: &Context,
    registry: &Registry,
    first: &Package,
    package: &Package,
    metadata: Metadata,
) -> Result<Metadata> {
    let ((), metadata) = tokio::try_join!(
        heal_file(context, registry, first, package),
        heal_metadata(context, registry, first, metadata)
    )?;
    Ok(metadata)
}

async fn heal_file(context: &Context, registry: &Registry, first: &Package, package: &Package) -> Result<()> {
    if is_whole(first, stored(context, registry, first.id).await?.as_ref()) {
        return Ok(());
    }
    let [from, to] =
        [package, first].map(|package| ObjectKey::of(Kind::Package, &registry.address, package.id));
    let copied = context.files.copy(&from, None, package.size, &to).await?;
    if copied != Some(first.digests.sha256) {
        let text = format!(
            "the file of {} is missing and was not put back: {copied:?}",
            first.id
        );
        return Err(Error::Unavailable(text));
    }
    tracing::warn!(package_id = %first.id, "a file was missing and has been put back");
    Ok(())
}

async fn heal_metadata(
    context: &Context,
    registry: &Registry,
    first: &Package,
    metadata: Metadata,
) -> Result<Metadata> {
    if let Some(stored) = Metadata::find(context, registry, first).await? {
        return Ok(stored);
    }
    metadata.put(context, registry, first.id).await?;
    tracing::warn!(package_id = %first.id, "metadata was missing and has been put back");
    Ok(metadata)
}

/// Object that lies where the package's file should; `None` where there is none.
pub(super) async fn stored(context: &Context, registry: &Registry, id: PackageId) -> Result<Option<Content>> {
    let key = ObjectKey::of(Kind::Package, &registry.address, id);
    context.files.content(&key).await
}

/// Whether that object can be the package's file.
pub(super) fn is_whole(package: &Package, stored: Option<&Content>) -> bool {
    stored.is_some_and(|content| content.size == package.size)
}

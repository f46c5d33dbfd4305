//! Healing: a publish of the same bytes puts back a package's file or metadata that is missing.

use super::Metadata;
use crate::api::Call;
use crate::error::{Error, Result};
use crate::files::{Content, Kind, ObjectKey};
use crate::id::PackageId;
use crate::records::{Package, Registry};

/// Puts back what is missing of `first`: its file from that of `package`, which has the same bytes, and
/// its metadata from what was read of them. Answers the metadata.
///
/// One look at the file where nothing is missing, beside the read of metadata that lies outside the
/// record.
pub(super) async fn heal(
    call: &Call<'_>,
    registry: &Registry,
    first: &Package,
    package: &Package,
    metadata: Metadata,
) -> Result<Metadata> {
    let ((), metadata) = tokio::try_join!(
        heal_file(call, registry, first, package),
        heal_metadata(call, registry, first, metadata)
    )?;
    Ok(metadata)
}

async fn heal_file(call: &Call<'_>, registry: &Registry, first: &Package, package: &Package) -> Result<()> {
    if is_whole(first, stored(call, registry, first.id).await?.as_ref()) {
        return Ok(());
    }
    let [from, to] =
        [package, first].map(|package| ObjectKey::of(Kind::Package, &registry.address, package.id));
    let copied = call.files.copy(&from, None, package.size, &to).await?;
    if copied != Some(first.digests.sha256) {
        let text = format!(
            "the file of {} is missing and was not put back: {copied:?}",
            first.id
        );
        return Err(Error::Unavailable(text));
    }
    tracing::warn!(id = %first.id, "a file was missing and has been put back");
    Ok(())
}

async fn heal_metadata(
    call: &Call<'_>,
    registry: &Registry,
    first: &Package,
    metadata: Metadata,
) -> Result<Metadata> {
    if let Some(stored) = Metadata::find(call, registry, first).await? {
        return Ok(stored);
    }
    metadata.put(call, registry, first.id).await?;
    tracing::warn!(id = %first.id, "metadata was missing and has been put back");
    Ok(metadata)
}

/// Object that lies where the package's file should; `None` where there is none.
pub(super) async fn stored(call: &Call<'_>, registry: &Registry, id: PackageId) -> Result<Option<Content>> {
    call.files
        .content(&ObjectKey::of(Kind::Package, &registry.address, id))
        .await
}

/// Whether that object can be the package's file.
pub(super) fn is_whole(package: &Package, stored: Option<&Content>) -> bool {
    stored.is_some_and(|content| content.size == package.size)
}

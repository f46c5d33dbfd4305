//! Healing: a publish of the same bytes puts back a package's file, metadata or attestations that are missing.

use super::{Attestations, Companions, Context, Metadata};
use crate::error::{Error, Result};
use crate::files::{Content, Kind, ObjectKey};
use crate::id::PackageId;
use crate::records::{Change, Package, Registry};

/// Puts back what is missing of `first`: its file from that of `package`, which has the same bytes,
/// its metadata from what was read of them, and its attestations from those that came with them, if any did.
/// Answers the metadata.
///
/// One round trip where nothing is missing: a look at the file and the attestations, beside the read of metadata
/// that lies outside the record.
pub(super) async fn heal(
    context: &Context,
    registry: &Registry,
    first: &Package,
    package: &Package,
    companions: Companions,
) -> Result<Metadata> {
    let Companions {
        metadata,
        attestations,
    } = companions;
    let ((), metadata, ()) = tokio::try_join!(
        heal_file(context, registry, first, package),
        heal_metadata(context, registry, first, metadata),
        heal_attestations(context, registry, first, attestations)
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
    // The change first: whoever reads it before the metadata is there leaves it to the next reader.
    let change = Change::repaired(first);
    context.records.put_change(registry, &change).await?;
    metadata.put(context, registry, first.id).await?;
    tracing::warn!(package_id = %first.id, "metadata was missing and has been put back");
    Ok(metadata)
}

/// Puts back attestations. A package without any gets none: nothing of a package changes.
async fn heal_attestations(
    context: &Context,
    registry: &Registry,
    first: &Package,
    attestations: Option<Attestations>,
) -> Result<()> {
    let Some(attestations) = attestations else {
        return Ok(());
    };
    if lacks_attestations(context, registry, first).await? {
        attestations.put(context, registry, first.id).await?;
        tracing::warn!(package_id = %first.id, "attestations were missing and have been put back");
    }
    Ok(())
}

/// Whether attestations are missing that the package was published with.
pub(super) async fn lacks_attestations(
    context: &Context,
    registry: &Registry,
    package: &Package,
) -> Result<bool> {
    if !package.has_attestations {
        return Ok(false);
    }
    let key = ObjectKey::of(Kind::Attestations, &registry.address, package.id);
    Ok(context.files.content(&key).await?.is_none())
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

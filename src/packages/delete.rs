//! Deleting a package, and removing files that belong to none.

use std::time::Duration;

use super::{Context, just_deleted};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::files::{Kind, ObjectKey};
use crate::records::{Package, Registry, TagEntry};
use crate::steps;

/// Time that clearing up after a delete has at least.
const AT_LEAST: Duration = Duration::from_secs(1);

/// Deletes a package: the records first, then the file, so that no record ever lacks its file.
/// Afterwards the version may be published again. Two round trips.
pub async fn delete(context: &Context, registry: &Registry, package: &Package, by: &Actor) -> Result<()> {
    let retry_until = context.retry_until;
    let deleted = context.records.delete_package(registry, package, by, retry_until);
    let (deleted, tags) = tokio::join!(deleted, tags_of(context, registry, package));
    if !deleted? {
        return Err(just_deleted());
    }
    tokio::join!(
        remove_files(context, registry, package),
        drop_tags(context, registry, package, &tags),
        drop_later_tags(context, registry, package, &tags)
    );
    Ok(())
}

/// Tags that stand for a package which is being deleted.
async fn tags_of(context: &Context, registry: &Registry, package: &Package) -> Vec<TagEntry> {
    if !registry.ecosystem.has_tags() {
        return Vec::new();
    }
    let tags = context
        .records
        .tags_of(registry, &package.normalized_name, package.id);
    clear_up(context, package, tags).await.unwrap_or_default()
}

/// Removes the tags that stood for a deleted package. They are no tags any more: whatever is left of them costs some
/// bytes of its name's index, until the tag is set again or the registry is deleted.
async fn drop_tags(context: &Context, registry: &Registry, package: &Package, tags: &[TagEntry]) {
    let dropped = context
        .records
        .drop_tags(registry, &package.normalized_name, package.id, tags);
    clear_up(context, package, dropped).await;
}

/// Removes the tags that were set after the `earlier` ones were read, and before the package was deleted.
async fn drop_later_tags(context: &Context, registry: &Registry, package: &Package, earlier: &[TagEntry]) {
    let mut later = tags_of(context, registry, package).await;
    later.retain(|tag| !earlier.contains(tag));
    drop_tags(context, registry, package, &later).await;
}

/// Ends work on the tags of a deleted package in time; without it they are left.
async fn clear_up<T>(
    context: &Context,
    package: &Package,
    work: impl Future<Output = Result<T>>,
) -> Option<T> {
    let end = context.retry_for_at_least(AT_LEAST);
    let done = steps::in_time(end, "call", work).await;
    let log = |error: &Error| {
        tracing::warn!(package_id = %package.id, cause = error.cause(), "the tags of a deleted package are left");
    };
    done.inspect_err(log).ok()
}

/// Removes files that are certain to belong to no package. Awaited, since a frozen sandbox finishes
/// nothing, but not for long, since the answer is certain already; what it does not reach is left
/// to the sweep.
pub(super) async fn remove_files(context: &Context, registry: &Registry, package: &Package) {
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

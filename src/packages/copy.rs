//! Copying a package to another registry.

use super::release::{RELEASE_TIME, release};
use super::{Companions, Context, Published, just_deleted};
use crate::actor::Actor;
use crate::error::{Error, Result};
use crate::files::{Kind, ObjectKey};
use crate::id::PackageId;
use crate::records::{Action, AuditEvent, Beside, Package, Publisher, Registry};

/// Copies a package from one registry to another of the same ecosystem: the same file as a new package.
/// The bytes stay with S3; the rules of a release are those of a publish. Two round trips.
pub async fn copy(
    context: &Context,
    from: &Registry,
    source: &Package,
    to: &Registry,
    by: &Actor,
) -> Result<Published> {
    if to.ecosystem != from.ecosystem {
        return Err(Error::invalid(
            "to",
            "other_ecosystem",
            format!(
                "`{}` holds packages of {}, `{}` of {}. Copy to a registry of the same ecosystem.",
                from.slug(),
                from.ecosystem,
                to.slug(),
                to.ecosystem
            ),
        ));
    }
    let companions = Companions::read(context, from, source).await?;
    let package = Package {
        id: PackageId::mint_after(to.id),
        registry_id: to.id,
        published_by: by.id(),
        publisher: Publisher::of(by),
        ..source.clone()
    };
    tokio::try_join!(
        copy_file(context, from, source, to, package.id),
        companions.store(context, to, package.id)
    )?;
    let retry_until = context.retry_for_at_least(RELEASE_TIME);
    let event = AuditEvent::of_package(Action::PackageCopied, by, to, &package);
    release(
        context,
        to,
        package,
        companions,
        Beside::default(),
        &event,
        retry_until,
    )
    .await
}

/// Copies the file within the bucket, proven to be the same bytes.
async fn copy_file(
    context: &Context,
    from: &Registry,
    source: &Package,
    to: &Registry,
    id: PackageId,
) -> Result<()> {
    let file = ObjectKey::of(Kind::Package, &from.address, source.id);
    let key = ObjectKey::of(Kind::Package, &to.address, id);
    let copied = context.files.copy(&file, None, source.size, &key).await?;
    match copied {
        Some(sha256) if sha256 == source.digests.sha256 => Ok(()),
        Some(sha256) => Err(Error::Internal(format!(
            "{} is {sha256} in the bucket",
            source.id
        ))),
        None => Err(just_deleted()),
    }
}

//! Publishing a file of any size from a disk, straight to the bucket.

use uuid::Uuid;

use super::heal::{is_whole, stored};
use super::release::{Candidate, RELEASE_TIME, release, taken};
use super::{Companions, Context, DiskFile, Metadata, Published};
use crate::actor::Actor;
use crate::digest::Digests;
use crate::error::{Error, Result};
use crate::files::{Content, Kind, ObjectKey, PART_BYTES};
use crate::formats::Manifest;
use crate::id::PackageId;
use crate::records::{Action, AuditEvent, Beside, Registry};

/// Publishes a file from this machine's disk. `on_stored` learns how many bytes the bucket has, as they become
/// more.
///
/// The rules are those of every publish. As the file is at hand, nothing is sent where its release is taken or
/// where it has been published before, and it has both digests, whatever its size. A large file is sent in parts
/// to an upload's place and copied from there, so that S3 takes the SHA-256 of all its bytes.
///
/// # Errors
/// As of [`publish`](super::publish()), and [`Error::Invalid`] where the file changes or cannot be read.
pub async fn publish_from_disk(
    context: &Context,
    registry: &Registry,
    by: &Actor,
    file: &DiskFile,
    on_stored: impl Fn(u64),
) -> Result<Published> {
    // Name and version are read from the file itself.
    let mut manifest = file.manifest(registry.ecosystem).await?;
    let companions = Companions {
        metadata: Metadata::from(std::mem::take(&mut manifest.metadata)),
        attestations: None,
    };
    if let Some(published) = already_published(context, registry, &manifest, file).await? {
        return Ok(published);
    }

    // The file is stored before its release.
    let id = PackageId::mint_after(registry.id);
    let key = ObjectKey::of(Kind::Package, &registry.address, id);
    let (digests, ()) = tokio::try_join!(
        store(context, registry, file, &key, on_stored),
        companions.store(context, registry, id)
    )?;
    let candidate = Candidate {
        manifest,
        filename: file.filename().to_owned(),
        size: file.size(),
    };
    let package = candidate.into_package(id, registry, by, digests, &companions);
    let event = AuditEvent::of_package(Action::PackageCreated, by, registry, &package);
    let retry_until = context.retry_for_at_least(RELEASE_TIME);
    release(
        context,
        registry,
        package,
        companions,
        Beside::default(),
        &event,
        retry_until,
    )
    .await
}

/// The package that these bytes became before; `None` where they are to be published, or to be put back.
///
/// # Errors
/// [`Error::Taken`] where other bytes hold the release.
async fn already_published(
    context: &Context,
    registry: &Registry,
    manifest: &Manifest,
    file: &DiskFile,
) -> Result<Option<Published>> {
    let (name, version) = (&manifest.normalized_name, &manifest.normalized_version);
    let variant = manifest.variant.as_deref();
    let Some(holder) = context.records.holder(registry, name, version, variant).await? else {
        return Ok(None);
    };
    // Gigabytes are read only where the sizes leave it open.
    if holder.size != file.size() || holder.digests.sha256 != file.digests().await?.sha256 {
        return Err(taken(&holder, holder.id));
    }
    if !is_whole(&holder, stored(context, registry, holder.id).await?.as_ref()) {
        return Ok(None);
    }
    let metadata = Metadata::find(context, registry, &holder).await?;
    Ok(metadata.map(|metadata| Published {
        package: holder,
        metadata,
        first_time: false,
    }))
}

/// Stores the file under `key`.
async fn store(
    context: &Context,
    registry: &Registry,
    file: &DiskFile,
    key: &ObjectKey,
    on_stored: impl Fn(u64),
) -> Result<Digests> {
    if file.size() > PART_BYTES {
        let (object, digests) = store_parts(context, registry, file, on_stored).await?;
        copy(context, &object, &digests, key).await?;
        return Ok(digests);
    }
    let mut parts = file.parts().await?;
    let part = parts.next().await?;
    let bytes = part.ok_or_else(|| Error::Internal("a file without bytes".to_owned()))?;
    let digests = parts.finish().await?;
    context.files.put_patiently(key, bytes, digests.sha256).await?;
    on_stored(file.size());
    Ok(digests)
}

/// Stores the file in the place of an upload, from which the bucket removes it a day later.
async fn store_parts(
    context: &Context,
    registry: &Registry,
    file: &DiskFile,
    on_stored: impl Fn(u64),
) -> Result<(Content, Digests)> {
    let key = ObjectKey::upload(&registry.address, Uuid::now_v7(), file.filename());
    let mut upload = context.files.begin_parts(key).await?;
    let mut parts = file.parts().await?;
    while let Some(bytes) = parts.next().await? {
        upload.put(bytes).await?;
        on_stored(upload.stored_bytes());
    }
    let digests = parts.finish().await?;
    let object = upload.complete().await?;
    on_stored(object.size);
    Ok((object, digests))
}

/// Copies the object to its final place, proven to be the bytes that were read.
async fn copy(context: &Context, object: &Content, digests: &Digests, key: &ObjectKey) -> Result<()> {
    let copied = context
        .files
        .copy(&object.key, Some(&object.etag), object.size, key)
        .await?;
    match copied {
        Some(sha256) if sha256 == digests.sha256 => Ok(()),
        Some(sha256) => Err(Error::Unavailable(format!(
            "the copy's SHA-256 is {sha256}, not {}",
            digests.sha256
        ))),
        None => Err(Error::Unavailable(format!(
            "what was sent to {:?} is gone or has been replaced",
            object.key
        ))),
    }
}

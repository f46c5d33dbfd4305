//! Publishing a file of any size that was posted to the bucket.

use tokio::runtime::Handle;
use uuid::Uuid;

use super::delete::remove_files;
use super::heal::{is_whole, lacks_attestations, stored};
use super::reading::run_cancellable;
use super::release::{Candidate, RELEASE_TIME, release, taken};
use super::{AttestationBundle, Companions, Context, Metadata, PostedFile, Published, work};
use crate::actor::Actor;
use crate::digest::Digests;
use crate::ecosystem::Ecosystem;
use crate::error::{Error, Result};
use crate::files::{Content, Kind, ObjectKey, RangedSource, changed_meanwhile};
use crate::formats::{self, Manifest};
use crate::id::PackageId;
use crate::records::{Action, AuditEvent, Beside, Registry, UploadRef, UploadState, Work};

/// Size up to which a publish reads the whole file for its digests: some 12 seconds in a function.
/// Of a larger file S3 takes the SHA-256, with the copy, and there is no SHA-512.
const MAX_HASHED_BYTES: u64 = 1024 * 1024 * 1024;

/// Publishes a posted file, whose upload was in `state` when the caller was authorized. Whoever repeats
/// it gets the same package, at once.
///
/// Reading a large file can take longer than the gateway waits; it goes on then, and the repeat
/// finds the package.
///
/// # Errors
/// As of [`publish`](super::publish()); [`Error::InProgress`] where a request before this one is still
/// at it.
pub async fn publish_upload(
    context: &Context,
    registry: &Registry,
    by: &Actor,
    file: &PostedFile,
    state: UploadState,
    bundle: Option<AttestationBundle>,
) -> Result<Published> {
    let is_attested = bundle.is_some();
    if let Some(published) = await_publish_under_way(context, registry, file, state, is_attested).await? {
        return Ok(published);
    }
    // All later reads are of the bytes that lie there now.
    let (object, filename) = file.locate(context, registry).await?;
    let publish = publish_content(context, registry, by, file.upload, &object, &filename, bundle);
    work::marked(context, registry, file.upload, &filename, publish).await
}

async fn publish_content(
    context: &Context,
    registry: &Registry,
    by: &Actor,
    upload: Uuid,
    object: &Content,
    filename: &str,
    bundle: Option<AttestationBundle>,
) -> Result<Published> {
    // Name and version are read from the file itself.
    let mut manifest = read_manifest(context, registry.ecosystem, object, filename).await?;
    let metadata = Metadata::from(std::mem::take(&mut manifest.metadata));
    refuse_if_taken(context, registry, &manifest, object).await?;

    // The bytes that were read are the bytes that are kept, whatever is posted afterwards.
    let id = PackageId::mint_after(registry.id);
    let key = ObjectKey::of(Kind::Package, &registry.address, id);
    let (digests, ()) = tokio::try_join!(
        copy_and_hash(context, object, &key),
        metadata.store(context, registry, id)
    )?;
    let candidate = Candidate {
        manifest,
        filename: filename.to_owned(),
        size: object.size,
    };
    let attestations = bundle.map(|bundle| bundle.about(digests.sha256)).transpose();
    let companions = Companions {
        metadata,
        attestations: attestations.as_ref().ok().cloned().flatten(),
    };
    let package = candidate.into_package(id, registry, by, digests, &companions);
    // Only now is it known which file it is.
    match attestations {
        Ok(Some(attestations)) => attestations.put(context, registry, id).await?,
        Ok(None) => {}
        Err(error) => {
            remove_files(context, registry, &package).await;
            return Err(error);
        }
    }
    let beside = Beside::upload(UploadRef {
        upload,
        filename,
        etag: &object.etag,
    });
    let event = AuditEvent::of_package(Action::PackageCreated, by, registry, &package);
    let retry_until = context.retry_for_at_least(RELEASE_TIME);
    release(
        context,
        registry,
        package,
        companions,
        beside,
        &event,
        retry_until,
    )
    .await
}

/// The package that the file became already, or becomes while a request before this one publishes it;
/// `None` where it is to be published now.
async fn await_publish_under_way(
    context: &Context,
    registry: &Registry,
    file: &PostedFile,
    mut state: UploadState,
    is_attested: bool,
) -> Result<Option<Published>> {
    let is_under_way = |work: &Work| work.is_current() && file.has(&work.filename);
    loop {
        let published = already_published(context, registry, file, &state, is_attested).await?;
        if published.is_some() || !state.work.as_ref().is_some_and(is_under_way) {
            return Ok(published);
        }
        work::pause(context).await?;
        state = context.records.upload_state(registry, file.upload).await?;
    }
}

/// The package that the file became already. `None` where it is to be published anew: other bytes were
/// posted since, or the package has been deleted or lost its file, or attestations that it can be given again.
async fn already_published(
    context: &Context,
    registry: &Registry,
    file: &PostedFile,
    state: &UploadState,
    is_attested: bool,
) -> Result<Option<Published>> {
    let became = state.became.as_ref();
    let Some(became) = became.filter(|became| became.filename.as_deref().is_some_and(|name| file.has(name)))
    else {
        return Ok(None);
    };
    let (package, stored, posted) = tokio::try_join!(
        context.records.package(registry, became.package_id),
        stored(context, registry, became.package_id),
        file.find(context, registry)
    )?;
    // The posted object is gone after a day, the record of its package stays for longer.
    let is_other = |(object, _): (Content, &str)| became.etag != Some(object.etag);
    if posted.is_some_and(is_other) {
        return Ok(None);
    }
    let Some(package) = package.filter(|package| is_whole(package, stored.as_ref())) else {
        return Ok(None);
    };
    if is_attested && lacks_attestations(context, registry, &package).await? {
        return Ok(None);
    }
    let metadata = Metadata::find(context, registry, &package).await?;
    Ok(metadata.map(|metadata| Published {
        package,
        metadata,
        first_time: false,
    }))
}

async fn read_manifest(
    context: &Context,
    ecosystem: Ecosystem,
    object: &Content,
    filename: &str,
) -> Result<Manifest> {
    let filename = filename.to_owned();
    let (files, object, runtime) = (context.files.clone(), object.clone(), Handle::current());
    let (manifest, failure) = run_cancellable(move |cancellation| {
        let mut source = RangedSource::new(files, object, runtime, cancellation.clone());
        let manifest = formats::read_until(ecosystem, &filename, &mut source, cancellation);
        (manifest, source.failure())
    })
    .await?;
    match failure {
        Some(failure) => Err(failure),
        None => Ok(manifest?),
    }
}

/// Refuses a file that cannot take its release, before anything is copied: the holder's file has
/// another size, so it has other content.
async fn refuse_if_taken(
    context: &Context,
    registry: &Registry,
    manifest: &Manifest,
    object: &Content,
) -> Result<()> {
    let (name, version) = (&manifest.normalized_name, &manifest.normalized_version);
    let variant = manifest.variant.as_deref();
    let holder = context.records.holder(registry, name, version, variant).await?;
    match holder.filter(|holder| holder.size != object.size) {
        Some(holder) => Err(taken(&holder, holder.id)),
        None => Ok(()),
    }
}

/// Copies the object to its final place, and takes its digests at the same time: ours over the
/// bytes of that ETag, which S3's own of the copy must equal.
async fn copy_and_hash(context: &Context, object: &Content, key: &ObjectKey) -> Result<Digests> {
    let files = &context.files;
    let copy = async {
        let copied = files
            .copy(&object.key, Some(&object.etag), object.size, key)
            .await?;
        copied.ok_or_else(changed_meanwhile)
    };
    if object.size > MAX_HASHED_BYTES {
        return Ok(Digests {
            sha256: copy.await?,
            sha512: None,
        });
    }
    let (copied, digests) = tokio::try_join!(copy, files.digests(object))?;
    if copied == digests.sha256 {
        Ok(digests)
    } else {
        Err(Error::Unavailable(format!(
            "the copy's SHA-256 is {copied}, not {}",
            digests.sha256
        )))
    }
}

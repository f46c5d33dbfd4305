//! Publish, get and delete a package.

use std::io::Cursor;

use bytes::Bytes;
use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};

use super::Call;
use super::views;
use crate::auth::{self, RegistryPath};
use crate::digest::{Digest, Digests};
use crate::error::{Error, Result};
use crate::files::{Kind, ObjectKey};
use crate::form;
use crate::formats::{self, Ecosystem, Manifest};
use crate::id::PackageId;
use crate::records::{Package, Publication, Registry};
use crate::scope::Scope;

/// Metadata up to this many bytes of JSON lies in the record; what is larger, in an object beside
/// the file. A record ends at 400 kB, and a page of a list should read many of them.
const MAX_INLINE_METADATA_BYTES: usize = 16 * 1024;

/// The most metadata that is kept of a package: it must fit into an answer.
const MAX_METADATA_BYTES: usize = 4 * 1024 * 1024;

/// `POST …/packages`: publishes the form's `file`.
///
/// Three round trips: token and registry, the file, the release. The release transaction is the
/// moment of truth: before it nobody can see the package, after it the file is certainly there.
pub(crate) async fn publish(call: &Call<'_>, path: RegistryPath<'_>, body: Body) -> Result<Response<Body>> {
    // Who are you, and may you? Asked while the form is read and hashed; what is wrong with a form
    // is told only to those who may publish.
    let scopes = [Scope::CreatePackages, Scope::WritePackages];
    let (access, upload) = tokio::join!(
        auth::enter(&call.app.records, call.headers, path, &scopes, None),
        receive(call, body)
    );
    let access = access?;
    let (upload, digests) = upload?;

    // What is it? The file itself says so.
    let registry = &access.registry;
    let manifest = read_manifest(registry.ecosystem, &upload).await?;
    let metadata = serialize(&manifest)?;
    let inline = metadata.len() <= MAX_INLINE_METADATA_BYTES;
    let package = Package {
        id: PackageId::mint(),
        registry_id: registry.id,
        name: manifest.name,
        normalized_name: manifest.normalized_name,
        version: manifest.version,
        normalized_version: manifest.normalized_version,
        variant: manifest.variant,
        filename: upload.filename,
        size: upload.bytes.len() as u64,
        digests,
        metadata: inline.then(|| metadata.clone()),
        published_by: access.token.id,
    };

    // The file first, then the release.
    let beside = (!inline).then(|| Bytes::from(metadata.clone()));
    store(call, registry, package.id, upload.bytes, &package.digests, beside).await?;
    match call
        .app
        .records
        .publish(registry, &package, call.deadline)
        .await?
    {
        Publication::Published => Ok(views::package(call.urls, registry, &package, metadata)?),
        Publication::Repeated(first) => {
            remove(call, registry, package.id, !inline).await;
            let metadata = metadata_of(call, registry, &first).await?;
            views::package(call.urls, registry, &first, metadata)
        }
        Publication::Taken(holder) => {
            remove(call, registry, package.id, !inline).await;
            Err(Error::Conflict(taken(call, registry, &package, holder)))
        }
    }
}

/// `GET …/packages/{id}`. One round trip, and one more where the metadata lies beside the file.
pub(crate) async fn get(call: &Call<'_>, path: RegistryPath<'_>, id: &str) -> Result<Response<Body>> {
    let scopes = [Scope::ReadPackages];
    let mut access = auth::enter(&call.app.records, call.headers, path, &scopes, Some(id)).await?;
    let package = access.package()?;
    let metadata = metadata_of(call, &access.registry, &package).await?;
    views::package(call.urls, &access.registry, &package, metadata)
}

/// `DELETE …/packages/{id}`: the records first, then the file, so that no record ever lacks its
/// file. Afterwards the version may be published again.
pub(crate) async fn delete(call: &Call<'_>, path: RegistryPath<'_>, id: &str) -> Result<Response<Body>> {
    let scopes = [Scope::DeletePackages];
    let mut access = auth::enter(&call.app.records, call.headers, path, &scopes, Some(id)).await?;
    let package = access.package()?;
    let registry = &access.registry;
    if !call
        .app
        .records
        .delete_package(registry, &package, call.deadline)
        .await?
    {
        return Err(Error::NotFound("This package has just been deleted.".to_owned()));
    }
    remove(call, registry, package.id, package.metadata.is_none()).await;
    Ok(views::empty(StatusCode::OK))
}

/// The form's file, and its digests.
async fn receive(call: &Call<'_>, body: Body) -> Result<(form::File, Digests)> {
    let file = form::read(call.headers, body).await?;
    let bytes = file.bytes.clone();
    let digests = blocking(move || Digests::of(&bytes)).await?;
    Ok((file, digests))
}

async fn read_manifest(ecosystem: Ecosystem, upload: &form::File) -> Result<Manifest> {
    let (filename, bytes) = (upload.filename.clone(), upload.bytes.clone());
    let manifest = blocking(move || formats::read(ecosystem, &filename, &mut Cursor::new(bytes))).await?;
    Ok(manifest?)
}

/// Runs what keeps a processor busy where it holds nobody else up.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Internal(format!("a reader failed: {error}")))
}

/// The manifest's metadata as JSON text.
fn serialize(manifest: &Manifest) -> Result<String> {
    let text =
        serde_json::to_string(&manifest.metadata).map_err(|error| Error::Internal(error.to_string()))?;
    if text.len() > MAX_METADATA_BYTES {
        return Err(Error::invalid(
            "file",
            "too_much_metadata",
            format!(
                "The package's metadata is {} bytes; at most {MAX_METADATA_BYTES} are kept.",
                text.len()
            ),
        ));
    }
    Ok(text)
}

/// A package's metadata as JSON text, from wherever it lies.
async fn metadata_of(call: &Call<'_>, registry: &Registry, package: &Package) -> Result<String> {
    if let Some(metadata) = &package.metadata {
        return Ok(metadata.clone());
    }
    let key = ObjectKey::of(Kind::Metadata, registry, package.id);
    let bytes = call.app.files.read(&key, MAX_METADATA_BYTES as u64).await?;
    let bytes = bytes.ok_or_else(|| Error::NotFound("This package has just been deleted.".to_owned()))?;
    String::from_utf8(bytes.into()).map_err(|error| Error::Internal(format!("metadata: {error}")))
}

/// Puts the file, and its metadata beside it where there is too much of it: one round trip, side by
/// side.
async fn store(
    call: &Call<'_>,
    registry: &Registry,
    id: PackageId,
    file: Bytes,
    digests: &Digests,
    metadata: Option<Bytes>,
) -> Result<()> {
    let files = &call.app.files;
    let package_key = ObjectKey::of(Kind::Package, registry, id);
    let put_metadata = async {
        let Some(metadata) = metadata else { return Ok(()) };
        let digest = Digest::sha256(&metadata);
        files
            .put(&ObjectKey::of(Kind::Metadata, registry, id), metadata, digest)
            .await
    };
    let put_file = files.put(&package_key, file, digests.sha256);
    tokio::try_join!(put_file, put_metadata).map(drop)
}

/// Removes what is certain to belong to no package. Awaited, since a frozen sandbox finishes
/// nothing, but only until the deadline, since the answer is certain already; what it does not
/// reach is left to the sweep.
async fn remove(call: &Call<'_>, registry: &Registry, id: PackageId, metadata: bool) {
    let delete = async |kind| {
        let key = ObjectKey::of(kind, registry, id);
        let deleted = tokio::time::timeout_at(call.deadline, call.app.files.delete(&key)).await;
        let inside = match &deleted {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.inside(),
            Err(_) => Some("the call's time was up"),
        };
        tracing::warn!(%id, inside, "a file is left to the sweep");
    };
    if metadata {
        tokio::join!(delete(Kind::Package), delete(Kind::Metadata));
    } else {
        delete(Kind::Package).await;
    }
}

fn taken(call: &Call<'_>, registry: &Registry, package: &Package, holder: PackageId) -> String {
    let variant = package
        .variant
        .as_deref()
        .map(|variant| format!(" ({variant})"))
        .unwrap_or_default();
    format!(
        "{} {}{variant} is published already, with other content, as package {holder}: {}. \
         Publish this file as a new version, or delete that package first.",
        package.name,
        package.version,
        call.urls.package(registry, holder)
    )
}

//! Packages: publish, get, list, copy, delete, download.

use std::time::Duration;

use bytes::Bytes;
use lambda_http::http::StatusCode;
use lambda_http::{Body, Response};

use super::Call;
use super::views;
use crate::auth::{self, Access, RegistryPath};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::files::{Kind, ObjectKey};
use crate::formats::RawMetadata;
use crate::id::PackageId;
use crate::records::{Package, Registry};
use crate::scope::Scope;

mod copy;
mod cursor;
mod heal;
mod list;
mod posted_name;
mod publish;
mod release;
mod upload;
mod work;

pub(crate) use copy::copy;
pub(crate) use list::list;
pub(crate) use publish::publish;
pub(crate) use upload::request_upload;

/// Any one of these publishes.
const PUBLISHING: &[Scope] = &[Scope::CreatePackages, Scope::WritePackages];
const READING: &[Scope] = &[Scope::ReadPackages];
const DELETING: &[Scope] = &[Scope::DeletePackages];

/// `GET …/packages/{id}`. One round trip, and one more where the metadata lies beside the file.
pub(crate) async fn get(call: &Call<'_>, path: RegistryPath<'_>, id: &str) -> Result<Response<Body>> {
    let (access, package) = find(call, path, id, READING).await?;
    let metadata = Metadata::of(call, &access.registry, &package).await?;
    views::package(call.urls, &access.registry, &package, metadata.text)
}

/// `DELETE …/packages/{id}`: the records first, then the file, so that no record ever lacks its
/// file. Afterwards the version may be published again.
pub(crate) async fn delete(call: &Call<'_>, path: RegistryPath<'_>, id: &str) -> Result<Response<Body>> {
    let (access, package) = find(call, path, id, DELETING).await?;
    let registry = &access.registry;
    if !call
        .records
        .delete_package(registry, &package, call.deadline)
        .await?
    {
        return Err(just_deleted());
    }
    remove_files(call, registry, &package).await;
    Ok(views::empty(StatusCode::OK))
}

/// `GET …/packages/{id}/download`: the way to the file. Its bytes never pass through the function.
pub(crate) async fn download(call: &Call<'_>, path: RegistryPath<'_>, id: &str) -> Result<Response<Body>> {
    let (access, package) = find(call, path, id, READING).await?;
    let key = ObjectKey::of(Kind::Package, &access.registry.address, package.id);
    let address = call.files.download_address(&key, &package.filename).await?;
    views::redirect(&address)
}

/// `HEAD …/packages/{id}/download`: the file's size, type and name, from the record. An address that is
/// signed for GET answers no HEAD, so this is no redirect.
pub(crate) async fn describe_file(
    call: &Call<'_>,
    path: RegistryPath<'_>,
    id: &str,
) -> Result<Response<Body>> {
    let (_, package) = find(call, path, id, READING).await?;
    views::file_headers(&package)
}

/// The package that a path names, for who may.
async fn find(
    call: &Call<'_>,
    path: RegistryPath<'_>,
    id: &str,
    scopes: &[Scope],
) -> Result<(Access, Package)> {
    let request = auth::Request {
        scopes: &[scopes],
        package: Some(id),
        ..auth::Request::default()
    };
    let mut access = auth::enter(call.records, call.caller, path, request).await?;
    let package = access.package()?;
    Ok((access, package))
}

fn just_deleted() -> Error {
    Error::NotFound("This package has just been deleted.".to_owned())
}

/// Removes what is certain to belong to no package. Awaited, since a frozen sandbox finishes
/// nothing, but not for long, since the answer is certain already; what it does not reach is left
/// to the sweep.
async fn remove_files(call: &Call<'_>, registry: &Registry, package: &Package) {
    const AT_LEAST: Duration = Duration::from_secs(1);
    let deadline = call.deadline_leaving(AT_LEAST);
    let delete = async |kind| {
        let key = ObjectKey::of(kind, &registry.address, package.id);
        let deleted = tokio::time::timeout_at(deadline, call.files.delete(&key)).await;
        let inside = match &deleted {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.inside(),
            Err(_) => Some("the call's time was up"),
        };
        tracing::warn!(id = %package.id, inside, "a file is left to the sweep");
    };
    if package.metadata.is_some() {
        delete(Kind::Package).await;
    } else {
        tokio::join!(delete(Kind::Package), delete(Kind::Metadata));
    }
}

/// A package's metadata, as JSON text.
struct Metadata {
    text: String,
}

impl From<RawMetadata> for Metadata {
    fn from(metadata: RawMetadata) -> Self {
        Self {
            text: metadata.into(),
        }
    }
}

impl Metadata {
    /// Up to this many bytes lie in the record; what is larger, in an object beside the file. A
    /// record ends at 400 kB, and a page of a list should read many of them.
    const MAX_INLINE_BYTES: usize = 16 * 1024;

    /// From wherever it lies.
    async fn of(call: &Call<'_>, registry: &Registry, package: &Package) -> Result<Self> {
        if let Some(metadata) = Self::find(call, registry, package).await? {
            return Ok(metadata);
        }
        // Deleted meanwhile, records first; or the bucket keeps it from us, which S3 says alike.
        Err(match call.records.package(registry, package.id).await? {
            None => just_deleted(),
            Some(_) => Error::Internal(format!("the metadata of {} cannot be read", package.id)),
        })
    }

    /// From wherever it lies; `None` where it is missing there.
    async fn find(call: &Call<'_>, registry: &Registry, package: &Package) -> Result<Option<Self>> {
        if let Some(text) = &package.metadata {
            return Ok(Some(Self { text: text.clone() }));
        }
        let key = ObjectKey::of(Kind::Metadata, &registry.address, package.id);
        let Some(bytes) = call.files.read(&key, RawMetadata::MAX_BYTES as u64).await? else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes.into());
        let text = text.map_err(|error| Error::Internal(format!("metadata: {error}")))?;
        Ok(Some(Self { text }))
    }

    /// What the record holds of it.
    fn inline(&self) -> Option<String> {
        (self.text.len() <= Self::MAX_INLINE_BYTES).then(|| self.text.clone())
    }

    /// Puts it beside the file where it is too large for the record.
    async fn store(&self, call: &Call<'_>, registry: &Registry, id: PackageId) -> Result<()> {
        if self.inline().is_some() {
            return Ok(());
        }
        self.put(call, registry, id).await
    }

    /// Puts it beside the file.
    async fn put(&self, call: &Call<'_>, registry: &Registry, id: PackageId) -> Result<()> {
        let bytes = Bytes::from(self.text.clone());
        let digest = Digest::sha256(&bytes);
        call.files
            .put(
                &ObjectKey::of(Kind::Metadata, &registry.address, id),
                bytes,
                digest,
            )
            .await
    }
}

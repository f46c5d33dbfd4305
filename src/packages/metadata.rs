//! Metadata of a package: in its record while it is small, else in an object beside the file.

use bytes::Bytes;

use super::{Context, just_deleted};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::files::{Kind, ObjectKey};
use crate::formats::RawMetadata;
use crate::id::PackageId;
use crate::records::{Package, Registry};

/// Size up to which metadata lies in the record. A record ends at 400 kB, and a page of a list should
/// read many of them.
const MAX_INLINE_BYTES: usize = 16 * 1024;

/// A package's metadata, as JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata(String);

impl From<RawMetadata> for Metadata {
    fn from(metadata: RawMetadata) -> Self {
        Self(metadata.into())
    }
}

impl From<Metadata> for String {
    fn from(metadata: Metadata) -> Self {
        metadata.0
    }
}

impl Metadata {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the metadata of a package. One round trip where it lies beside the file, else none.
    pub async fn read(context: &Context, registry: &Registry, package: &Package) -> Result<Self> {
        let metadata = Self::find_listed(context, registry, package).await?;
        metadata.ok_or_else(just_deleted)
    }

    /// Reads the metadata of a package that was listed; `None` where the package has been deleted meanwhile.
    ///
    /// # Errors
    /// [`Error::MetadataMissing`] where the package is there: a document without it would be wrong.
    pub(crate) async fn find_listed(
        context: &Context,
        registry: &Registry,
        package: &Package,
    ) -> Result<Option<Self>> {
        if let Some(metadata) = Self::find(context, registry, package).await? {
            return Ok(Some(metadata));
        }
        // Deleted meanwhile, records first; or lost; or the bucket refuses it, which S3 does not tell apart.
        match context.records.package(registry, package.id).await? {
            None => Ok(None),
            Some(_) => Err(Error::MetadataMissing(package.id)),
        }
    }

    /// Reads the metadata of a package; `None` where it is missing, or where the bucket refuses it: to a role that may
    /// not list, S3 says both with a 403.
    pub(crate) async fn find(
        context: &Context,
        registry: &Registry,
        package: &Package,
    ) -> Result<Option<Self>> {
        if let Some(text) = &package.metadata {
            return Ok(Some(Self(text.clone())));
        }
        let key = ObjectKey::of(Kind::Metadata, &registry.address, package.id);
        let Some(bytes) = context.files.read(&key, RawMetadata::MAX_BYTES as u64).await? else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes.into());
        let text = text.map_err(|error| Error::Internal(format!("metadata: {error}")))?;
        Ok(Some(Self(text)))
    }

    /// The text that the record holds, if it is small enough.
    pub(super) fn inline(&self) -> Option<String> {
        (self.0.len() <= MAX_INLINE_BYTES).then(|| self.0.clone())
    }

    /// Puts it beside the file where it is too large for the record.
    pub(super) async fn store(&self, context: &Context, registry: &Registry, id: PackageId) -> Result<()> {
        if self.inline().is_some() {
            return Ok(());
        }
        self.put(context, registry, id).await
    }

    /// Puts it beside the file.
    pub(super) async fn put(&self, context: &Context, registry: &Registry, id: PackageId) -> Result<()> {
        let bytes = Bytes::from(self.0.clone());
        let digest = Digest::sha256(&bytes);
        let key = ObjectKey::of(Kind::Metadata, &registry.address, id);
        context.files.put(&key, bytes, digest).await
    }
}

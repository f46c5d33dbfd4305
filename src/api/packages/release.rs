//! What every road to a release ends in.

use std::time::Duration;

use lambda_http::{Body, Response};
use tokio::time::Instant;

use super::heal::heal;
use super::{Metadata, remove_files};
use crate::api::{Call, views};
use crate::digest::Digests;
use crate::error::{Error, Result};
use crate::formats::Manifest;
use crate::id::PackageId;
use crate::records::{Package, Posted, Publication, Refusal, Registry, Token};

/// What a release may take at least that follows a file of any size, however long that took.
pub(super) const RELEASE_TIME: Duration = Duration::from_secs(10);

/// A file that was read and may become a package.
pub(super) struct Candidate {
    pub(super) manifest: Manifest,
    pub(super) filename: String,
    /// Bytes.
    pub(super) size: u64,
}

impl Candidate {
    /// The package that it becomes.
    pub(super) fn into_package(
        self,
        id: PackageId,
        registry: &Registry,
        token: &Token,
        digests: Digests,
        metadata: &Metadata,
    ) -> Package {
        Package {
            id,
            registry_id: registry.id,
            name: self.manifest.name,
            normalized_name: self.manifest.normalized_name,
            version: self.manifest.version,
            normalized_version: self.manifest.normalized_version,
            variant: self.manifest.variant,
            filename: self.filename,
            size: self.size,
            digests,
            metadata: metadata.inline(),
            published_by: token.id,
        }
    }
}

/// The moment of truth: before it nobody can see the package, after it its file is certainly there,
/// since it has been stored. Exactly one publisher of a release wins; the file is removed at once
/// in one case only, that another package holds the release and every attempt was answered.
pub(super) async fn release(
    call: &Call<'_>,
    registry: &Registry,
    package: &Package,
    metadata: Metadata,
    posted: Option<Posted<'_>>,
    deadline: Instant,
) -> Result<Response<Body>> {
    let (refusal, answered) = match call.records.publish(registry, package, posted, deadline).await? {
        Publication::Published => return views::package(call.urls, registry, package, metadata.text),
        Publication::Refused { refusal, answered } => (refusal, answered),
    };
    let discard = async {
        if answered {
            remove_files(call, registry, package).await;
        }
    };
    match refusal {
        Refusal::Repeated(first) => {
            let metadata = heal(call, registry, &first, package, metadata).await?;
            tokio::join!(discard, remember(call, registry, posted, first.id));
            views::package(call.urls, registry, &first, metadata.text)
        }
        Refusal::Taken(holder) => {
            discard.await;
            Err(taken(call, registry, package, holder))
        }
        Refusal::Succeeded => {
            discard.await;
            Err(Error::NotFound(format!(
                "The registry `{}` has just been deleted and made anew. Repeat the request.",
                registry.slug()
            )))
        }
    }
}

/// Spares who asks again the whole way. Its failure costs no more than that.
async fn remember(call: &Call<'_>, registry: &Registry, posted: Option<Posted<'_>>, package: PackageId) {
    let Some(posted) = posted else {
        return;
    };
    if let Err(error) = call.records.remember(registry, posted, package).await {
        tracing::warn!(upload = %posted.upload, inside = error.inside(), "an upload is not remembered");
    }
}

/// Why a file cannot be published as `package`: another one holds the release.
pub(super) fn taken(call: &Call<'_>, registry: &Registry, package: &Package, holder: PackageId) -> Error {
    let variant = package
        .variant
        .as_deref()
        .map(|variant| format!(" ({variant})"))
        .unwrap_or_default();
    Error::Conflict(format!(
        "{} {}{variant} is published already, with other content, as package {holder}: {}. \
         Publish this file as a new version, or delete that package first.",
        package.name,
        package.version,
        call.urls.package(registry, holder)
    ))
}

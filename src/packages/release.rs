//! Release of a stored file as a package: where every way to publish ends.

use std::time::Duration;

use tokio::time::Instant;

use super::delete::remove_files;
use super::heal::heal;
use super::{Companions, Context, Metadata};
use crate::actor::Actor;
use crate::digest::Digests;
use crate::error::{Error, Result};
use crate::formats::{self, Manifest};
use crate::id::PackageId;
use crate::records::{
    AuditEvent, Beside, Obstacle, Package, Publication, Publisher, Refusal, Registry, UploadRef,
};
use crate::release::{Release, Reuse};

/// Time that a release has at least that follows a file of any size, however long that took.
pub(super) const RELEASE_TIME: Duration = Duration::from_secs(10);

/// A package that is published, and was not deleted before it was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// The package: where the same bytes were published before, the one that they became then.
    pub package: Package,
    /// Its metadata.
    pub metadata: Metadata,
    /// Whether this publish made it.
    pub first_time: bool,
}

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
        by: &Actor,
        digests: Digests,
        companions: &Companions,
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
            metadata: companions.metadata.inline(),
            has_attestations: companions.attestations.is_some(),
            published_by: by.id(),
            publisher: Publisher::of(by),
        }
    }
}

/// Releases a package whose file has been stored: nobody can see the package before, and its file is
/// certainly there after. Exactly one publisher of a release wins; the file is removed at once in one
/// case only, that another package holds the release and every attempt was answered.
pub(super) async fn release(
    context: &Context,
    registry: &Registry,
    package: Package,
    companions: Companions,
    beside: Beside<'_>,
    event: &AuditEvent,
    retry_until: Instant,
) -> Result<Published> {
    let records = &context.records;
    let facts = formats::name_facts(registry.ecosystem, companions.metadata.as_str());
    let same_file = formats::same_file(registry.ecosystem, &release_of(&package));
    let beside = Beside {
        facts: facts.as_deref(),
        same_file: &same_file,
        ..beside
    };
    let publication = records.publish(registry, &package, beside, event, retry_until);
    let (obstacle, answered) = match publication.await? {
        Publication::Published => {
            return Ok(Published {
                package,
                metadata: companions.metadata,
                first_time: true,
            });
        }
        Publication::Prevented { obstacle, answered } => (obstacle, answered),
    };
    let discard = async {
        if answered {
            remove_files(context, registry, &package).await;
        }
    };
    match obstacle {
        Obstacle::Repeated(first) => {
            let metadata = heal(context, registry, &first, &package, companions).await?;
            tokio::join!(discard, remember(context, registry, beside.posted, first.id));
            if let Some(tag) = beside.tag {
                set_first_tag(context, registry, &first, tag, event, retry_until).await?;
            }
            Ok(Published {
                package: *first,
                metadata,
                first_time: false,
            })
        }
        Obstacle::Refusal(refusal) => {
            discard.await;
            Err(refused(registry, &package, &refusal))
        }
    }
}

/// The error of a refused publish.
fn refused(registry: &Registry, package: &Package, refusal: &Refusal) -> Error {
    match refusal {
        Refusal::Taken(holder) => taken(package, *holder),
        Refusal::FileTaken(holder) => Error::Conflict(format!(
            "Clients would ask for {} by the same file name as for the package {holder}, which is published already. \
             Publish this file under another name or version.",
            release_of(package)
        )),
        Refusal::Retired(reuse) => Error::Retired {
            release: release_of(package),
            same_bytes: *reuse == Reuse::SameBytes,
        },
        Refusal::RegistryReplaced => Error::NotFound(format!(
            "The registry `{}` has just been deleted and made anew. Repeat the request.",
            registry.slug()
        )),
    }
}

/// Makes a tag stand for a package that was published before, as it would if it had been published with the tag then:
/// unless somebody has changed the tag since.
async fn set_first_tag(
    context: &Context,
    registry: &Registry,
    first: &Package,
    tag: &str,
    event: &AuditEvent,
    retry_until: Instant,
) -> Result<()> {
    let (records, name) = (&context.records, first.normalized_name.as_str());
    if records.tagged(registry, name, tag).await? == Some(first.id) {
        return Ok(());
    }
    let (subject, id) = ((first.id, first.name.as_str(), first.version.as_str()), first.id);
    let event = event.of_tag(registry, subject, tag);
    let revision = id.into();
    // Refused where the tag was changed later, which is as good.
    records
        .set_tag(registry, (name, tag), (id, revision), &event, retry_until)
        .await
        .map(drop)
}

/// Remembers which package an upload became, which spares its repeat the whole way. A failure costs no
/// more than that.
async fn remember(context: &Context, registry: &Registry, posted: Option<UploadRef<'_>>, package: PackageId) {
    let Some(posted) = posted else {
        return;
    };
    if let Err(error) = context.records.remember(registry, posted, package).await {
        tracing::warn!(upload = %posted.upload, cause = error.cause(), "a published upload is not remembered");
    }
}

/// The conflict of `package` with the `holder` of its release.
pub(super) fn taken(package: &Package, holder: PackageId) -> Error {
    Error::Taken {
        release: release_of(package),
        holder,
    }
}

fn release_of(package: &Package) -> Release {
    Release {
        name: package.name.clone(),
        version: package.version.clone(),
        variant: package.variant.clone(),
    }
}

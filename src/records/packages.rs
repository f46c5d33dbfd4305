//! Packages: the record, its name for lists, and the release that it claims.

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use super::keys::{self, Key};
use super::publication::{Obstacle, Publication, Refusal};
use super::releases::{conflicting_release, file_refusal};
use super::transaction::{Outcome, refused};
use super::{AuditEvent, Change, Records, Registry, ReleaseRecord, UploadRef, to_item};
use crate::actor::Actor;
use crate::digest::Digests;
use crate::error::{Error, Result};
use crate::id::PackageId;
use crate::release::Release;
use crate::retry::Retry;

/// A published package. Its file lies in the bucket under the same path as this record in the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Package {
    /// Its identity; it carries the time of publication.
    pub id: PackageId,
    /// The registry it belongs to, by identity: a slug can be taken again.
    pub registry_id: Uuid,
    /// The name as the file spells it.
    pub name: String,
    /// The name that releases are claimed by.
    pub normalized_name: String,
    /// The version as the file spells it.
    pub version: String,
    /// The version that releases are claimed by.
    pub normalized_version: String,
    /// Architecture, platform or distribution.
    pub variant: Option<String>,
    /// The name under which it was uploaded, and is downloaded.
    pub filename: String,
    /// The file's size in bytes.
    pub size: u64,
    /// The file's digests.
    #[serde(flatten)]
    pub digests: Digests,
    /// The metadata that its reader found, as a JSON object; `None` where it is an object of its own beside
    /// the file.
    pub metadata: Option<String>,
    /// Whether it was published with attestations, which are an object of their own beside the file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_attestations: bool,
    /// The actor that published it: a token's id, or one of an OIDC identity.
    pub published_by: Uuid,
    /// The job that published it; none where it was anybody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<Publisher>,
}

/// A job that published a package. The package's `published_by` is the id of its issuer and subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publisher {
    /// Issuer of the job's OIDC token.
    pub issuer: String,
    /// Subject of the token, such as a repository and a branch.
    pub subject: String,
    /// Statement of the registry's policy that let it in, counted from 1.
    pub statement: usize,
}

impl Publisher {
    /// The publisher that is recorded of a deed by this actor.
    pub(crate) fn of(actor: &Actor) -> Option<Self> {
        match actor {
            Actor::Oidc {
                issuer,
                subject,
                statement,
                ..
            } => Some(Self {
                issuer: issuer.clone(),
                subject: subject.clone(),
                statement: *statement,
            }),
            Actor::Token { .. } | Actor::Operator { .. } | Actor::Sweep => None,
        }
    }
}

/// A package as lists by name show it, and as an index of its name does ([`NameEntry`](super::NameEntry)).
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the attributes' names are the record's")]
pub(super) struct Name<'a> {
    id: PackageId,
    registry_id: Uuid,
    name: &'a str,
    version: &'a str,
    normalized_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
    filename: &'a str,
    size: u64,
    #[serde(flatten)]
    digests: Digests,
    /// Facts of its metadata, as text of its ecosystem's format.
    #[serde(skip_serializing_if = "Option::is_none")]
    facts: Option<&'a str>,
}

impl<'a> Name<'a> {
    pub(super) fn of(package: &'a Package, facts: Option<&'a str>) -> Self {
        Self {
            id: package.id,
            registry_id: package.registry_id,
            name: &package.name,
            version: &package.version,
            normalized_version: &package.normalized_version,
            variant: package.variant.as_deref(),
            filename: &package.filename,
            size: package.size,
            digests: package.digests,
            facts,
        }
    }
}

impl Package {
    /// Key of its claim.
    pub(super) fn release_key(&self, registry: &Registry) -> Key {
        keys::release(
            &registry.address,
            &self.normalized_name,
            &self.normalized_version,
            self.variant.as_deref(),
        )
    }
}

/// Records that are made together with a package.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Beside<'a> {
    /// Facts of its metadata, for the record of its name.
    pub(crate) facts: Option<&'a str>,
    /// The upload that became the package.
    pub(crate) posted: Option<UploadRef<'a>>,
    /// A tag of its name that is to stand for it.
    pub(crate) tag: Option<&'a str>,
    /// Other releases whose files have the same name: none of them may be held.
    pub(crate) same_file: &'a [Release],
}

impl<'a> Beside<'a> {
    pub(crate) fn upload(posted: UploadRef<'a>) -> Self {
        Self {
            posted: Some(posted),
            ..Self::default()
        }
    }

    pub(crate) fn tag(tag: Option<&'a str>) -> Self {
        Self {
            tag,
            ..Self::default()
        }
    }
}

/// The positions of a transaction's items, and so of its cancellation reasons.
pub(super) const PACKAGE: usize = 0;
pub(super) const NAME: usize = 1;
pub(super) const RELEASE: usize = 2;

impl Records {
    /// Publishes `package`: its record, its name and its release, the change for the registry's indexes, what is
    /// recorded beside it, and the event of the publish, all or none. A tag that was changed later stays as it is.
    ///
    /// # Errors
    /// [`Error::Throttled`]; [`Error::Unavailable`] where the outcome is unknown at `deadline`.
    pub(crate) async fn publish(
        &self,
        registry: &Registry,
        package: &Package,
        beside: Beside<'_>,
        event: &AuditEvent,
        deadline: Instant,
    ) -> Result<Publication> {
        let (mut items, mut tag_at) = self.publish_items(registry, package, beside, event)?;
        let mut transaction = self.transaction(items.clone(), package.id.into());
        let mut retry = Retry::until(deadline);
        loop {
            let reasons = match transaction.send(deadline).await? {
                Outcome::Applied => return Ok(Publication::Published),
                Outcome::Refused(reasons) => reasons,
            };
            let claims = RELEASE..=RELEASE + beside.same_file.len();
            let claim = claims.clone().find(|at| refused(&reasons, *at));
            let is_tag_refused = tag_at.filter(|at| refused(&reasons, *at) && claim.is_none());
            if let Some(at) = is_tag_refused {
                // Without the tag it is another transaction, which must not meet an attempt of this one.
                if !transaction.is_answered() {
                    return Err(Error::Unavailable(
                        "the tag was changed by somebody else".to_owned(),
                    ));
                }
                items.remove(at);
                tag_at = None;
                transaction = self.transaction(items.clone(), Uuid::now_v7());
                continue;
            }
            let claim = claim.unwrap_or(RELEASE);
            let release = conflicting_release(&reasons, claim)?;
            // The release first: that it is ours explains why the package is there too.
            if release.package_id == package.id {
                return Ok(Publication::Published);
            }
            let obstacle = match claim {
                RELEASE => self.obstacle(registry, package, &release).await?,
                _ => Some(Obstacle::Refusal(file_refusal(registry, &release))),
            };
            if let Some(obstacle) = obstacle {
                let fence = keys::package(&registry.address, package.id);
                let applied = transaction.settle(&fence, Some(registry.id), deadline);
                return Ok(if applied.await? {
                    Publication::Published
                } else {
                    let answered = transaction.is_answered();
                    Publication::Prevented { obstacle, answered }
                });
            }
            // It has just been deleted, and its release with it: begin again.
            if !retry.again().await {
                return Err(Error::Unavailable("the release kept changing hands".to_owned()));
            }
        }
    }

    /// The items of a publish, and the position of its tag's.
    fn publish_items(
        &self,
        registry: &Registry,
        package: &Package,
        beside: Beside<'_>,
        event: &AuditEvent,
    ) -> Result<(Vec<TransactWriteItem>, Option<usize>)> {
        let mut items = self.publication(registry, package, beside.facts)?;
        let same_file = beside.same_file.iter();
        let checks = same_file.map(|release| self.release_check(registry, release));
        items.extend(checks.collect::<Result<Vec<_>>>()?);
        items.extend(self.change_put(registry, &Change::published(package))?);
        let upload = beside
            .posted
            .map(|posted| self.upload_put(registry, posted, package.id));
        items.extend(upload.transpose()?);
        let tag_at = beside.tag.map(|_| items.len());
        let tag = |tag| {
            self.tag_put(
                registry,
                (&package.normalized_name, tag),
                Some(package.id),
                package.id.into(),
            )
        };
        items.extend(beside.tag.map(tag).transpose()?);
        items.push(self.audit_put(registry.organization_id, event)?);
        Ok((items, tag_at))
    }

    /// The reason for which `release` prevents the publish of `package`; `None` where it has just been
    /// deleted.
    async fn obstacle(
        &self,
        registry: &Registry,
        package: &Package,
        release: &ReleaseRecord,
    ) -> Result<Option<Obstacle>> {
        let refusal = if release.registry_id != registry.id {
            Refusal::RegistryReplaced
        } else if release.deleted_at.is_some() {
            Refusal::Retired(registry.details.reuse.unwrap_or_default())
        } else if release.digests.sha256 != package.digests.sha256 {
            Refusal::Taken(release.package_id)
        } else {
            let first = self.package(registry, release.package_id).await?;
            return Ok(first.map(|first| Obstacle::Repeated(Box::new(first))));
        };
        Ok(Some(Obstacle::Refusal(refusal)))
    }

    /// The registry's package of this id, if it has one.
    pub(crate) async fn package(&self, registry: &Registry, id: PackageId) -> Result<Option<Package>> {
        let key = keys::package(&registry.address, id);
        let package: Option<Package> = self.get(&key).await?;
        Ok(package.filter(|package| package.registry_id == registry.id))
    }

    pub(super) fn publication(
        &self,
        registry: &Registry,
        package: &Package,
        facts: Option<&str>,
    ) -> Result<Vec<TransactWriteItem>> {
        let name = Name::of(package, facts);
        let writes = self.transaction_items();
        Ok(vec![
            // Always true, for the id is a new one: unless a fence lies there.
            writes.put(
                to_item(&keys::package(&registry.address, package.id), package)?,
                |put| put.condition_expression("attribute_not_exists(pk)"),
            )?,
            writes.put(to_item(&keys::name(&registry.address, package), &name)?, |put| {
                put
            })?,
            self.release_put(registry, package)?,
        ])
    }
}

//! Incomplete transactions, which a restored table may hold: a package without its name or its release, or
//! one of these without its package.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use serde::de::IgnoredAny;
use uuid::Uuid;

use super::keys::{self, Key};
use super::packages::{NAME, RELEASE};
use super::transaction::Outcome;
use super::{Package, Records, Registry, from_item, operator_deadline};
use crate::aws;
use crate::error::Result;
use crate::id::PackageId;

/// The sort keys that a package's name and release must have, and whether they were found.
#[derive(Debug, Clone, Copy)]
struct Triple {
    name: u64,
    release: u64,
    has_name: bool,
    has_release: bool,
}

/// Packages, names and releases of a registry that lack their counterparts.
#[derive(Debug, Default)]
pub(crate) struct Halves {
    /// Number of packages examined.
    pub(crate) packages: usize,
    /// Packages that lack their name or their release.
    pub(crate) incomplete: Vec<Incomplete>,
    /// Names whose package is missing.
    pub(crate) names: Vec<(Key, PackageId)>,
    /// Releases whose package is missing.
    pub(crate) releases: Vec<(Key, PackageId)>,
}

/// A package that lacks its name or its release.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incomplete {
    pub(crate) id: PackageId,
    lacks_name: bool,
    lacks_release: bool,
}

/// Outcome of the repair of an incomplete package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repair {
    /// It has its name and its release.
    Completed,
    /// Another package holds its release, so it was removed.
    Removed,
    /// It has been deleted meanwhile.
    Deleted,
}

/// A name or a release.
#[derive(Deserialize)]
struct Claim {
    registry_id: Option<Uuid>,
    /// Only releases have one.
    package_id: Option<PackageId>,
    /// Only what is left of a deleted release has one: it is of no package.
    deleted_at: Option<IgnoredAny>,
}

impl Records {
    /// Reads all of a registry's packages, names and releases, in this order and each once, and finds those
    /// that lack their counterparts. Keeps some 40 bytes for each package.
    pub(crate) async fn halves(&self, registry: &Registry) -> Result<Halves> {
        let [packages, names, releases, ..] = keys::content_partitions(&registry.address);
        let mut triples = HashMap::new();
        let mut start = None;
        loop {
            let (rows, next) = self.page::<Package>(&packages, "", start).await?;
            let own = rows
                .into_iter()
                .filter(|(_, package)| package.registry_id == registry.id);
            triples.extend(own.map(|(_, package)| (package.id, Triple::of(registry, &package))));
            start = next;
            if start.is_none() {
                break;
            }
        }
        let mut halves = Halves {
            packages: triples.len(),
            ..Halves::default()
        };
        for (key, id) in self.claims(&names, registry).await? {
            match triples.get_mut(&id).filter(|triple| triple.name == hash(&key.sk)) {
                Some(triple) => triple.has_name = true,
                None => halves.names.push((key, id)),
            }
        }
        for (key, id) in self.claims(&releases, registry).await? {
            match triples
                .get_mut(&id)
                .filter(|triple| triple.release == hash(&key.sk))
            {
                Some(triple) => triple.has_release = true,
                None => halves.releases.push((key, id)),
            }
        }
        let incomplete = triples
            .into_iter()
            .filter(|(_, triple)| !triple.has_name || !triple.has_release);
        halves.incomplete = incomplete
            .map(|(id, triple)| Incomplete {
                id,
                lacks_name: !triple.has_name,
                lacks_release: !triple.has_release,
            })
            .collect();
        halves.incomplete.sort_by_key(|incomplete| incomplete.id);
        Ok(halves)
    }

    /// The names or the releases of a registry, and the packages that they are of.
    async fn claims(&self, partition: &str, registry: &Registry) -> Result<Vec<(Key, PackageId)>> {
        let mut claims = Vec::new();
        let mut start = None;
        loop {
            let query = self.partition_query(partition, "").set_exclusive_start_key(start);
            let query = query.projection_expression("pk, sk, registry_id, package_id, deleted_at");
            let answer = query.send().await.map_err(aws::failed)?;
            for item in answer.items.unwrap_or_default() {
                // A tag claims nothing: one whose package is missing is no tag.
                let key =
                    Key::of(&item).filter(|key| key.pk.starts_with("releases/") || !keys::is_tag(&key.sk));
                let Some(key) = key else { continue };
                let claim: Claim = from_item(item)?;
                let named = || key.sk.rsplit('/').next()?.parse().ok();
                let id = claim.package_id.or_else(named);
                claims.extend(
                    id.filter(|_| claim.registry_id == Some(registry.id) && claim.deleted_at.is_none())
                        .map(|id| (key, id)),
                );
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(claims);
            }
        }
    }

    /// Writes the name and the release that a package lacks, if it still exists; where another package
    /// holds the release, removes the package instead. `facts` makes the name's facts.
    pub(crate) async fn complete(
        &self,
        registry: &Registry,
        half: Incomplete,
        facts: impl FnOnce(&Package) -> Option<String>,
    ) -> Result<Repair> {
        let Some(package) = self.package(registry, half.id).await? else {
            return Ok(Repair::Deleted);
        };
        let mut puts: Vec<_> = self
            .publication(registry, &package, facts(&package).as_deref())?
            .into_iter()
            .map(Some)
            .collect();
        let mut take = |index: usize| puts.get_mut(index).and_then(Option::take);
        let name = take(NAME).filter(|_| half.lacks_name);
        let release = take(RELEASE).filter(|_| half.lacks_release);
        let key = keys::package(&registry.address, half.id);
        let mut items = vec![self.transaction_items().check(&key, |check| {
            check
                .condition_expression("registry_id = :registry_id")
                .expression_attribute_values(":registry_id", AttributeValue::S(registry.id.to_string()))
        })?];
        items.extend([name, release].into_iter().flatten());
        match self
            .transaction(items, Uuid::now_v7())
            .send(operator_deadline())
            .await?
        {
            Outcome::Applied => Ok(Repair::Completed),
            Outcome::Refused(reasons) if reasons.iter().any(|reason| reason.item.is_some()) => {
                self.remove_half_package(registry, &package).await?;
                Ok(Repair::Removed)
            }
            Outcome::Refused(_) => Ok(Repair::Deleted),
        }
    }

    /// Removes a package that has no release, and its name.
    async fn remove_half_package(&self, registry: &Registry, package: &Package) -> Result<()> {
        let keys = [
            keys::package(&registry.address, package.id),
            keys::name(&registry.address, package),
        ];
        self.delete_contents(&keys, registry.id).await
    }

    /// Removes a name whose package is missing. Returns whether it still was.
    pub(crate) async fn remove_name(&self, registry: &Registry, key: &Key, id: PackageId) -> Result<bool> {
        self.remove_claim(registry, key, "id", id).await
    }

    /// Removes a release whose package is missing. Returns whether it still was.
    pub(crate) async fn remove_release(&self, registry: &Registry, key: &Key, id: PackageId) -> Result<bool> {
        self.remove_claim(registry, key, "package_id", id).await
    }

    /// Removes a name or a release. An attempt that arrives late finds another package's id, or none.
    async fn remove_claim(
        &self,
        registry: &Registry,
        key: &Key,
        attribute: &str,
        id: PackageId,
    ) -> Result<bool> {
        let package = keys::package(&registry.address, id);
        let items = vec![
            self.transaction_items().check(&package, |check| {
                check.condition_expression("attribute_not_exists(pk)")
            })?,
            self.transaction_items().delete(key, |delete| {
                delete
                    .condition_expression(format!("{attribute} = :package"))
                    .expression_attribute_values(":package", AttributeValue::S(id.to_string()))
            })?,
        ];
        let outcome = self
            .transaction(items, Uuid::now_v7())
            .send(operator_deadline())
            .await?;
        Ok(matches!(outcome, Outcome::Applied))
    }
}

impl Triple {
    fn of(registry: &Registry, package: &Package) -> Self {
        let name = keys::name(&registry.address, package);
        Self {
            name: hash(&name.sk),
            release: hash(&package.release_key(registry).sk),
            has_name: false,
            has_release: false,
        }
    }
}

fn hash(sort_key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    sort_key.hash(&mut hasher);
    hasher.finish()
}

//! Registries: the record, and its reads.
//!
//! A registry's id is above those of all earlier registries of its address and of their packages, so
//! that ids are in the order of generations even where the clocks that minted them were wrong.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Organization, Records, keys};
use crate::address::RegistryAddress;
use crate::digest::Digest;
use crate::ecosystem::Ecosystem;
use crate::error::{Error, Result};
use crate::release::Reuse;
use crate::slug::Slug;

/// A registry: packages of one ecosystem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    /// Its identity.
    pub id: Uuid,
    /// Its organization, by identity.
    pub organization_id: Uuid,
    /// Its address.
    #[serde(flatten, with = "SluggedAddress")]
    pub address: RegistryAddress,
    /// The ecosystem of its packages.
    pub ecosystem: Ecosystem,
    /// The ecosystem as the creation spelled it, such as `rubygems`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecosystem_as_sent: Option<String>,
    /// Details that its team has given it.
    #[serde(flatten)]
    pub details: Details,
    /// The creation, by which its repeat is recognized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation: Option<Creation>,
    /// The last update, a UUIDv7 that is never used again; none before the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<Uuid>,
}

/// Properties of a registry that can be changed, each byte for byte as it was sent: clients compare
/// them. None is another value than an empty text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Its name for people; without one, its slug is its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// An emoji, or its name between colons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emoji: Option<String>,
    /// A color, such as `#BADA55`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// The text of its OIDC policy, which was a valid one when it was stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oidc_policy: Option<String>,
    /// Ids of teams, in the order in which they were sent. Nothing here depends on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_ids: Option<Vec<String>>,
    /// Whether a release may be published again after its package was deleted; none is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reuse: Option<Reuse>,
}

/// The creation of a registry by a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Creation {
    /// Id of the token.
    pub token_id: Uuid,
    /// Digest of everything that the request named.
    pub fingerprint: Digest<32>,
}

/// Names of an address's attributes in a registry's own record.
#[derive(Serialize, Deserialize)]
#[serde(remote = "RegistryAddress")]
struct SluggedAddress {
    organization: Slug,
    #[serde(rename = "slug")]
    registry: Slug,
}

impl Registry {
    /// A registry of which nothing else is known.
    #[cfg(test)]
    pub(crate) fn plain(
        id: Uuid,
        organization_id: Uuid,
        address: RegistryAddress,
        ecosystem: Ecosystem,
    ) -> Self {
        Self {
            id,
            organization_id,
            address,
            ecosystem,
            ecosystem_as_sent: None,
            details: Details::default(),
            creation: None,
            revision: None,
        }
    }

    /// The registry's own slug, the last part of its address.
    #[must_use]
    pub fn slug(&self) -> &Slug {
        &self.address.registry
    }

    /// Its name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        self.details.name.as_deref().unwrap_or(self.slug().as_str())
    }

    /// The ecosystem in the spelling of the creation.
    #[must_use]
    pub fn ecosystem_as_sent(&self) -> &str {
        let sent = self.ecosystem_as_sent.as_deref();
        sent.unwrap_or(self.ecosystem.as_str())
    }
}

impl Records {
    /// The newest id that an earlier registry of this address has left: its own, or a package's,
    /// which another clock may have minted. Nil where there is none.
    pub(super) async fn newest_predecessor(&self, address: &RegistryAddress) -> Result<Uuid> {
        let registries = keys::deleted_registry_prefix(address);
        let packages = keys::packages_partition(address);
        let (registry, package) = tokio::try_join!(
            self.newest_sort_key(keys::DELETED_REGISTRIES, &registries),
            self.newest_sort_key(&packages, "")
        )?;
        let id = |key: Option<String>| {
            let id = key?.rsplit('/').next().map(Uuid::parse_str)?;
            id.ok()
        };
        Ok(id(registry).max(id(package)).unwrap_or_default())
    }

    /// The registry of this address.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn registry(&self, address: &RegistryAddress) -> Result<Registry> {
        self.get(&keys::registry(address))
            .await?
            .ok_or_else(|| Error::NotFound(format!("There is no registry `{address}`.")))
    }

    /// An organization's registries, by slug.
    ///
    /// # Errors
    /// [`Error::Throttled`], [`Error::Unavailable`].
    pub async fn registries(&self, organization: &Organization) -> Result<Vec<Registry>> {
        let partition = keys::organization_partition(&organization.slug);
        let all: Vec<Registry> = self.all(&partition, keys::REGISTRY_PREFIX).await?;
        Ok(all
            .into_iter()
            .filter(|registry| registry.organization_id == organization.id)
            .collect())
    }
}

pub(super) fn no_organization(slug: &Slug) -> Error {
    Error::NotFound(format!("There is no organization `{slug}`."))
}

//! Addresses: the one place that builds a URL.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use crate::address::RegistryAddress;
use crate::id::PackageId;
use crate::slug::Slug;

/// Bases of all addresses: where this API, and its pages for people, are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Urls {
    pub(crate) api: String,
    pub(crate) web: String,
}

impl Urls {
    /// Address of an organization in the API.
    pub(crate) fn organization(&self, organization: &Slug) -> String {
        format!("{}/v2/organizations/{organization}", self.api)
    }

    /// Address of one page of an organization's audit events.
    pub(crate) fn audit_events(&self, organization: &Slug, parameters: &[(&str, String)]) -> String {
        format!(
            "{}/audit_events?{}",
            self.organization(organization),
            query(parameters)
        )
    }

    /// Address of an audit event.
    pub(crate) fn audit_event(&self, organization: &Slug, id: Uuid) -> String {
        format!("{}/audit_events/{id}", self.organization(organization))
    }

    /// Page of an organization for people.
    pub(crate) fn organization_web(&self, organization: &Slug) -> String {
        format!("{}/{organization}", self.web)
    }

    /// Addresses of a registry, and of what lies below it.
    pub(crate) fn registry(&self, address: &RegistryAddress) -> RegistryUrls {
        let RegistryAddress {
            organization,
            registry,
        } = address;
        RegistryUrls {
            api: format!(
                "{}/v2/packages/organizations/{organization}/registries/{registry}",
                self.api
            ),
            web: format!(
                "{}/organizations/{organization}/packages/registries/{registry}",
                self.web
            ),
        }
    }
}

/// Addresses of a registry, in the API and for people, and of what lies below it.
#[derive(Debug)]
pub(crate) struct RegistryUrls {
    pub(crate) api: String,
    pub(crate) web: String,
}

impl RegistryUrls {
    /// Address of a registry's token in the API.
    pub(crate) fn token(&self, id: Uuid) -> String {
        format!("{}/tokens/{id}", self.api)
    }

    /// Address of one page of a registry's list.
    pub(crate) fn packages(&self, parameters: &[(&str, String)]) -> String {
        format!("{}/packages?{}", self.api, query(parameters))
    }

    /// Address of a package in the API.
    pub(crate) fn package(&self, id: PackageId) -> String {
        format!("{}/packages/{id}", self.api)
    }

    /// Page of a package for people.
    pub(crate) fn package_web(&self, id: PackageId) -> String {
        format!("{}/packages/{id}", self.web)
    }

    /// Address from which a package's file is downloaded.
    pub(crate) fn download(&self, id: PackageId) -> String {
        format!("{}/packages/{id}/download", self.api)
    }

    /// Address of a package's attestations.
    pub(crate) fn attestations(&self, id: PackageId) -> String {
        format!("{}/packages/{id}/attestations", self.api)
    }
}

/// Parameters as a query.
fn query(parameters: &[(&str, String)]) -> String {
    let pairs: Vec<_> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
        .collect();
    pairs.join("&")
}

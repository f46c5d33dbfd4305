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

    /// Address of a registry in the API.
    pub(crate) fn registry(&self, address: &RegistryAddress) -> String {
        let RegistryAddress {
            organization,
            registry,
        } = address;
        format!(
            "{}/v2/packages/organizations/{organization}/registries/{registry}",
            self.api
        )
    }

    /// Address of a registry's token in the API.
    pub(crate) fn registry_token(&self, address: &RegistryAddress, id: Uuid) -> String {
        format!("{}/tokens/{id}", self.registry(address))
    }

    /// Page of a registry for people.
    pub(crate) fn registry_web(&self, address: &RegistryAddress) -> String {
        let RegistryAddress {
            organization,
            registry,
        } = address;
        format!(
            "{}/organizations/{organization}/packages/registries/{registry}",
            self.web
        )
    }

    /// Address of a package in the API.
    pub(crate) fn package(&self, address: &RegistryAddress, id: PackageId) -> String {
        format!("{}/packages/{id}", self.registry(address))
    }

    /// Address from which a package's file is downloaded.
    pub(crate) fn download(&self, address: &RegistryAddress, id: PackageId) -> String {
        format!("{}/download", self.package(address, id))
    }

    /// Address of a package's attestations.
    pub(crate) fn attestations(&self, address: &RegistryAddress, id: PackageId) -> String {
        format!("{}/attestations", self.package(address, id))
    }

    /// Address of one page of a registry's list.
    pub(crate) fn packages(&self, address: &RegistryAddress, parameters: &[(&str, String)]) -> String {
        format!("{}/packages?{}", self.registry(address), query(parameters))
    }

    /// Page of a package for people.
    pub(crate) fn package_web(&self, address: &RegistryAddress, id: PackageId) -> String {
        format!("{}/packages/{id}", self.registry_web(address))
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

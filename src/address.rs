//! The address of a registry: the front of every path, key and object of it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::slug::Slug;

/// An organization's slug and a registry's, written `organization/registry`. It can be the address of a
/// registry that does not exist, or of several, one after another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RegistryAddress {
    /// The organization's slug.
    pub organization: Slug,
    /// The registry's own slug.
    pub registry: Slug,
}

impl RegistryAddress {
    /// The address of these two slugs, if both are valid ones.
    pub(crate) fn parse(organization: &str, registry: &str) -> Option<Self> {
        Some(Self {
            organization: organization.parse().ok()?,
            registry: registry.parse().ok()?,
        })
    }
}

impl fmt::Display for RegistryAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.organization, self.registry)
    }
}

/// A text that is not the address of a registry, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidAddress(String);

impl fmt::Display for InvalidAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidAddress {}

impl FromStr for RegistryAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((organization, registry)) = text.split_once('/') else {
            return Err(InvalidAddress(format!(
                "`{text}` is not the address of a registry: write the organization's slug, a slash and the \
                 registry's slug"
            )));
        };
        let slug = |text: &str| {
            text.parse::<Slug>()
                .map_err(|error| InvalidAddress(error.to_string()))
        };
        Ok(Self {
            organization: slug(organization)?,
            registry: slug(registry)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_what_it_writes() {
        let address: RegistryAddress = "my_org/my-registry".parse().unwrap();
        assert_eq!(address.organization.as_str(), "my_org");
        assert_eq!(address.registry.as_str(), "my-registry");
        assert_eq!(address.to_string(), "my_org/my-registry");
        assert_eq!(RegistryAddress::parse("my_org", "my-registry"), Some(address));
    }

    #[test]
    fn an_invalid_address_is_explained() {
        for (text, reason) in [
            ("my_org", "`my_org` is not the address of a registry"),
            ("my_org/", "`` is "),
            ("my_org/a/b", "`a/b` is "),
            ("/r", "`` is "),
        ] {
            let error = text.parse::<RegistryAddress>().unwrap_err().to_string();
            assert!(error.starts_with(reason), "{error}");
        }
        assert_eq!(RegistryAddress::parse("o", "R"), None);
    }
}

//! Addresses of packages on the command line.

use std::str::FromStr;

use packages_api::{InvalidAddress, PackageId, RegistryAddress};

/// Place of a package: `ORGANIZATION/REGISTRY/ID`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackageAddress {
    pub(super) registry: RegistryAddress,
    pub(super) id: PackageId,
}

impl FromStr for PackageAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text
            .rsplit_once('/')
            .filter(|(registry, _)| registry.contains('/'));
        let (registry, id) = parts.ok_or("expected ORGANIZATION/REGISTRY/ID")?;
        let registry: RegistryAddress = registry
            .parse()
            .map_err(|error: InvalidAddress| error.to_string())?;
        Ok(Self {
            registry,
            id: package_id(id)?,
        })
    }
}

/// A package's id, in either case.
pub(super) fn package_id(text: &str) -> Result<PackageId, String> {
    let id = text.to_ascii_lowercase();
    id.parse().map_err(|_| format!("`{id}` is not a package's id"))
}

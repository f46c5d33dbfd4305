//! Names in a request's path, as they were sent: whether there is such a thing is another matter.

use crate::id::PackageId;

/// An organization, as a path names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrganizationPath {
    pub(crate) organization: String,
}

/// An audit event of an organization, as a path names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventPath {
    pub(crate) organization: OrganizationPath,
    pub(crate) id: String,
}

/// A registry, as a path names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RegistryPath {
    pub(crate) organization: String,
    pub(crate) registry: String,
}

/// A token of a registry, as a path names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenPath {
    pub(crate) registry: RegistryPath,
    pub(crate) id: String,
}

/// A package, as a path names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackagePath {
    pub(crate) registry: RegistryPath,
    /// None where the text is the id of no package.
    pub(crate) id: Option<PackageId>,
}

//! Kinds of changes, as audit events name them.

/// Kind of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A package was published.
    PackageCreated,
    /// A package was made as a copy of another.
    PackageCopied,
    /// A package was deleted.
    PackageDeleted,
    /// A tag of a name was made to stand for a package.
    PackageTagged,
    /// A tag of a name was removed.
    PackageUntagged,
    /// A package was marked as one that should not be used any more.
    PackageDeprecated,
    /// That mark was taken from a package.
    PackageUndeprecated,
    /// A registry was created.
    RegistryCreated,
    /// A registry's own fields were changed.
    RegistryUpdated,
    /// A registry was deleted, and its packages with it.
    RegistryDeleted,
    /// The OIDC policy of a registry was set or removed.
    PolicyUpdated,
    /// A token was created.
    TokenCreated,
    /// A token's description was changed.
    TokenUpdated,
    /// A token was deleted.
    TokenDeleted,
    /// An organization was created.
    OrganizationCreated,
    /// An organization was deleted.
    OrganizationDeleted,
}

impl Action {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::PackageCreated => "package.created",
            Self::PackageCopied => "package.copied",
            Self::PackageDeleted => "package.deleted",
            Self::PackageTagged => "package.tagged",
            Self::PackageUntagged => "package.untagged",
            Self::PackageDeprecated => "package.deprecated",
            Self::PackageUndeprecated => "package.undeprecated",
            Self::RegistryCreated => "registry.created",
            Self::RegistryUpdated => "registry.updated",
            Self::RegistryDeleted => "registry.deleted",
            Self::PolicyUpdated => "policy.updated",
            Self::TokenCreated => "token.created",
            Self::TokenUpdated => "token.updated",
            Self::TokenDeleted => "token.deleted",
            Self::OrganizationCreated => "organization.created",
            Self::OrganizationDeleted => "organization.deleted",
        }
    }
}

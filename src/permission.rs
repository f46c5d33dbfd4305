//! Permissions: what a call demands of its token.

use crate::scope::Scope;

/// Kind of access to an organization's registries, their packages and its audit events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Permission {
    /// Get, list and download packages.
    Read,
    /// Publish packages.
    Publish,
    /// Delete packages.
    Delete,
    /// Get and list registries.
    ReadRegistries,
    /// Create and change registries.
    WriteRegistries,
    /// Delete registries, and all their packages.
    DeleteRegistries,
    /// Get and list audit events.
    ReadAuditEvents,
}

impl Permission {
    /// The scope that grants it, by the name that the documentation gives it.
    pub(crate) fn scope(self) -> Scope {
        match self {
            Self::Read => Scope::ReadPackages,
            Self::Publish => Scope::CreatePackages,
            Self::Delete => Scope::DeletePackages,
            Self::ReadRegistries => Scope::ReadRegistries,
            Self::WriteRegistries => Scope::WriteRegistries,
            Self::DeleteRegistries => Scope::DeleteRegistries,
            Self::ReadAuditEvents => Scope::ReadAuditEvents,
        }
    }

    /// Whether a token of these scopes has it.
    pub(crate) fn is_granted_by(self, scopes: &[Scope]) -> bool {
        // Publishing has a second name.
        scopes.contains(&self.scope()) || (self == Self::Publish && scopes.contains(&Scope::WritePackages))
    }
}

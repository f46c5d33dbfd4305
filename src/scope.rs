//! Scopes: the permissions that a token carries.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A permission that a token carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Get and list packages.
    ReadPackages,
    /// Publish packages.
    CreatePackages,
    /// Publish packages, by its other name.
    WritePackages,
    /// Delete packages.
    DeletePackages,
    /// Get and list registries.
    ReadRegistries,
    /// Create and change registries.
    WriteRegistries,
    /// Delete registries.
    DeleteRegistries,
    /// Get and list audit events.
    ReadAuditEvents,
}

impl Scope {
    /// Every scope there is.
    pub const ALL: [Self; 8] = [
        Self::ReadPackages,
        Self::CreatePackages,
        Self::WritePackages,
        Self::DeletePackages,
        Self::ReadRegistries,
        Self::WriteRegistries,
        Self::DeleteRegistries,
        Self::ReadAuditEvents,
    ];

    /// The scope's name in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadPackages => "read_packages",
            Self::CreatePackages => "create_packages",
            Self::WritePackages => "write_packages",
            Self::DeletePackages => "delete_packages",
            Self::ReadRegistries => "read_registries",
            Self::WriteRegistries => "write_registries",
            Self::DeleteRegistries => "delete_registries",
            Self::ReadAuditEvents => "read_audit_events",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::as_str).join(", ");
                format!("`{text}` is not a valid scope: expected one of {known}")
            })
    }
}

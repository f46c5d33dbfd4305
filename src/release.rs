//! Releases: what one package of a registry holds, and no other.

use std::fmt;

/// A name, a version and a variant, as the package's file spells them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its architecture, platform or distribution.
    pub variant: Option<String>,
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)?;
        match &self.variant {
            Some(variant) => write!(f, " ({variant})"),
            None => Ok(()),
        }
    }
}

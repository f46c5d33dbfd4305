//! Releases: what one package of a registry holds, and no other.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Rule of a registry: whether a release may be published again after its package was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reuse {
    /// Never: whoever has installed a release can rely on it.
    Never,
    /// With the same bytes alone.
    SameBytes,
    /// With any content, as the public service has it.
    #[default]
    Any,
}

impl Reuse {
    /// Every rule, by its name.
    const ALL: [(&'static str, Self); 3] = [
        ("never", Self::Never),
        ("same_bytes", Self::SameBytes),
        ("any", Self::Any),
    ];
}

impl FromStr for Reuse {
    type Err = UnknownReuse;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|(name, _)| *name == text);
        found.map(|(_, reuse)| reuse).ok_or(UnknownReuse)
    }
}

/// A text that names no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownReuse;

impl fmt::Display for UnknownReuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a deleted release may be published again `never`, with the `same_bytes`, or with `any`")
    }
}

impl std::error::Error for UnknownReuse {}

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

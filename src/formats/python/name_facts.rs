//! Facts of a Python package that the page of its project shows.

use serde::{Deserialize, Serialize};

use super::Facts;

/// Facts of one file of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct NameFacts {
    /// Versions of Python that it can be installed for, as its metadata states them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires_python: Option<String>,
    /// SHA-256 of its METADATA or PKG-INFO, hexadecimal.
    pub metadata_sha256: String,
}

impl crate::formats::NameFacts for NameFacts {
    const FORMAT: u32 = 1;

    fn of_metadata(metadata: &str) -> serde_json::Result<Self> {
        let facts: Facts<'_> = serde_json::from_str(metadata)?;
        Ok(Self {
            requires_python: facts.requires_python.map(Into::into),
            metadata_sha256: facts.metadata_sha256,
        })
    }
}

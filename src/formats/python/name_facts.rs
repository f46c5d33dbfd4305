//! Facts of a Python package that the page of its project shows.

use serde::{Deserialize, Serialize};

use super::Facts;
use super::facts::FileType;

/// Bytes of METADATA that are answered by themselves. Of larger ones installers read the wheel.
const MAX_METADATA_BYTES: usize = 1024 * 1024;

/// Facts of one file of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct NameFacts {
    /// Versions of Python that it can be installed for, as its metadata states them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires_python: Option<String>,
    /// SHA-256 of a wheel's METADATA, hexadecimal, where that can be had by itself (PEP 658).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata_sha256: Option<String>,
}

impl crate::formats::NameFacts for NameFacts {
    const FORMAT: u32 = 1;

    fn of_metadata(metadata: &str) -> serde_json::Result<Self> {
        let facts: Facts<'_> = serde_json::from_str(metadata)?;
        let is_readable = facts.filetype == FileType::Wheel && facts.metadata_size <= MAX_METADATA_BYTES;
        Ok(Self {
            requires_python: facts.requires_python.map(Into::into),
            metadata_sha256: is_readable.then_some(facts.metadata_sha256),
        })
    }
}

//! Facts of a gem that the compact index shows in its line.

use serde::{Deserialize, Serialize};

use super::facts::{Dependency, Facts};

/// Facts of one gem of a name. Version and platform, and the file's SHA-256, are attributes of every name's record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct NameFacts {
    /// Names and requirements of the gems that it needs to run, in the order of its specification.
    pub dependencies: Vec<(String, String)>,
    /// As `Gem::Requirement` prints it: `>= 2.7, < 4`.
    pub ruby: String,
    /// As `Gem::Requirement` prints it: `>= 0`.
    pub rubygems: String,
}

impl crate::formats::NameFacts for NameFacts {
    const FORMAT: u32 = 1;

    fn of_metadata(metadata: &str) -> serde_json::Result<Self> {
        let facts: Facts = serde_json::from_str(metadata)?;
        let pair = |Dependency { name, requirement }| (name, requirement);
        Ok(Self {
            dependencies: facts.runtime_dependencies.into_iter().map(pair).collect(),
            ruby: facts.required_ruby_version,
            rubygems: facts.required_rubygems_version,
        })
    }
}

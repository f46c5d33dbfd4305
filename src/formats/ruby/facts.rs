//! Facts of gems, as Bundler's compact index, the dependency API and a gem's page show them.
//!
//! Every field has a default, so that items of earlier versions read too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Facts of one gem.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) homepage: Option<String>,
    pub(crate) authors: Vec<String>,
    pub(crate) licenses: Vec<String>,
    /// As `Gem::Requirement` prints it: `>= 2.7, < 4`.
    pub(crate) required_ruby_version: String,
    pub(crate) required_rubygems_version: String,
    pub(crate) runtime_dependencies: Vec<Dependency>,
    pub(crate) development_dependencies: Vec<Dependency>,
    /// Native code to build when the gem is installed.
    pub(crate) extensions: Vec<String>,
    /// The specification's own `metadata`: links and flags.
    pub(crate) metadata: BTreeMap<String, String>,
}

/// A dependency on another gem.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) requirement: String,
}

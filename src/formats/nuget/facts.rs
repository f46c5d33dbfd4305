//! Facts of `NuGet` packages, as registration pages and the search service show them.
//!
//! Every field has a default, so that items of earlier versions read too.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Facts of one package.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Facts<'a> {
    /// Every element of `<metadata>` that is text, under its own name.
    pub(crate) fields: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    /// `expression` or `file`.
    pub(crate) license_type: Option<Cow<'a, str>>,
    pub(crate) min_client_version: Option<Cow<'a, str>>,
    pub(crate) repository: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    pub(crate) package_types: Vec<PackageType<'a>>,
    pub(crate) dependency_groups: Vec<DependencyGroup<'a>>,
    /// The nuspec itself.
    pub(crate) nuspec: Cow<'a, str>,
}

/// A package type, such as `DotnetTool`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PackageType<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) version: Option<Cow<'a, str>>,
}

/// Dependencies for one target framework, or for all.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct DependencyGroup<'a> {
    pub(crate) target_framework: Option<Cow<'a, str>>,
    pub(crate) dependencies: Vec<Dependency<'a>>,
}

/// A dependency on another package.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Dependency<'a> {
    pub(crate) id: Cow<'a, str>,
    /// A range as the nuspec has it, `[1.0,2.0)`; none means any version.
    pub(crate) range: Option<Cow<'a, str>>,
    pub(crate) include: Option<Cow<'a, str>>,
    pub(crate) exclude: Option<Cow<'a, str>>,
}

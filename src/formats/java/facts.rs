//! Facts of Maven artifacts, as `maven-metadata.xml` and an artifact's page show them.
//!
//! Every field has a default, so that items of earlier versions read too.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Facts of one file of an artifact.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Facts<'a> {
    #[serde(flatten)]
    pub(crate) coordinates: Coordinates,
    pub(crate) classifier: Option<Cow<'a, str>>,
    pub(crate) extension: Cow<'a, str>,
    #[serde(flatten)]
    pub(crate) pom: Pom<'a>,
}

/// The identity of an artifact.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Coordinates {
    pub(crate) group_id: String,
    pub(crate) artifact_id: String,
    pub(crate) version: String,
}

/// Further contents of a POM; empty where an archive holds none that can be read.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Pom<'a> {
    pub(crate) packaging: Option<Cow<'a, str>>,
    pub(crate) parent: Option<Parent<'a>>,
    pub(crate) name: Option<Cow<'a, str>>,
    pub(crate) description: Option<Cow<'a, str>>,
    pub(crate) url: Option<Cow<'a, str>>,
    pub(crate) licenses: Vec<Cow<'a, str>>,
    pub(crate) dependencies: Vec<Dependency<'a>>,
}

/// A dependency as the POM has it: expressions such as `${project.version}` are left alone.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Dependency<'a> {
    pub(crate) group_id: Option<Cow<'a, str>>,
    pub(crate) artifact_id: Option<Cow<'a, str>>,
    pub(crate) version: Option<Cow<'a, str>>,
    pub(crate) scope: Option<Cow<'a, str>>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<Cow<'a, str>>,
    pub(crate) classifier: Option<Cow<'a, str>>,
    pub(crate) optional: bool,
}

/// The coordinates of a parent.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Parent<'a> {
    pub(crate) group_id: Cow<'a, str>,
    pub(crate) artifact_id: Cow<'a, str>,
    pub(crate) version: Cow<'a, str>,
}

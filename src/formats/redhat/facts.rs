//! Facts of RPM packages, as `primary.xml`, `filelists.xml` and `other.xml` show them.
//!
//! Their texts are written from the header's own bytes, and read back as strings: hence the parameter.
//! Every field has a default, so that items of earlier versions read too.

use serde::{Deserialize, Serialize};

/// Facts of one package.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de> + Default"), default)]
pub(crate) struct Facts<T = String> {
    pub(crate) epoch: u64,
    pub(crate) version: T,
    pub(crate) release: T,
    pub(crate) arch: T,
    pub(crate) summary: Option<T>,
    pub(crate) description: Option<T>,
    pub(crate) packager: Option<T>,
    pub(crate) url: Option<T>,
    pub(crate) license: Option<T>,
    pub(crate) vendor: Option<T>,
    pub(crate) group: Option<T>,
    pub(crate) build_host: Option<T>,
    pub(crate) source_rpm: Option<T>,
    pub(crate) payload_compressor: Option<T>,
    /// Seconds since 1970.
    pub(crate) build_time: Option<u64>,
    pub(crate) size: Sizes,
    pub(crate) header_range: HeaderRange,
    #[serde(flatten)]
    pub(crate) dependencies: Dependencies<T>,
    pub(crate) folders: Vec<Folder<T>>,
    pub(crate) changelog: Vec<Change<T>>,
}

/// Sizes in bytes.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Sizes {
    pub(crate) package: u64,
    pub(crate) installed: Option<u64>,
    pub(crate) archive: Option<u64>,
}

/// Offsets in the file between which the header lies; `end` is the first byte behind it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct HeaderRange {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// Dependencies of all kinds.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de> + Default"), default)]
pub(crate) struct Dependencies<T = String> {
    pub(crate) provides: Vec<Dependency<T>>,
    /// Without those that `primary.xml` leaves out: `rpmlib(…)`, and what the package has itself.
    pub(crate) requires: Vec<Dependency<T>>,
    pub(crate) conflicts: Vec<Dependency<T>>,
    pub(crate) obsoletes: Vec<Dependency<T>>,
    pub(crate) suggests: Vec<Dependency<T>>,
    pub(crate) enhances: Vec<Dependency<T>>,
    pub(crate) recommends: Vec<Dependency<T>>,
    pub(crate) supplements: Vec<Dependency<T>>,
}

/// A name, and perhaps the versions of it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de> + Default"), default)]
pub(crate) struct Dependency<T = String> {
    pub(crate) name: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flags: Option<Comparison>,
    #[serde(flatten)]
    pub(crate) version: Evr<T>,
    /// Whether it is needed before the package's scripts run.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) pre: bool,
}

/// Comparison of a dependency's version, by the names of `primary.xml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Comparison {
    #[serde(rename = "LT")]
    Less,
    #[serde(rename = "GT")]
    Greater,
    #[serde(rename = "EQ")]
    Equal,
    #[serde(rename = "LE")]
    LessOrEqual,
    #[serde(rename = "GE")]
    GreaterOrEqual,
}

/// Epoch, version and release.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de> + Default"), default)]
pub(crate) struct Evr<T = String> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) epoch: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) release: Option<T>,
}

/// The package's files in one folder.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de> + Default"), default)]
pub(crate) struct Folder<T = String> {
    /// The folder's path, with its slash at the end.
    pub(crate) path: T,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) folders: Vec<T>,
    /// Files that belong to the package but are not in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) ghosts: Vec<T>,
}

/// An entry of the changelog.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de> + Default"), default)]
pub(crate) struct Change<T = String> {
    /// Seconds since 1970.
    pub(crate) time: u64,
    pub(crate) author: T,
    pub(crate) text: T,
}

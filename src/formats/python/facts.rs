//! Facts of Python packages, as the Simple API and a project's page show them.
//!
//! Every field has a default, so that items of earlier versions read too.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Facts of one wheel or source distribution.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Facts<'a> {
    pub(crate) filetype: FileType,
    pub(crate) metadata_version: Option<Cow<'a, str>>,
    pub(crate) summary: Option<Cow<'a, str>>,
    pub(crate) requires_python: Option<Cow<'a, str>>,
    pub(crate) requires_dist: Vec<Cow<'a, str>>,
    pub(crate) provides_extra: Vec<Cow<'a, str>>,
    pub(crate) license: Option<Cow<'a, str>>,
    pub(crate) license_expression: Option<Cow<'a, str>>,
    /// PEP 639: the files that hold the licence's text.
    pub(crate) license_files: Vec<Cow<'a, str>>,
    pub(crate) author: Option<Cow<'a, str>>,
    pub(crate) author_email: Option<Cow<'a, str>>,
    pub(crate) maintainer: Option<Cow<'a, str>>,
    pub(crate) maintainer_email: Option<Cow<'a, str>>,
    pub(crate) home_page: Option<Cow<'a, str>>,
    pub(crate) keywords: Option<Cow<'a, str>>,
    pub(crate) classifiers: Vec<Cow<'a, str>>,
    pub(crate) project_urls: Vec<Cow<'a, str>>,
    pub(crate) description_content_type: Option<Cow<'a, str>>,
    pub(crate) dynamic: Vec<Cow<'a, str>>,
    /// SHA-256 of the raw bytes of METADATA, as PEP 658 publishes it.
    pub(crate) metadata_sha256: String,
    pub(crate) metadata_size: usize,
    /// The file name's build tag.
    pub(crate) build: Option<Cow<'a, str>>,
}

/// The kind of a distribution, by the names that uploads have for it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FileType {
    #[serde(rename = "bdist_wheel")]
    Wheel,
    #[default]
    #[serde(rename = "sdist")]
    SourceDistribution,
}

impl FileType {
    /// The name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Wheel => "bdist_wheel",
            Self::SourceDistribution => "sdist",
        }
    }
}

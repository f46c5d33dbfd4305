//! Facts of npm packages, as a packument shows them of a version.
//!
//! Every field has a default, so that items of earlier versions read too.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Facts of one package: its `package.json`, its `dist`, and what a registry derives from them.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Facts<'a> {
    /// `package.json` as it was written, without white space: the order of `exports` decides which file
    /// is imported.
    pub(crate) manifest: Cow<'a, RawValue>,
    /// `sha512-` and base64, as Subresource Integrity has it.
    pub(crate) integrity: String,
    /// SHA-1, hexadecimal.
    pub(crate) shasum: String,
    /// Members of the archive, folders included, as npm counts them.
    pub(crate) file_count: u64,
    /// Bytes of all of them.
    pub(crate) unpacked_size: u64,
    pub(crate) has_install_script: bool,
    /// Whether an `npm-shrinkwrap.json` pins what is installed with it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) has_shrinkwrap: bool,
    /// Commands and the files that they run.
    pub(crate) bin: BTreeMap<String, String>,
}

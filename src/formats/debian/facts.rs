//! Facts of Debian packages, as `dpkg-scanpackages` writes them into a `Packages` file.
//!
//! Every field has a default, so that items of earlier versions read too.

use serde::{Deserialize, Serialize};

/// Facts of one package.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    /// Name and value of every field of the control file, in order.
    pub(crate) control: Vec<(String, String)>,
    /// Bytes of the file.
    pub(crate) size: u64,
    pub(crate) md5sum: String,
    pub(crate) sha1: String,
    pub(crate) sha256: String,
}

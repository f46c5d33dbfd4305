//! Facts of Alpine packages, as `APKINDEX` shows them.
//!
//! Every field has a default, so that items of earlier versions read too.

use serde::{Deserialize, Serialize};

/// Facts of one package.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Facts {
    /// `Q1` and the base64 of the SHA-1 of the compressed control member, in packages of version 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) checksum: Option<String>,
    /// SHA-256 of the block that holds the tree of values, hexadecimal, in packages of version 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) adb_sha256: Option<String>,
    /// Bytes of the file; the installed size is in `pkginfo`.
    pub(crate) size: u64,
    /// Key and value of every line of `.PKGINFO`, in order.
    pub(crate) pkginfo: Vec<(String, String)>,
}

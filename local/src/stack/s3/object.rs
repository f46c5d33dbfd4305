//! An object as the bucket knows it.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use s3s::dto::{ETag, Timestamp};
use serde::{Deserialize, Serialize};

use super::checksums::Checksums;

/// One object, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) key: String,
    /// The name of the bytes, in the index or of a file.
    pub(super) blob: String,
    pub(super) size: u64,
    /// Milliseconds since 1970.
    pub(super) modified: i64,
    pub(super) attributes: Attributes,
}

impl Object {
    /// `Last-Modified`, which HTTP knows to the second.
    pub(super) fn last_modified(&self) -> Timestamp {
        let seconds = u64::try_from(self.modified / 1000).unwrap_or(0);
        Timestamp::from(UNIX_EPOCH + Duration::from_secs(seconds))
    }

    /// `ETag`.
    pub(super) fn etag(&self) -> ETag {
        ETag::Strong(self.attributes.etag.clone())
    }
}

/// Further attributes of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attributes {
    /// Without quotes.
    pub(super) etag: String,
    pub(super) checksums: Checksums,
    pub(super) headers: Headers,
}

/// The headers that come back as they were sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Headers {
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
}

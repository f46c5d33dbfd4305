//! Uploads that became packages: who asks a second time gets the same package, at once.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Records, Registry, keys, to_item};
use crate::error::Result;
use crate::id::PackageId;

/// How long an upload is remembered: longer than its object lies in the bucket.
const REMEMBERED: Duration = Duration::from_hours(7 * 24);

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Upload {
    pub(crate) registry_id: Uuid,
    pub(crate) package_id: PackageId,
    /// When the table forgets it, in seconds since 1970.
    expires_at: u64,
}

impl Records {
    /// Remembers, as part of the release, what became of an upload.
    pub(super) fn remembered(
        &self,
        registry: &Registry,
        upload: Uuid,
        package: PackageId,
    ) -> Result<TransactWriteItem> {
        // From the package's own time: the repeat of a transaction must not differ from it.
        let end = package.minted_at() + REMEMBERED;
        let record = Upload {
            registry_id: registry.id,
            package_id: package,
            expires_at: end
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default()
                .as_secs(),
        };
        let key = keys::upload(&registry.organization, &registry.slug, upload);
        self.writes().put(to_item(&key, &record)?, |put| put)
    }
}

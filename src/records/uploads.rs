//! Uploads that became packages: a repeated publish of an upload gets the first one's package at once.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Item, Records, Registry, keys, to_item};
use crate::aws;
use crate::error::Result;
use crate::id::PackageId;
use crate::time::epoch_seconds;

/// Time for which an upload is remembered: longer than its object lies in the bucket.
const REMEMBERED: Duration = Duration::from_hours(7 * 24);

/// A file that was posted with the form of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UploadRef<'a> {
    pub(crate) upload: Uuid,
    /// The file's name: a form may be posted again under another one, which is another file.
    pub(crate) filename: &'a str,
    /// The posted object's ETag: a form may be posted again with other bytes, too.
    pub(crate) etag: &'a str,
}

/// The package that an upload became.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Upload {
    pub(crate) registry_id: Uuid,
    pub(crate) package_id: PackageId,
    /// The posted file's name; the first records of 0.1.0 have none, and match no file.
    #[serde(default)]
    pub(crate) filename: Option<String>,
    /// The posted object's ETag; records of 0.1.0 have none.
    #[serde(default)]
    pub(crate) etag: Option<String>,
    /// End of the record, in seconds since 1970; the table removes it some time later.
    expires_at: u64,
}

impl Records {
    /// Part of a publish that records which package the upload became.
    pub(super) fn upload_put(
        &self,
        registry: &Registry,
        posted: UploadRef<'_>,
        package: PackageId,
    ) -> Result<TransactWriteItem> {
        // From the package's own time: the repeat of a transaction must not differ from it.
        let item = item(registry, posted, package, package.minted_at())?;
        self.transaction_items().put(item, |put| put)
    }

    /// Records, after a publish, that an upload brought the same bytes as `package`, which was there
    /// before: a repeat need not wait for all of them to be read again.
    ///
    /// Where this arrives late, after that package was deleted and another one recorded, the next repeat
    /// reads the upload once more.
    pub(crate) async fn remember(
        &self,
        registry: &Registry,
        posted: UploadRef<'_>,
        package: PackageId,
    ) -> Result<()> {
        let put = self.client.put_item().table_name(&self.table);
        let put = put.set_item(Some(item(registry, posted, package, SystemTime::now())?));
        put.send().await.map(drop).map_err(aws::failed)
    }
}

fn item(registry: &Registry, posted: UploadRef<'_>, package: PackageId, now: SystemTime) -> Result<Item> {
    let record = Upload {
        registry_id: registry.id,
        package_id: package,
        filename: Some(posted.filename.to_owned()),
        etag: Some(posted.etag.to_owned()),
        expires_at: epoch_seconds(now + REMEMBERED),
    };
    let key = keys::upload(&registry.address, posted.upload);
    to_item(&key, &record)
}

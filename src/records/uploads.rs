//! Uploads that became packages: who asks a second time gets the same package, at once.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Item, Records, Registry, expires_at, keys, to_item};
use crate::aws;
use crate::error::Result;
use crate::id::PackageId;

/// How long an upload is remembered: longer than its object lies in the bucket.
const REMEMBERED: Duration = Duration::from_hours(7 * 24);

/// A file that was posted with the form of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Posted<'a> {
    pub(crate) upload: Uuid,
    /// A form may be posted again under another name, which is another file.
    pub(crate) filename: &'a str,
    /// The posted object's ETag: a form may be posted again with other bytes, too.
    pub(crate) etag: &'a str,
}

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Upload {
    pub(crate) registry_id: Uuid,
    pub(crate) package_id: PackageId,
    /// Of which file.
    pub(crate) filename: String,
    /// The ETag of the posted object; records of 0.1.0 have none.
    #[serde(default)]
    pub(crate) etag: Option<String>,
    /// When the table forgets it, in seconds since 1970.
    expires_at: u64,
}

impl Records {
    /// Remembers, as part of the release, what became of an upload.
    pub(super) fn remembered(
        &self,
        registry: &Registry,
        posted: Posted<'_>,
        package: PackageId,
    ) -> Result<TransactWriteItem> {
        // From the package's own time: the repeat of a transaction must not differ from it.
        let item = item(registry, posted, package, package.minted_at())?;
        self.writes().put(item, |put| put)
    }

    /// Remembers, after a release, that an upload brought the same bytes as `package`, which was there
    /// before: who asks again need not wait for all of them to be read again.
    ///
    /// Arriving late, after that package has been deleted and another remembered, it only costs the
    /// next repeat the whole way.
    pub(crate) async fn remember(
        &self,
        registry: &Registry,
        posted: Posted<'_>,
        package: PackageId,
    ) -> Result<()> {
        let put = self.client.put_item().table_name(&self.table);
        let put = put.set_item(Some(item(registry, posted, package, SystemTime::now())?));
        put.send().await.map(drop).map_err(aws::failed)
    }
}

fn item(registry: &Registry, posted: Posted<'_>, package: PackageId, now: SystemTime) -> Result<Item> {
    let record = Upload {
        registry_id: registry.id,
        package_id: package,
        filename: posted.filename.to_owned(),
        etag: Some(posted.etag.to_owned()),
        expires_at: expires_at(now, REMEMBERED),
    };
    let key = keys::upload(&registry.address, posted.upload);
    to_item(&key, &record)
}

//! Marks of uploads that are being published at this moment.

use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Records, Registry, Upload, keys, to_item};
use crate::aws;
use crate::error::Result;
use crate::time::{epoch_seconds, has_come};

/// Time that a mark lasts unless it is renewed: a worker that crashed keeps others waiting for so long.
const LIFETIME: Duration = Duration::from_secs(30);

/// A mark that an upload is being published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Work {
    pub(crate) registry_id: Uuid,
    /// Identity of the request that is at work.
    worker: Uuid,
    /// The file's name: a form may be posted again under another one, which is another file.
    pub(crate) filename: String,
    /// When the mark ends, in seconds since 1970; the table removes it some time after.
    expires_at: u64,
}

impl Work {
    /// Whether the worker is still at it, as far as can be known.
    pub(crate) fn is_current(&self) -> bool {
        !has_come(self.expires_at)
    }
}

/// State of an upload, as far as the table knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadState {
    /// Package that it became, if it became one.
    pub(crate) became: Option<Upload>,
    /// Mark that it is being published at this moment.
    pub(crate) work: Option<Work>,
}

impl UploadState {
    /// The part of it that is this registry's, by identity.
    pub(crate) fn of(self, registry: &Registry) -> Self {
        Self {
            became: self.became.filter(|became| became.registry_id == registry.id),
            work: self.work.filter(|work| work.registry_id == registry.id),
        }
    }
}

impl Records {
    /// Marks an upload as being published by `worker`, or renews the mark.
    pub(crate) async fn mark_work(
        &self,
        registry: &Registry,
        upload: Uuid,
        filename: &str,
        worker: Uuid,
    ) -> Result<()> {
        let key = keys::work(&registry.address, upload);
        let work = Work {
            registry_id: registry.id,
            worker,
            filename: filename.to_owned(),
            expires_at: epoch_seconds(SystemTime::now() + LIFETIME),
        };
        let put = self.client.put_item().table_name(&self.table);
        let put = put.set_item(Some(to_item(&key, &work)?));
        put.send().await.map(drop).map_err(aws::failed)
    }

    /// Takes back the mark of `worker`, unless another one's has come to its place.
    pub(crate) async fn unmark_work(&self, registry: &Registry, upload: Uuid, worker: Uuid) -> Result<()> {
        let key = keys::work(&registry.address, upload);
        let deleted = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .condition_expression("attribute_not_exists(pk) OR worker = :worker")
            .expression_attribute_values(":worker", AttributeValue::S(worker.to_string()))
            .send()
            .await;
        match deleted {
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            deleted => deleted.map(drop).map_err(aws::failed),
        }
    }

    /// Reads the state of an upload again.
    pub(crate) async fn upload_state(&self, registry: &Registry, upload: Uuid) -> Result<UploadState> {
        let became = keys::upload(&registry.address, upload);
        let work = keys::work(&registry.address, upload);
        let mut found = self.find(&[&became, &work]).await?;
        let state = UploadState {
            became: found.take(&became)?,
            work: found.take(&work)?,
        };
        Ok(state.of(registry))
    }
}

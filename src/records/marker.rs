//! The marker: which table and which bucket belong together.
//!
//! A table that was restored under another name, or one of another deployment, does not know the
//! files of this bucket: to a sweep, all of them would look like orphans.

use std::time::SystemTime;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use serde::{Deserialize, Serialize};

use super::{Records, keys, to_item};
use crate::error::Result;
use crate::time::{epoch_millis, from_epoch_millis};

/// The pair of table and bucket, as the table records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The table's name at the time of writing.
    pub table: String,
    /// The bucket of the files.
    pub bucket: String,
    /// The adoption, in milliseconds since 1970: objects without a record that are not newer are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined_until: Option<u64>,
    /// Whether the table's list of organizations has all of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) organizations_listed: bool,
}

impl Marker {
    /// The moment of the adoption, where there is a quarantine.
    pub(crate) fn quarantined_until(&self) -> Option<SystemTime> {
        self.quarantined_until.map(from_epoch_millis)
    }
}

impl Records {
    /// The table's marker, if it has one.
    ///
    /// # Errors
    /// [`Error::Throttled`](crate::Error::Throttled), [`Error::Unavailable`](crate::Error::Unavailable).
    pub async fn marker(&self) -> Result<Option<Marker>> {
        self.get(&keys::marker()).await
    }

    /// Declares that this table and `bucket` belong together, whatever was declared before.
    ///
    /// # Errors
    /// [`Error::Throttled`](crate::Error::Throttled), [`Error::Unavailable`](crate::Error::Unavailable).
    pub async fn mark(&self, bucket: &str) -> Result<Marker> {
        self.put_marker(bucket, None).await
    }

    /// Declares that this table and `bucket` belong together from now on, and that what has no record at the
    /// moment of the `quarantine` is to be kept.
    pub(crate) async fn put_marker(&self, bucket: &str, quarantine: Option<SystemTime>) -> Result<Marker> {
        let marker = Marker {
            table: self.table.clone(),
            bucket: bucket.to_owned(),
            quarantined_until: quarantine.map(epoch_millis),
            organizations_listed: false,
        };
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(to_item(&keys::marker(), &marker)?))
            .send()
            .await
            .map_err(crate::aws::failed)?;
        Ok(marker)
    }

    /// Ends a quarantine, if there is one.
    pub(crate) async fn lift_quarantine(&self) -> Result<()> {
        let update = self.client.update_item().table_name(&self.table);
        let updated = update
            .set_key(Some(keys::marker().attributes()))
            .update_expression("REMOVE quarantined_until")
            .condition_expression("attribute_exists(pk)")
            .send()
            .await;
        match updated {
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            updated => updated.map(drop).map_err(crate::aws::failed),
        }
    }
}

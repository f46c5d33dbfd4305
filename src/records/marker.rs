//! The marker: which table and which bucket belong together.
//!
//! A table that was restored under another name, or one of another deployment, does not know the
//! files of this bucket: to a sweep, all of them would look like orphans.

use serde::{Deserialize, Serialize};

use super::{Records, keys, to_item};
use crate::error::Result;

/// The table's own word on the bucket that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The table's name at the time of writing.
    pub table: String,
    /// The bucket of the files.
    pub bucket: String,
}

impl Records {
    /// What the table says it belongs to.
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
        let marker = Marker {
            table: self.table.clone(),
            bucket: bucket.to_owned(),
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
}

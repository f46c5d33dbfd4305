//! The parts of a transaction, each of one table.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::builders::{ConditionCheckBuilder, DeleteBuilder, PutBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem, Update};

use super::keys::Key;
use super::{Item, Records};
use crate::error::{Error, Result};

/// Writes to one table, each with its condition.
pub(super) struct Writes<'a> {
    table: &'a str,
}

impl Records {
    pub(super) fn writes(&self) -> Writes<'_> {
        Writes { table: &self.table }
    }
}

impl Writes<'_> {
    pub(super) fn put(
        &self,
        item: Item,
        when: impl FnOnce(PutBuilder) -> PutBuilder,
    ) -> Result<TransactWriteItem> {
        let put = Put::builder().table_name(self.table).set_item(Some(item));
        Ok(TransactWriteItem::builder()
            .put(built(when(put).build())?)
            .build())
    }

    pub(super) fn delete(
        &self,
        key: &Key,
        when: impl FnOnce(DeleteBuilder) -> DeleteBuilder,
    ) -> Result<TransactWriteItem> {
        let delete = Delete::builder()
            .table_name(self.table)
            .set_key(Some(key.attributes()));
        Ok(TransactWriteItem::builder()
            .delete(built(when(delete).build())?)
            .build())
    }

    /// Writes nothing: the others are written only where this item is as it must be.
    pub(super) fn check(
        &self,
        key: &Key,
        when: impl FnOnce(ConditionCheckBuilder) -> ConditionCheckBuilder,
    ) -> Result<TransactWriteItem> {
        let check = ConditionCheck::builder()
            .table_name(self.table)
            .set_key(Some(key.attributes()));
        Ok(TransactWriteItem::builder()
            .condition_check(built(when(check).build())?)
            .build())
    }

    pub(super) fn update(
        &self,
        key: &Key,
        when: impl FnOnce(UpdateBuilder) -> UpdateBuilder,
    ) -> Result<TransactWriteItem> {
        let update = Update::builder()
            .table_name(self.table)
            .set_key(Some(key.attributes()));
        Ok(TransactWriteItem::builder()
            .update(built(when(update).build())?)
            .build())
    }
}

/// What the SDK's builders refuse is our own mistake.
fn built<T>(built: Result<T, BuildError>) -> Result<T> {
    built.map_err(|error| Error::Internal(error.to_string()))
}

//! Items of a transaction: its puts, deletes, updates and checks, each with its condition.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::builders::{ConditionCheckBuilder, DeleteBuilder, PutBuilder, UpdateBuilder};
use aws_sdk_dynamodb::types::{ConditionCheck, Delete, Put, TransactWriteItem, Update};

use super::keys::Key;
use super::{Item, Records};
use crate::error::{Error, Result};

/// Maker of the items of transactions on one table.
pub(super) struct TransactionItems<'a> {
    table: &'a str,
}

impl Records {
    pub(super) fn transaction_items(&self) -> TransactionItems<'_> {
        TransactionItems { table: &self.table }
    }
}

impl TransactionItems<'_> {
    pub(super) fn put(
        &self,
        item: Item,
        condition: impl FnOnce(PutBuilder) -> PutBuilder,
    ) -> Result<TransactWriteItem> {
        let put = Put::builder().table_name(self.table).set_item(Some(item));
        Ok(TransactWriteItem::builder()
            .put(built(condition(put).build())?)
            .build())
    }

    pub(super) fn delete(
        &self,
        key: &Key,
        condition: impl FnOnce(DeleteBuilder) -> DeleteBuilder,
    ) -> Result<TransactWriteItem> {
        let delete = Delete::builder()
            .table_name(self.table)
            .set_key(Some(key.attributes()));
        Ok(TransactWriteItem::builder()
            .delete(built(condition(delete).build())?)
            .build())
    }

    /// A check that writes nothing: the others are written only where its condition holds.
    pub(super) fn check(
        &self,
        key: &Key,
        condition: impl FnOnce(ConditionCheckBuilder) -> ConditionCheckBuilder,
    ) -> Result<TransactWriteItem> {
        let check = ConditionCheck::builder()
            .table_name(self.table)
            .set_key(Some(key.attributes()));
        Ok(TransactWriteItem::builder()
            .condition_check(built(condition(check).build())?)
            .build())
    }

    pub(super) fn update(
        &self,
        key: &Key,
        condition: impl FnOnce(UpdateBuilder) -> UpdateBuilder,
    ) -> Result<TransactWriteItem> {
        let update = Update::builder()
            .table_name(self.table)
            .set_key(Some(key.attributes()));
        Ok(TransactWriteItem::builder()
            .update(built(condition(update).build())?)
            .build())
    }
}

/// A built item. The SDK's builders refuse only mistakes of ours.
fn built<T>(built: Result<T, BuildError>) -> Result<T> {
    built.map_err(|error| Error::Internal(error.to_string()))
}

//! Kinds of the keys that a call of DynamoDB is about, for the log.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::batch_get_item::BatchGetItemInput;
use aws_sdk_dynamodb::operation::batch_write_item::BatchWriteItemInput;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemInput;
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::operation::transact_get_items::TransactGetItemsInput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, KeysAndAttributes, Put, TransactGetItem, TransactWriteItem,
    Update, WriteRequest,
};
use aws_smithy_runtime_api::client::interceptors::context::Input;

use super::Item;
use super::keys::{PK, SK, is_tag};
use crate::steps::{KeyKinds, distinct};

/// Kinds of the keys in the input of an operation; of a scan, which has none, the whole table.
pub(super) fn key_kinds(input: &Input) -> KeyKinds {
    if let Some(batch) = input.downcast_ref::<BatchGetItemInput>() {
        let tables = batch.request_items.iter().flat_map(HashMap::values);
        distinct(tables.flat_map(KeysAndAttributes::keys).map(kind_of_item))
    } else if let Some(transaction) = input.downcast_ref::<TransactWriteItemsInput>() {
        distinct(transaction.transact_items().iter().map(kind_of_write))
    } else if let Some(batch) = input.downcast_ref::<BatchWriteItemInput>() {
        let writes = batch.request_items.iter().flat_map(HashMap::values).flatten();
        let deletes = writes.filter_map(WriteRequest::delete_request);
        distinct(deletes.map(|delete| kind_of_item(delete.key())))
    } else if let Some(read) = input.downcast_ref::<TransactGetItemsInput>() {
        let gets = read.transact_items().iter().filter_map(TransactGetItem::get);
        distinct(gets.map(|get| kind_of_item(get.key())))
    } else if let Some(query) = input.downcast_ref::<QueryInput>() {
        let values = query.expression_attribute_values();
        let text = |name| values.and_then(|values| values.get(name)?.as_s().ok());
        let sk = text(":prefix").or(text(":low")).map_or("", String::as_str);
        vec![kind(text(":pk").map_or("", String::as_str), sk)]
    } else {
        let item = None
            .or_else(|| input.downcast_ref::<GetItemInput>()?.key())
            .or_else(|| input.downcast_ref::<PutItemInput>()?.item())
            .or_else(|| input.downcast_ref::<UpdateItemInput>()?.key())
            .or_else(|| input.downcast_ref::<DeleteItemInput>()?.key());
        vec![item.map_or("whole table", kind_of_item)]
    }
}

fn kind_of_write(write: &TransactWriteItem) -> &'static str {
    let item = None
        .or_else(|| write.put().map(Put::item))
        .or_else(|| write.delete().map(Delete::key))
        .or_else(|| write.update().map(Update::key))
        .or_else(|| write.condition_check().map(ConditionCheck::key));
    item.map_or("unknown", kind_of_item)
}

fn kind_of_item(item: &Item) -> &'static str {
    let text = |name: &str| {
        let value = item.get(name).map(AttributeValue::as_s);
        value.and_then(Result::ok).map_or("", String::as_str)
    };
    kind(text(PK), text(SK))
}

/// Kind of the record under a key.
fn kind(pk: &str, sk: &str) -> &'static str {
    let first = pk.split('/').next().unwrap_or_default();
    match first {
        "marker" => "marker",
        "organization" if sk.starts_with("registry/") => "registry",
        "organization" if sk.starts_with("token/") => "token",
        "organization" => "organization",
        "organizations" => "list of organizations",
        "packages" => "package",
        "names" if is_tag(sk) => "tag",
        "names" => "name",
        "releases" => "release",
        "uploads" if sk.ends_with("/work") => "upload at work",
        "uploads" => "upload",
        "fence" => "fence",
        "gone" => "deleted registry",
        "audit" => "audit event",
        "issuer" => "keys of an issuer",
        "sweep" => "pass of the sweep",
        "token" => "token",
        "changes" => "change",
        "indexes" => "head of an index",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::keys;
    use super::*;
    use crate::address::RegistryAddress;
    use crate::digest::Digest;
    use crate::id::PackageId;

    #[test]
    fn every_key_has_a_kind() {
        let address = RegistryAddress::parse("a", "b").expect("two slugs");
        let slug = &address.organization;
        let id = PackageId::mint_after(Uuid::nil());
        for (key, expected) in [
            (keys::marker(), "marker"),
            (keys::organization(slug), "organization"),
            (keys::registry(&address), "registry"),
            (keys::token_by_id(slug, Uuid::nil()), "token"),
            (keys::token_by_secret(&Digest::sha256(b"")), "token"),
            (keys::organization_line(slug), "list of organizations"),
            (keys::package(&address, id), "package"),
            (keys::name_of(&address, "~tag", id), "name"),
            (keys::tag(&address, "@s/n", "latest"), "tag"),
            (keys::release(&address, "n", "1", None), "release"),
            (keys::upload(&address, Uuid::nil()), "upload"),
            (keys::work(&address, Uuid::nil()), "upload at work"),
            (keys::fence(Uuid::nil()), "fence"),
            (keys::deleted_registry(&address, Uuid::nil()), "deleted registry"),
            (keys::audit_event(Uuid::nil(), Uuid::nil()), "audit event"),
            (keys::issuer_keys("https://issuer.example"), "keys of an issuer"),
            (keys::sweep_progress(), "pass of the sweep"),
            (keys::sweep_chunk(1), "pass of the sweep"),
            (keys::change(&address, Uuid::nil()), "change"),
            (keys::head(&address, "ruby-1"), "head of an index"),
        ] {
            assert_eq!(kind_of_item(&key.attributes()), expected);
        }
    }
}

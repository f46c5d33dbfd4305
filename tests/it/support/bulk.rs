//! Registries of many packages, written straight to the table: lists show records alone.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use packages_api::PackageId;
use packages_api_local::Stack;

use super::contents::Item;

/// `DynamoDB` takes this many writes at once.
const BATCH: usize = 25;

/// Adds as many packages as `names` has to the registry of the package `like`, which was published;
/// each a copy of that one but for its id and its name. Answers their ids, oldest first.
pub(crate) async fn add(
    stack: &Stack,
    registry: &str,
    like: &str,
    names: impl Iterator<Item = String>,
) -> Vec<String> {
    let client = aws_sdk_dynamodb::Client::new(&stack.sdk_config());
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let key = HashMap::from([
        ("pk".to_owned(), text(&format!("packages/{registry}"))),
        ("sk".to_owned(), text(like)),
    ]);
    let read = client
        .get_item()
        .table_name(stack.table())
        .set_key(Some(key))
        .send()
        .await;
    let like = read.expect("a readable table").item.expect("the package");
    let mut ids = Vec::new();
    let mut batch = Vec::new();
    for name in names {
        let id = PackageId::mint().to_string();
        let mut package: Item = like.clone();
        package.insert("id".to_owned(), text(&id));
        package.insert("sk".to_owned(), text(&id));
        package.insert("name".to_owned(), text(&name));
        package.insert("normalized_name".to_owned(), text(&name));
        let mut listed = package.clone();
        listed.insert("pk".to_owned(), text(&format!("names/{registry}")));
        listed.insert("sk".to_owned(), text(&format!("{name}/{id}")));
        batch.extend([package, listed].map(|item| {
            let put = PutRequest::builder()
                .set_item(Some(item))
                .build()
                .expect("an item");
            WriteRequest::builder().put_request(put).build()
        }));
        ids.push(id);
        if batch.len() + 2 > BATCH {
            write(&client, stack.table(), std::mem::take(&mut batch)).await;
        }
    }
    write(&client, stack.table(), batch).await;
    ids
}

async fn write(client: &aws_sdk_dynamodb::Client, table: &str, batch: Vec<WriteRequest>) {
    if !batch.is_empty() {
        let written = client.batch_write_item().request_items(table, batch).send().await;
        let left = written.expect("a writable table").unprocessed_items;
        assert!(left.is_none_or(|left| left.is_empty()));
    }
}

/// The number of packages of a test that shows growth: `usual`, or as many as `PACKAGES` says where somebody measures.
pub(crate) fn count(usual: usize) -> usize {
    let count = std::env::var("PACKAGES").ok();
    count.map_or(usual, |count| count.parse().expect("PACKAGES is a number"))
}

//! Content of table and bucket, seen from behind the API.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::GetObjectError;
use packages_api_local::Stack;

pub(crate) type Item = HashMap<String, AttributeValue>;

/// Everything in the table and the bucket of a stack.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Contents {
    /// By `pk` and `sk`.
    pub(crate) records: BTreeMap<(String, String), Item>,
    /// By key.
    pub(crate) objects: BTreeMap<String, Vec<u8>>,
}

/// Puts an item into the table as it is.
pub(crate) async fn put_item(stack: &Stack, item: Item) {
    let client = aws_sdk_dynamodb::Client::new(&stack.sdk_config());
    let put = client.put_item().table_name(stack.table());
    put.set_item(Some(item)).send().await.expect("a writable table");
}

/// Removes an item from the table.
pub(crate) async fn remove_item(stack: &Stack, item: &Item) {
    let key = ["pk", "sk"].map(|name| (name.to_owned(), item[name].clone()));
    let client = aws_sdk_dynamodb::Client::new(&stack.sdk_config());
    let delete = client.delete_item().table_name(stack.table());
    let deleted = delete.set_key(Some(HashMap::from(key))).send().await;
    deleted.expect("a writable table");
}

impl Contents {
    pub(crate) async fn of(stack: &Stack) -> Self {
        let sdk = stack.sdk_config();
        Self {
            records: records(&aws_sdk_dynamodb::Client::new(&sdk), stack.table()).await,
            objects: objects(&aws_sdk_s3::Client::new(&sdk), stack.bucket()).await,
        }
    }

    /// The records whose partition is of this kind (`packages`, `names`, `releases`), by sort key.
    /// Fences are no records.
    pub(crate) fn of_kind(&self, kind: &str) -> Vec<(&str, &Item)> {
        let records = self.records.iter().filter(|(_, item)| !is_fence(item));
        let of_kind = records.filter(|((pk, _), _)| pk.split('/').next() == Some(kind));
        of_kind.map(|((_, sk), item)| (sk.as_str(), item)).collect()
    }

    /// Everything that readers see of the table.
    pub(crate) fn readable(&self) -> Vec<(&(String, String), &Item)> {
        self.records.iter().filter(|(_, item)| !is_fence(item)).collect()
    }

    /// Everything but the audit's events, which stay whatever is undone, and the changes that wait for an index.
    pub(crate) fn without_events(mut self) -> Self {
        let is_event = |pk: &str| pk.starts_with("audit/") || pk.starts_with("changes/");
        self.records.retain(|(pk, _), _| !is_event(pk));
        self
    }

    /// Everything but what is left of removed tags, which keeps late attempts from being applied.
    pub(crate) fn without_removed_tags(mut self) -> Self {
        let is_removed = |sk: &str, item: &Item| sk.contains("/~tag/") && !item.contains_key("tagged");
        self.records.retain(|(_, sk), item| !is_removed(sk, item));
        self
    }

    /// Fences, which keep late attempts from being applied.
    pub(crate) fn fences(&self) -> Vec<&Item> {
        self.records.values().filter(|item| is_fence(item)).collect()
    }

    /// The keys of files, and of metadata beside them, that no package is of.
    pub(crate) fn orphans(&self) -> Vec<&str> {
        let packages = self.of_kind("packages");
        let of_others = ["uploads/", "indexes/", "entries/"];
        let of_package = |key: &&String| !of_others.iter().any(|prefix| key.starts_with(prefix));
        let stored = self.objects.keys().filter(of_package);
        let orphans = stored.filter(|key| !packages.iter().any(|(id, _)| key.ends_with(id)));
        orphans.map(String::as_str).collect()
    }

    /// The keys of everything: what to compare where contents do not matter.
    pub(crate) fn keys(&self) -> Vec<String> {
        let records = self.records.keys().map(|(pk, sk)| format!("{pk} {sk}"));
        records.chain(self.objects.keys().cloned()).collect()
    }
}

fn is_fence(item: &Item) -> bool {
    item.contains_key("fence")
}

/// A text attribute.
pub(crate) fn text<'a>(item: &'a Item, name: &str) -> &'a str {
    let value = item.get(name).and_then(|value| value.as_s().ok());
    value.unwrap_or_else(|| panic!("no `{name}` in {item:?}"))
}

async fn records(client: &aws_sdk_dynamodb::Client, table: &str) -> BTreeMap<(String, String), Item> {
    let scan = client.scan().table_name(table).consistent_read(true);
    let items = scan
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>();
    let items = items.await.expect("a readable table").into_iter();
    items
        .map(|item| ((text(&item, "pk").to_owned(), text(&item, "sk").to_owned()), item))
        .collect()
}

async fn objects(client: &aws_sdk_s3::Client, bucket: &str) -> BTreeMap<String, Vec<u8>> {
    let mut objects = BTreeMap::new();
    let mut pages = client.list_objects_v2().bucket(bucket).into_paginator().send();
    while let Some(page) = pages.next().await {
        for object in page.expect("a readable bucket").contents() {
            let key = object.key().expect("a key").to_owned();
            let read = client.get_object().bucket(bucket).key(&key).send().await;
            // It may have been deleted since it was listed.
            let gone = |error: &SdkError<GetObjectError>| {
                error
                    .as_service_error()
                    .is_some_and(GetObjectError::is_no_such_key)
            };
            if read.as_ref().is_err_and(gone) {
                continue;
            }
            let read = read.expect("a readable object");
            let bytes = read.body.collect().await.expect("a whole object");
            objects.insert(key, bytes.to_vec());
        }
    }
    objects
}

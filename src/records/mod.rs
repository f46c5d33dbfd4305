//! The records, in one DynamoDB table: `keys` has every key, then there is a file for each kind of record.
//!
//! Every read is consistent: what was published can be read at once. Every write is conditional on
//! identity, so that a slow worker can never undo what came after it. No read returns a [`fence`].
//!
//! # How records age
//!
//! The table keeps items of every earlier version, and during a deployment the earlier version reads what
//! this one writes. So of the attributes of a record
//! - a new one is an `Option` or has a `#[serde(default)]`, which means what its absence always meant;
//! - none is renamed, or changes its type or its meaning: a new one takes its place, and both are read;
//! - one that is no longer needed is still written for one version, as the earlier one may require it;
//! - unknown ones are ignored: no record denies them.
//!
//! `tests/it/fixtures/records-0.1.0/` has an item of each kind as 0.1.0 wrote it, and
//! `tests/it/storage/ageing.rs` reads them through every call. A new kind of record adds its item there.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use serde::Serialize;
use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use tokio::time::Instant;

use crate::aws::{self, Cause, Failure};
use crate::error::{Error, Result};
use crate::retry::Retry;
use keys::Key;

mod audit;
mod catalog;
mod changes;
mod deleted_registries;
mod fence;
mod halves;
mod heads;
mod issuer_keys;
mod key_kinds;
pub(crate) mod keys;
mod listing;
mod marker;
mod name_entries;
mod organizations;
mod package_deletion;
mod package_reads;
mod packages;
mod page;
mod progress;
mod publication;
mod registries;
mod registry_writes;
mod releases;
mod rows;
mod tags;
mod tokens;
mod transaction;
mod transaction_items;
mod uploads;
mod work;

pub use audit::Action;
pub(crate) use audit::{ActorRecord, AuditEvent};
pub(crate) use changes::Change;
pub use changes::Changes;
pub(crate) use deleted_registries::{DeletedRegistry, MAX_TRANSACTION_ITEMS};
use fence::is_fence;
pub(crate) use halves::Repair;
pub(crate) use heads::{Build, Head, HeadDocument, Swap, Unread};
pub(crate) use issuer_keys::IssuerKeys;
pub use listing::Listed;
pub use marker::Marker;
pub use name_entries::{NameEntries, NameEntry};
pub use organizations::Organization;
pub(crate) use packages::Beside;
pub use packages::{Package, Publisher};
pub(crate) use page::Direction;
pub use page::{Page, Place};
pub(crate) use progress::{Counts, MAX_CHUNK_ORPHANS, Orphan, Progress};
pub(crate) use publication::{Obstacle, Publication, Refusal};
pub use registries::{Creation, Details, Registry};
pub(crate) use registry_writes::Insertion;
pub(crate) use releases::ReleaseRecord;
pub(crate) use rows::{MAX_BATCH_KEYS, Row};
pub(crate) use tags::{Deprecation, MAX_DEPRECATIONS, TagEntry, TaggedEntries, VersionEntry};
pub use tokens::{NewToken, Token};
pub(crate) use uploads::{Upload, UploadRef};
pub use work::UploadState;
pub(crate) use work::Work;

/// One item, as the SDK has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Attempts to read what a batch left unprocessed.
const BATCH_ATTEMPTS: u32 = 6;

/// Bound on opening the connection. The first call meets its failure again.
const WARM_UP: Duration = Duration::from_millis(500);

/// The table.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use packages_api::command_config;
/// use packages_api::records::Records;
///
/// let (config, sdk) = command_config().await?;
/// let records = Records::new(&sdk, config.table);
/// let organization = records.organization(&"my_great_org".parse()?).await?;
/// for registry in records.registries(&organization).await? {
///     println!("{}: {}", registry.address, registry.ecosystem);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Records {
    client: Client,
    /// Client on the same connections that repeats nothing by itself.
    without_retries: Client,
    table: String,
}

impl Records {
    /// The records in `table`. Sends nothing yet.
    #[must_use]
    pub fn new(sdk: &SdkConfig, table: impl Into<String>) -> Self {
        let client = aws::dynamodb(sdk, key_kinds::key_kinds);
        Self {
            without_retries: aws::without_repeats(&client),
            client,
            table: table.into(),
        }
    }

    /// The table's name.
    #[must_use]
    pub fn table(&self) -> &str {
        &self.table
    }

    /// Opens the connection before it is needed, bounded in time. It reads the marker: any answer
    /// will do, none is waited for.
    pub async fn warm_up(&self) {
        let _ = tokio::time::timeout(WARM_UP, self.marker()).await;
    }

    /// Reads these items in one consistent batch. What DynamoDB leaves unprocessed is asked for
    /// again: an absence is never read from a partial answer.
    ///
    /// # Errors
    /// [`Error::Throttled`] where some stay unprocessed.
    pub(crate) async fn find(&self, keys: &[&Key]) -> Result<Found> {
        let mut found = Found::default();
        let mut wanted = batch(keys.iter().map(|key| key.attributes()))?;
        let mut retry = Retry::at_most(BATCH_ATTEMPTS);
        loop {
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.table, wanted)
                .send()
                .await
                .map_err(aws::failed)?;
            let unprocessed = || Cause::of_last_step("DynamoDB left some of the keys unprocessed");
            let rest = answer
                .unprocessed_keys
                .and_then(|mut unprocessed| unprocessed.remove(&self.table))
                .map(|rest| (rest, unprocessed()));
            let items = answer.responses.unwrap_or_default().remove(&self.table);
            // By key, not by order: DynamoDB promises none.
            for item in items.unwrap_or_default() {
                if let Some(key) = Key::of(&item).filter(|_| !is_fence(&item)) {
                    found.items.push((key, item));
                }
            }
            let Some((rest, cause)) = rest else {
                found
                    .items
                    .sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
                return Ok(found);
            };
            if !retry.again().await {
                return Err(Failure::Throttled(cause.after(retry.attempts())).into());
            }
            wanted = rest;
        }
    }

    /// Reads one item, consistently.
    pub(crate) async fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(aws::failed)?;
        let item = answer.item.filter(|item| !is_fence(item));
        item.map(from_item).transpose()
    }

    /// One page of a partition, consistently: the items whose sort key begins with `prefix`, and
    /// where the next page starts.
    pub(crate) async fn page<T: DeserializeOwned>(
        &self,
        partition: &str,
        prefix: &str,
        start: Option<Item>,
    ) -> Result<(Vec<(Key, T)>, Option<Item>)> {
        let query = self.partition_query(partition, prefix);
        let answer = query
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(aws::failed)?;
        let items = answer.items.unwrap_or_default().into_iter();
        let rows = items.filter(|item| !is_fence(item)).map(|item| {
            let key = Key::of(&item).ok_or_else(|| Error::Internal("an item without key".to_owned()))?;
            Ok((key, from_item(item)?))
        });
        Ok((rows.collect::<Result<_>>()?, answer.last_evaluated_key))
    }

    /// The last sort key of a partition that begins with `prefix`.
    pub(crate) async fn newest_sort_key(&self, partition: &str, prefix: &str) -> Result<Option<String>> {
        let query = self.partition_query(partition, prefix);
        let query = query.scan_index_forward(false).limit(1);
        let answer = query
            .projection_expression("pk, sk")
            .send()
            .await
            .map_err(aws::failed)?;
        let newest = answer.items.unwrap_or_default().pop();
        Ok(newest.and_then(|item| Key::of(&item)).map(|key| key.sk))
    }

    /// A consistent read of a partition's items whose sort key begins with `prefix`.
    fn partition_query(&self, partition: &str, prefix: &str) -> QueryFluentBuilder {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()));
        if prefix.is_empty() {
            return query.key_condition_expression("pk = :pk");
        }
        query
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
    }

    /// All of a partition's items whose sort key begins with `prefix`.
    pub(crate) async fn all<T: DeserializeOwned>(&self, partition: &str, prefix: &str) -> Result<Vec<T>> {
        let mut all = Vec::new();
        let mut start = None;
        loop {
            let (rows, next) = self.page(partition, prefix, start).await?;
            all.extend(rows.into_iter().map(|(_, row)| row));
            if next.is_none() {
                return Ok(all);
            }
            start = next;
        }
    }
}

/// The items of one batch, each taken out by its key.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// In the order of their keys.
    items: Vec<(Key, Item)>,
}

impl Found {
    /// The record under this key, if there is one.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, key: &Key) -> Result<Option<T>> {
        let at = self.items.binary_search_by(|(own, _)| own.cmp(key));
        at.ok().map(|at| from_item(self.items.remove(at).1)).transpose()
    }

    /// The record under this key, if there is a key and a record.
    pub(crate) fn take_optional<T: DeserializeOwned>(&mut self, key: Option<&Key>) -> Result<Option<T>> {
        key.map_or(Ok(None), |key| self.take(key))
    }
}

fn batch(keys: impl Iterator<Item = Item>) -> Result<KeysAndAttributes> {
    KeysAndAttributes::builder()
        .set_keys(Some(keys.collect()))
        .consistent_read(true)
        .build()
        .map_err(|error| Error::Internal(error.to_string()))
}

/// Moment until which an operator's call repeats a transaction whose outcome is unknown.
#[must_use]
pub fn operator_deadline() -> Instant {
    const REPEATED: Duration = Duration::from_secs(20);
    Instant::now() + REPEATED
}

/// A record as an item under its key.
pub(crate) fn to_item(key: &Key, record: &impl Serialize) -> Result<Item> {
    let mut item: Item = serde_dynamo::to_item(record)
        .map_err(|error| Error::Internal(format!("writing {}: {error}", key.pk)))?;
    item.extend(key.attributes());
    Ok(item)
}

/// The record of an item. Its attributes are handed on one by one: `serde_dynamo::from_item` hashes all names once more
/// first, which takes as long as the reading.
fn from_item<T: DeserializeOwned>(item: Item) -> Result<T> {
    let attributes = item.into_iter().map(|(name, value)| (name, Attribute(value)));
    T::deserialize(MapDeserializer::new(attributes))
        .map_err(|error| Error::Internal(format!("reading a record: {error}")))
}

/// Value of an attribute that is read.
struct Attribute(AttributeValue);

impl IntoDeserializer<'_, serde_dynamo::Error> for Attribute {
    type Deserializer = serde_dynamo::Deserializer;

    fn into_deserializer(self) -> Self::Deserializer {
        serde_dynamo::Deserializer::from_attribute_value(self.0.into())
    }
}

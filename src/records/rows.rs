//! Packages' records as the sweep reads them: without their large attributes.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use serde::de::IgnoredAny;
use uuid::Uuid;

use super::keys::{self, Key};
use super::{Item, Records, from_item};
use crate::address::RegistryAddress;
use crate::aws;
use crate::error::Result;
use crate::id::PackageId;

/// DynamoDB takes this many keys in one batch.
pub(crate) const MAX_BATCH_KEYS: usize = 100;

/// The objects that a package's record needs in the bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) registry_id: Uuid,
    /// Whether the metadata is an object of its own.
    pub(crate) has_metadata_object: bool,
    /// Whether there are attestations.
    pub(crate) has_attestations: bool,
}

/// The attributes of a row.
#[derive(Deserialize)]
struct Attributes {
    sk: String,
    registry_id: Option<Uuid>,
    /// Every package has one, and nothing else that may lie among packages.
    sha256: Option<IgnoredAny>,
    /// Null where it is an object of its own.
    metadata: Option<IgnoredAny>,
    #[serde(default)]
    has_attestations: bool,
}

/// A page of a partition of packages.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// In the order of their ids.
    pub(crate) rows: Vec<(PackageId, Row)>,
    /// The sort key after which the next page begins, where there is one.
    pub(crate) next: Option<String>,
}

impl Records {
    /// The packages' records of an address, those of earlier registries too, whose sort keys come after
    /// `after`: one page, consistently.
    pub(crate) async fn rows(&self, address: &RegistryAddress, after: Option<&str>) -> Result<Rows> {
        let partition = keys::packages_partition(address);
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk > :after")
            .projection_expression("sk, registry_id, sha256, metadata, has_attestations")
            .expression_attribute_values(":pk", AttributeValue::S(partition))
            // A UUID's characters all lie behind `-`.
            .expression_attribute_values(":after", AttributeValue::S(after.unwrap_or("-").to_owned()))
            .send()
            .await
            .map_err(aws::failed)?;
        let mut rows = Vec::new();
        for item in answer.items.unwrap_or_default() {
            rows.extend(row(item)?);
        }
        let last = answer.last_evaluated_key.as_ref().and_then(Key::of);
        Ok(Rows {
            rows,
            next: last.map(|key| key.sk),
        })
    }

    /// The packages' records of these ids, as they are now.
    pub(crate) async fn rows_of(
        &self,
        address: &RegistryAddress,
        ids: &[PackageId],
    ) -> Result<HashMap<PackageId, Row>> {
        let key = |id: &PackageId| keys::package(address, *id);
        let mut rows = HashMap::new();
        for ids in ids.chunks(MAX_BATCH_KEYS) {
            let wanted: Vec<_> = ids.iter().map(key).collect();
            let mut found = self.find(&wanted.iter().collect::<Vec<_>>()).await?;
            for key in &wanted {
                let attributes: Option<Attributes> = found.take(key)?;
                rows.extend(attributes.and_then(Attributes::into_row));
            }
        }
        Ok(rows)
    }
}

fn row(item: Item) -> Result<Option<(PackageId, Row)>> {
    let attributes: Attributes = from_item(item)?;
    Ok(attributes.into_row())
}

impl Attributes {
    fn into_row(self) -> Option<(PackageId, Row)> {
        self.sha256?;
        let row = Row {
            registry_id: self.registry_id?,
            has_metadata_object: self.metadata.is_none(),
            has_attestations: self.has_attestations,
        };
        Some((self.sk.parse().ok()?, row))
    }
}

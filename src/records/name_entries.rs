//! Packages of one name, as an index of that name shows them: one `Query` of the names' records.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use uuid::Uuid;

use super::listing::MAX_PREFIX;
use super::{Records, Registry, from_item, keys};
use crate::address::RegistryAddress;
use crate::aws;
use crate::digest::Digests;
use crate::ecosystem::Ecosystem;
use crate::error::Result;
use crate::id::PackageId;

/// A package as the record of its name has it. Records of earlier versions lack the optional fields.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NameEntry {
    /// Its identity; it carries the time of publication.
    pub id: PackageId,
    registry_id: Uuid,
    /// The name as the file spells it.
    pub name: String,
    /// The version as the file spells it.
    pub version: String,
    /// The version that releases are claimed by.
    pub normalized_version: Option<String>,
    /// Architecture, platform or distribution.
    pub variant: Option<String>,
    /// The name under which it was uploaded, and is downloaded.
    pub filename: Option<String>,
    /// The file's size in bytes.
    pub size: Option<u64>,
    /// The file's digests.
    #[serde(flatten)]
    pub digests: Digests,
    /// Facts of its metadata, as text of its ecosystem's format.
    pub facts: Option<String>,
}

/// Some of a name's packages, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameEntries {
    /// Packages of every registry that had this address: those of earlier ones come last.
    entries: Vec<NameEntry>,
    /// The package after which the next ones begin, where there are more.
    next: Option<PackageId>,
}

impl NameEntries {
    /// The packages of this registry, and the one after which its next ones begin, where there may be more.
    pub(crate) fn of(self, registry: &Registry) -> (Vec<NameEntry>, Option<PackageId>) {
        // Packages of earlier registries at this address have older ids than the registry itself.
        let next = self.next.filter(|next| Uuid::from(*next) >= registry.id);
        let own = |entry: &NameEntry| entry.registry_id == registry.id;
        (self.entries.into_iter().filter(own).collect(), next)
    }
}

impl Records {
    /// Up to `limit` packages of a name at an address, newest first, after `start` where it is given. The registry
    /// is not known yet: this is read beside it.
    pub(crate) async fn name_entries(
        &self,
        address: &RegistryAddress,
        ecosystem: Ecosystem,
        name: &str,
        start: Option<PackageId>,
        limit: usize,
    ) -> Result<NameEntries> {
        let (partition, prefix) = keys::name_listing(address, ecosystem, name);
        if prefix.len() > MAX_PREFIX {
            return Ok(NameEntries::default());
        }
        // A UUID's characters all lie between `-` and `g`.
        let end = start.map_or_else(|| format!("{prefix}g"), |id| format!("{prefix}{id}"));
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .scan_index_forward(false)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", AttributeValue::S(partition))
            .expression_attribute_values(":low", AttributeValue::S(format!("{prefix}-")))
            .expression_attribute_values(":high", AttributeValue::S(end))
            // `BETWEEN` has the start itself among what it finds.
            .limit(i32::try_from(limit + usize::from(start.is_some())).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(aws::failed)?;
        let mut entries: Vec<NameEntry> = Vec::new();
        for item in answer.items.unwrap_or_default() {
            entries.push(from_item(item)?);
        }
        let last = entries.last().map(|entry| entry.id);
        entries.retain(|entry| Some(entry.id) != start);
        Ok(NameEntries {
            entries,
            next: last.filter(|_| answer.last_evaluated_key.is_some()),
        })
    }
}

//! Lists of packages, newest first: a page costs what it shows, not what the registry holds, nor what
//! earlier registries of the same address held.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Deserialize;
use uuid::Uuid;

use super::fence::FENCE;
use super::{Direction, Records, Registry, from_item, keys};
use crate::aws;
use crate::digest::Digests;
use crate::error::Result;
use crate::id::PackageId;

/// A sort key ends at 1,024 bytes, of which a package's id takes 36: no name is longer than that, and
/// the table refuses to look for one.
pub(super) const MAX_PREFIX: usize = 1024 - 36;

/// Attributes that a list reads: those of [`Listed`], and so without the metadata, which is most of a record.
/// `#name` stands for `name`, which is a reserved word.
const PROJECTION: &str = "id, registry_id, #name, version, sha256, sha512";

/// A package as a list shows it: read from its own record, or from its name's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
pub struct Listed {
    /// Its identity; it carries the time of publication.
    pub id: PackageId,
    registry_id: Uuid,
    /// The name as the file spells it.
    pub name: String,
    /// The version as the file spells it.
    pub version: String,
    /// The file's digests.
    #[serde(flatten)]
    pub digests: Digests,
}

impl Records {
    /// The next `count` packages of a registry from `start` on, which is not among them; all of
    /// that name, where one is given.
    ///
    /// Ids below the registry's own belong to earlier registries of the same address, and are not read.
    /// Packages that were published to such a registry while it was being deleted lie among this one's, and
    /// are skipped like fences. So a page of the table may hold fewer packages than wanted, and the next
    /// one is read until there are enough, or no more.
    pub(crate) async fn list(
        &self,
        registry: &Registry,
        name: Option<&str>,
        direction: Direction,
        start: Option<PackageId>,
        count: usize,
    ) -> Result<Vec<Listed>> {
        let (partition, prefix) = keys::listing(registry, name);
        if prefix.len() > MAX_PREFIX {
            return Ok(Vec::new());
        }
        let place = start.map(|id| format!("{prefix}{id}"));
        // A UUID's characters all lie before `g`.
        let (low, high) = (format!("{prefix}{}", registry.id), format!("{prefix}g"));
        let (low, high) = match (direction, place) {
            (Direction::Older, Some(place)) => (low, place),
            (Direction::Newer, Some(place)) => (place.max(low), high),
            (_, None) => (low, high),
        };
        // The table refuses a range that ends before it begins.
        if high < low {
            return Ok(Vec::new());
        }
        let (low, high) = (AttributeValue::S(low), AttributeValue::S(high));
        let mut listed: Vec<Listed> = Vec::new();
        let mut next = None;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .scan_index_forward(direction == Direction::Newer)
                .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
                .projection_expression(PROJECTION)
                .filter_expression("attribute_not_exists(#fence)")
                .expression_attribute_names("#fence", FENCE)
                .expression_attribute_names("#name", "name")
                .expression_attribute_values(":pk", AttributeValue::S(partition.clone()))
                .expression_attribute_values(":low", low.clone())
                .expression_attribute_values(":high", high.clone())
                // `BETWEEN` has the start itself among what it finds.
                .limit(i32::try_from(count + 1 - listed.len()).unwrap_or(i32::MAX))
                .set_exclusive_start_key(next)
                .send()
                .await
                .map_err(aws::failed)?;
            for item in answer.items.unwrap_or_default() {
                let item: Listed = from_item(item)?;
                if item.registry_id == registry.id && Some(item.id) != start && listed.len() < count {
                    listed.push(item);
                }
            }
            next = answer.last_evaluated_key;
            if next.is_none() || listed.len() >= count {
                return Ok(listed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::packages::Name;
    use super::super::{Item, Package};
    use super::*;
    use crate::digest::Digest;

    fn attributes(record: &impl serde::Serialize) -> BTreeSet<String> {
        let item: Item = serde_dynamo::to_item(record).expect("a record");
        item.into_keys().collect()
    }

    #[test]
    fn a_list_reads_what_it_shows() {
        let digests = Digests {
            sha256: Digest::sha256(b""),
            sha512: None,
        };
        let listed = Listed {
            id: PackageId::mint(),
            registry_id: Uuid::now_v7(),
            name: "a".to_owned(),
            version: "1".to_owned(),
            digests,
        };
        let package = Package {
            id: listed.id,
            registry_id: listed.registry_id,
            name: listed.name.clone(),
            normalized_name: listed.name.clone(),
            version: listed.version.clone(),
            normalized_version: listed.version.clone(),
            variant: None,
            filename: "a".to_owned(),
            size: 0,
            digests,
            metadata: None,
            has_attestations: false,
            published_by: Uuid::now_v7(),
            publisher: None,
        };
        let projected = PROJECTION
            .split(", ")
            .map(|name| name.trim_start_matches('#').to_owned());
        let projected: BTreeSet<_> = projected.collect();
        assert_eq!(attributes(&listed), projected);
        let name = attributes(&Name::of(&package, None));
        assert!(
            name.is_superset(&projected),
            "a name holds what its list shows: {name:?}"
        );
    }
}

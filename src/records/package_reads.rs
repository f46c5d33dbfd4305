//! Packages' whole records, many at once: for the indexes of a registry and of a name.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::keys::{self, Key};
use super::rows::MAX_BATCH_KEYS;
use super::{Item, Package, Records, Registry, from_item, is_fence};
use crate::aws;
use crate::error::Result;
use crate::id::PackageId;

/// One page of a registry's packages.
#[derive(Debug)]
pub(crate) struct PackagePage {
    /// In the order of their ids.
    pub(crate) packages: Vec<Package>,
    /// Where the next page begins.
    pub(crate) next: Option<Item>,
}

impl Records {
    /// The registry's packages of these ids, as far as they are there: a plain read of each, a hundred in one
    /// round trip.
    pub(crate) async fn packages_of(
        &self,
        registry: &Registry,
        ids: &[PackageId],
    ) -> Result<HashMap<PackageId, Package>> {
        let mut packages = HashMap::new();
        for ids in ids.chunks(MAX_BATCH_KEYS) {
            let wanted: Vec<Key> = ids
                .iter()
                .map(|id| keys::package(&registry.address, *id))
                .collect();
            let mut found = self.find(&wanted.iter().collect::<Vec<_>>()).await?;
            for key in &wanted {
                let package: Option<Package> = found.take(key)?;
                let own = package.filter(|package| package.registry_id == registry.id);
                packages.extend(own.map(|package| (package.id, package)));
            }
        }
        Ok(packages)
    }

    /// One page of all packages of a registry, consistently. Those of earlier registries of its address have lower ids.
    pub(crate) async fn packages_page(
        &self,
        registry: &Registry,
        start: Option<Item>,
    ) -> Result<PackagePage> {
        let partition = keys::packages_partition(&registry.address);
        let query = self.client.query().table_name(&self.table);
        let answer = query
            .consistent_read(true)
            .key_condition_expression("pk = :pk AND sk > :low")
            .expression_attribute_values(":pk", AttributeValue::S(partition))
            .expression_attribute_values(":low", AttributeValue::S(registry.id.to_string()))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(aws::failed)?;
        let items = answer.items.unwrap_or_default().into_iter();
        let packages = items.filter(|item| !is_fence(item)).map(from_item);
        let mut packages = packages.collect::<Result<Vec<Package>>>()?;
        packages.retain(|package| package.registry_id == registry.id);
        Ok(PackagePage {
            packages,
            next: answer.last_evaluated_key,
        })
    }
}

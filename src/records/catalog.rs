//! Catalog of all registries, read without their packages.
//!
//! A partition of its own lists the organizations' slugs. Where the marker does not state that the list
//! is complete, as in tables of 0.1.0 and restored ones, the table is scanned once, and the list made.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::keys::{self, Key};
use super::{Records, Registry, to_item};
use crate::address::RegistryAddress;
use crate::aws;
use crate::error::Result;
use crate::slug::Slug;

/// An entry of the list of organizations.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    slug: Slug,
}

impl Records {
    /// An organization's entry in the list of all.
    pub(super) fn organization_line(slug: &Slug) -> Result<super::Item> {
        let line = Line { slug: slug.clone() };
        to_item(&keys::organization_line(slug), &line)
    }

    /// Every registry's id by its address.
    ///
    /// With `may_write`, a missing list of organizations is made.
    pub(crate) async fn registry_ids(&self, may_write: bool) -> Result<BTreeMap<RegistryAddress, Uuid>> {
        let mut ids = BTreeMap::new();
        for slug in self.organization_slugs(may_write).await? {
            let partition = keys::organization_partition(&slug);
            let registries: Vec<Registry> = self.all(&partition, keys::REGISTRY_PREFIX).await?;
            ids.extend(
                registries
                    .into_iter()
                    .map(|registry| (registry.address, registry.id)),
            );
        }
        Ok(ids)
    }

    async fn organization_slugs(&self, may_write: bool) -> Result<Vec<Slug>> {
        let marker = self.marker().await?;
        if marker.is_some_and(|marker| marker.organizations_listed) {
            let lines: Vec<Line> = self.all(keys::ORGANIZATIONS, "").await?;
            return Ok(lines.into_iter().map(|line| line.slug).collect());
        }
        let organizations = self.organizations().await?.into_iter();
        let slugs: Vec<_> = organizations.map(|organization| organization.slug).collect();
        if may_write {
            self.list_organizations(&slugs).await?;
        }
        Ok(slugs)
    }

    async fn list_organizations(&self, slugs: &[Slug]) -> Result<()> {
        for slug in slugs {
            let put = self.client.put_item().table_name(&self.table);
            let put = put.set_item(Some(Self::organization_line(slug)?));
            put.send().await.map_err(aws::failed)?;
        }
        let update = self.client.update_item().table_name(&self.table);
        let updated = update
            .set_key(Some(keys::marker().attributes()))
            .update_expression("SET organizations_listed = :true")
            // The sweep has stopped before this where there is no marker.
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .send()
            .await;
        updated.map(drop).map_err(aws::failed)
    }

    /// The keys of a partition's items, and the registry that each carries: one page, and where the next
    /// one starts.
    pub(crate) async fn content_page(
        &self,
        partition: &str,
        start: Option<super::Item>,
    ) -> Result<(Vec<(Key, Option<Uuid>)>, Option<super::Item>)> {
        /// Identity that every record of a registry carries; other items among them need not have one.
        #[derive(Deserialize)]
        struct Content {
            registry_id: Option<Uuid>,
        }
        let query = self.partition_query(partition, "").set_exclusive_start_key(start);
        let query = query.projection_expression("pk, sk, registry_id");
        let answer = query.send().await.map_err(aws::failed)?;
        let mut rows = Vec::new();
        for item in answer.items.unwrap_or_default() {
            if let Some(key) = Key::of(&item) {
                let content: Content = super::from_item(item)?;
                rows.push((key, content.registry_id));
            }
        }
        Ok((rows, answer.last_evaluated_key))
    }
}

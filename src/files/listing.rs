//! Listing of the bucket, page by page: for the sweep.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Files, INDEXES, Kind};
use crate::address::RegistryAddress;
use crate::aws;
use crate::error::Result;
use crate::id::PackageId;

/// One page of a registry's objects of one kind.
#[derive(Debug, Default)]
pub(crate) struct ObjectPage {
    /// Which packages they belong to, in the order of ids, and their sizes in bytes.
    pub(crate) objects: Vec<(PackageId, u64)>,
    /// How many keys are none of ours: told, never touched.
    pub(crate) foreign: usize,
    /// The key after which the next page begins, below the registry's prefix.
    pub(crate) next: Option<String>,
}

/// The registries that the bucket has objects of.
#[derive(Debug, Default)]
pub(crate) struct StoredRegistries {
    pub(crate) addresses: BTreeSet<RegistryAddress>,
    /// How many keys and prefixes beside them are none of ours.
    pub(crate) foreign: usize,
}

impl Files {
    /// The registry's objects of this kind whose keys come after `after`: one page of at most 1,000.
    pub(crate) async fn list(
        &self,
        kind: Kind,
        address: &RegistryAddress,
        after: Option<&str>,
    ) -> Result<ObjectPage> {
        let prefix = format!("{}/{address}/", kind.prefix());
        let answer = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(&prefix)
            .set_start_after(after.map(|after| format!("{prefix}{after}")))
            .send()
            .await
            .map_err(aws::failed)?;
        let mut page = ObjectPage::default();
        let mut last = None;
        for object in answer.contents.unwrap_or_default() {
            let size = object.size().unwrap_or_default().unsigned_abs();
            let rest = object.key().and_then(|key| key.strip_prefix(&prefix));
            match rest.and_then(|id| id.parse().ok()) {
                Some(id) => page.objects.push((id, size)),
                None => page.foreign += 1,
            }
            last = rest.map(str::to_owned);
        }
        page.next = last.filter(|_| answer.is_truncated == Some(true));
        Ok(page)
    }

    /// Whether there is any object that a package may belong to, or a foreign one beside.
    pub(crate) async fn is_empty(&self) -> Result<bool> {
        for kind in Kind::ALL {
            let list = self.client.list_objects_v2().bucket(&self.bucket);
            let list = list.prefix(format!("{}/", kind.prefix())).max_keys(1);
            let answer = list.send().await.map_err(aws::failed)?;
            if !answer.contents().is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The registries that the bucket has objects of, whether or not there are such registries.
    pub(crate) async fn registries(&self) -> Result<StoredRegistries> {
        let mut stored = StoredRegistries::default();
        for kind in Kind::ALL {
            let root = format!("{}/", kind.prefix());
            for organization in self.folders(&root, &mut stored.foreign).await? {
                let Ok(slug) = organization.parse() else {
                    stored.foreign += 1;
                    continue;
                };
                let folder = format!("{root}{organization}/");
                for registry in self.folders(&folder, &mut stored.foreign).await? {
                    let Ok(registry) = registry.parse() else {
                        stored.foreign += 1;
                        continue;
                    };
                    stored.addresses.insert(RegistryAddress {
                        organization: Clone::clone(&slug),
                        registry,
                    });
                }
            }
        }
        Ok(stored)
    }

    /// The addresses that the bucket has objects of indexes of.
    pub(crate) async fn index_addresses(&self) -> Result<Vec<RegistryAddress>> {
        let mut addresses = Vec::new();
        let root = format!("{INDEXES}/");
        // Keys that are not ours are left alone.
        let mut foreign = 0;
        for organization in self.folders(&root, &mut foreign).await? {
            let folder = format!("{root}{organization}/");
            for registry in self.folders(&folder, &mut foreign).await? {
                addresses.extend(RegistryAddress::parse(&organization, &registry));
            }
        }
        Ok(addresses)
    }

    /// The objects of the indexes at an address, and their sizes in bytes.
    pub(crate) async fn index_objects(&self, address: &RegistryAddress) -> Result<Vec<(Uuid, u64)>> {
        let prefix = format!("{INDEXES}/{address}/");
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(&prefix);
        let mut pages = list.into_paginator().send();
        let mut objects = Vec::new();
        while let Some(page) = pages.next().await {
            for object in page.map_err(aws::failed)?.contents() {
                let id = object.key().and_then(|key| key.strip_prefix(&prefix));
                let id = id.and_then(|id| id.parse::<PackageId>().ok());
                let size = object.size().unwrap_or_default().unsigned_abs();
                objects.extend(id.map(|id| (id.into(), size)));
            }
        }
        Ok(objects)
    }

    /// The names of the folders under `prefix`; keys beside them are counted as foreign.
    async fn folders(&self, prefix: &str, foreign: &mut usize) -> Result<Vec<String>> {
        let mut folders = Vec::new();
        let list = self.client.list_objects_v2().bucket(&self.bucket);
        let mut pages = list.prefix(prefix).delimiter("/").into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(aws::failed)?;
            *foreign += page.contents().len();
            let names = page.common_prefixes().iter().filter_map(|folder| {
                let name = folder.prefix()?.strip_prefix(prefix)?.strip_suffix('/')?;
                Some(name.to_owned())
            });
            folders.extend(names);
        }
        Ok(folders)
    }
}

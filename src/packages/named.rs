//! Packages of one name with their facts, for the ecosystem's own index of that name.

use std::marker::PhantomData;

use super::{Context, Metadata};
use crate::digest::Digests;
use crate::error::Result;
use crate::formats::{NameFacts, read_name_facts};
use crate::id::PackageId;
use crate::records::{NameEntries, NameEntry, Package, Registry};

/// Entries of one read, besides the first, which has as many as may be read before the caller is authorized.
const PAGE_ENTRIES: usize = 1000;

/// A package of a name, and the facts that the name's index shows of it.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedPackage<F> {
    /// Its identity; it carries the time of publication.
    pub id: PackageId,
    /// The name as the file spells it.
    pub name: String,
    /// The version as the file spells it.
    pub version: String,
    /// The version that releases are claimed by.
    pub normalized_version: String,
    /// Architecture, platform or distribution.
    pub variant: Option<String>,
    /// The name under which it was uploaded, and is downloaded.
    pub filename: String,
    /// The file's size in bytes.
    pub size: u64,
    /// The file's digests.
    pub digests: Digests,
    /// Facts of its metadata.
    pub facts: F,
}

/// All packages of one name, newest first, page by page: however many they are, one page is held.
#[derive(Debug)]
pub struct NamePages<'a, F> {
    context: &'a Context,
    registry: &'a Registry,
    name: &'a str,
    /// The page that has been read already.
    first: Option<NameEntries>,
    start: Option<PackageId>,
    facts: PhantomData<F>,
}

impl<'a, F: NameFacts> NamePages<'a, F> {
    /// The packages of `name`, of which the `first` were read beside the registry.
    #[must_use]
    pub fn new(context: &'a Context, registry: &'a Registry, name: &'a str, first: NameEntries) -> Self {
        Self {
            context,
            registry,
            name,
            first: Some(first),
            start: None,
            facts: PhantomData,
        }
    }

    /// The next page; `None` after the last one. No round trip for the first page, else one, and one more for each
    /// hundred packages whose record lacks facts.
    ///
    /// # Errors
    /// Where the table or the bucket fails.
    pub async fn next(&mut self) -> Result<Option<Vec<NamedPackage<F>>>> {
        let Registry {
            address, ecosystem, ..
        } = self.registry;
        let entries = match (self.first.take(), self.start) {
            (Some(first), _) => first,
            (None, None) => return Ok(None),
            (None, start) => {
                let records = &self.context.records;
                records
                    .name_entries(address, *ecosystem, self.name, start, PAGE_ENTRIES)
                    .await?
            }
        };
        let (entries, next) = entries.of(self.registry);
        self.start = next;
        complete(self.context, self.registry, entries).await.map(Some)
    }
}

/// Packages with their facts: of records whose facts are missing or of another format, read from the package.
async fn complete<F: NameFacts>(
    context: &Context,
    registry: &Registry,
    entries: Vec<NameEntry>,
) -> Result<Vec<NamedPackage<F>>> {
    let mut named: Vec<_> = entries
        .into_iter()
        .map(|entry| (entry.id, of_entry(entry)))
        .collect();
    let is_missing = |(id, package): &(PackageId, Option<_>)| package.is_none().then_some(*id);
    let missing: Vec<PackageId> = named.iter().filter_map(is_missing).collect();
    let mut records = context.records.packages_of(registry, &missing).await?;
    for (id, package) in &mut named {
        if let Some(record) = records.remove(id) {
            *package = of_package(context, registry, record).await?;
        }
    }
    Ok(named.into_iter().filter_map(|(_, package)| package).collect())
}

/// The package of a record that has everything.
fn of_entry<F: NameFacts>(entry: NameEntry) -> Option<NamedPackage<F>> {
    Some(NamedPackage {
        facts: read_name_facts(&entry.facts?)?,
        id: entry.id,
        name: entry.name,
        version: entry.version,
        normalized_version: entry.normalized_version?,
        variant: entry.variant,
        filename: entry.filename?,
        size: entry.size?,
        digests: entry.digests,
    })
}

/// The package by its own record and metadata; `None` where it has been deleted meanwhile, or its metadata tells nothing.
async fn of_package<F: NameFacts>(
    context: &Context,
    registry: &Registry,
    package: Package,
) -> Result<Option<NamedPackage<F>>> {
    let Some(metadata) = Metadata::find_listed(context, registry, &package).await? else {
        return Ok(None);
    };
    let Ok(facts) = F::of_metadata(metadata.as_str()) else {
        tracing::warn!(package_id = %package.id, "a package without readable metadata is left out of an index");
        return Ok(None);
    };
    Ok(Some(NamedPackage {
        id: package.id,
        name: package.name,
        version: package.version,
        normalized_version: package.normalized_version,
        variant: package.variant,
        filename: package.filename,
        size: package.size,
        digests: package.digests,
        facts,
    }))
}

//! A registry's records and objects side by side: four lists in one order, read once each.

use std::collections::VecDeque;

use crate::address::RegistryAddress;
use crate::error::Result;
use crate::files::{Files, Kind};
use crate::id::PackageId;
use crate::records::{Records, Row};

/// A package's id, and its record and objects, where they exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: PackageId,
    pub(crate) record: Option<Row>,
    /// The size of its file.
    pub(crate) file: Option<u64>,
    /// The size of the metadata beside it.
    pub(crate) metadata: Option<u64>,
    /// The size of the attestations beside it.
    pub(crate) attestations: Option<u64>,
}

impl Entry {
    /// Its objects, and their sizes.
    pub(crate) fn objects(&self) -> impl Iterator<Item = (Kind, u64)> {
        let of = |kind, size: Option<u64>| size.map(|size| (kind, size));
        [
            of(Kind::Package, self.file),
            of(Kind::Metadata, self.metadata),
            of(Kind::Attestations, self.attestations),
        ]
        .into_iter()
        .flatten()
    }
}

/// The rest of a sorted list: a page that was read, and where the next one begins.
#[derive(Debug)]
struct Source<T> {
    page: VecDeque<(PackageId, T)>,
    next: Option<String>,
    is_done: bool,
}

impl<T> Source<T> {
    fn after(id: Option<PackageId>) -> Self {
        Self {
            page: VecDeque::new(),
            next: id.map(|id| id.to_string()),
            is_done: false,
        }
    }

    fn is_wanting(&self) -> bool {
        self.page.is_empty() && !self.is_done
    }

    fn fill(&mut self, page: Vec<(PackageId, T)>, next: Option<String>) {
        self.page.extend(page);
        self.is_done = next.is_none();
        self.next = next;
    }

    fn first(&self) -> Option<PackageId> {
        self.page.front().map(|(id, _)| *id)
    }

    fn take(&mut self, wanted: PackageId) -> Option<T> {
        let (_, value) = self.page.pop_front_if(|(id, _)| *id == wanted)?;
        Some(value)
    }
}

/// The merged list of one registry's address.
#[derive(Debug)]
pub(crate) struct Merge<'a> {
    records: &'a Records,
    files: &'a Files,
    address: &'a RegistryAddress,
    rows: Source<Row>,
    objects: Source<u64>,
    metadata: Source<u64>,
    attestations: Source<u64>,
    /// Number of keys under the address that are not of our making.
    pub(crate) foreign: usize,
}

impl<'a> Merge<'a> {
    /// The list from the first package after `after` on.
    pub(crate) fn new(
        records: &'a Records,
        files: &'a Files,
        address: &'a RegistryAddress,
        after: Option<PackageId>,
    ) -> Self {
        Self {
            records,
            files,
            address,
            rows: Source::after(after),
            objects: Source::after(after),
            metadata: Source::after(after),
            attestations: Source::after(after),
            foreign: 0,
        }
    }

    /// The next package, in the order of ids.
    pub(crate) async fn next(&mut self) -> Result<Option<Entry>> {
        self.fill().await?;
        let firsts = [
            self.rows.first(),
            self.objects.first(),
            self.metadata.first(),
            self.attestations.first(),
        ];
        let Some(id) = firsts.into_iter().flatten().min() else {
            return Ok(None);
        };
        Ok(Some(Entry {
            id,
            record: self.rows.take(id),
            file: self.objects.take(id),
            metadata: self.metadata.take(id),
            attestations: self.attestations.take(id),
        }))
    }

    /// Reads the next page where a list has no entry left: otherwise the lowest id of all is unknown.
    async fn fill(&mut self) -> Result<()> {
        while self.rows.is_wanting() {
            let read = self.records.rows(self.address, self.rows.next.as_deref()).await?;
            self.rows.fill(read.rows, read.next);
        }
        for (kind, source) in [
            (Kind::Package, &mut self.objects),
            (Kind::Metadata, &mut self.metadata),
            (Kind::Attestations, &mut self.attestations),
        ] {
            while source.is_wanting() {
                let listed = self
                    .files
                    .list(kind, self.address, source.next.as_deref())
                    .await?;
                self.foreign += listed.foreign;
                source.fill(listed.objects, listed.next);
            }
        }
        Ok(())
    }
}

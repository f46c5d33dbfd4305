//! From packages' records to members of an index.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use uuid::Uuid;

use super::Index;
use super::blocks::{METADATA_MISSING, Member, Names};
use super::renderer::MAX_MEMBER_BYTES;
use crate::error::{Error, Result};
use crate::id::{PackageId, minted_at};
use crate::packages::Metadata;
use crate::records::{Head, Package};

/// Packages whose metadata is read at the same time.
const CONCURRENCY: usize = 16;

/// Bytes of all members of an index. It is held in memory while it is built.
const MAX_INDEX_BYTES: u64 = 96 * 1024 * 1024;

/// Bytes of the longest reason that is kept.
const MAX_REASON_BYTES: usize = 500;

/// Time after its publish in which a package whose metadata cannot be read is never left out: its metadata was put just
/// now, so that the bucket most likely refuses it for a moment.
const SETTLED: Duration = Duration::from_mins(5);

/// A package as a plain read of its record saw it.
pub(super) struct Seen {
    /// Its normalized name.
    pub(super) name: String,
    /// Its member; none where its metadata cannot be read.
    pub(super) member: Option<Member>,
}

/// All packages of a registry, as a scan saw them.
#[derive(Default)]
pub(super) struct Scan {
    pub(super) names: Names,
    pub(super) ids: BTreeSet<PackageId>,
    /// Packages whose metadata could not be read, with their names. They are not among `names`.
    pub(super) unread: BTreeMap<PackageId, String>,
}

/// Room that an index has for further members: it is held in memory while it is built.
pub(super) struct Room {
    bytes: u64,
}

impl Room {
    /// The room beside members of so many bytes.
    pub(super) fn beside(bytes: u64) -> Self {
        Self {
            bytes: MAX_INDEX_BYTES.saturating_sub(bytes),
        }
    }

    /// Takes the room of one member; false where there is not enough.
    fn take(&mut self, bytes: usize) -> bool {
        let rest = self.bytes.checked_sub(bytes as u64);
        self.bytes = rest.unwrap_or(self.bytes);
        rest.is_some()
    }
}

impl Index<'_> {
    /// Those of these packages that are there, and their members.
    pub(super) async fn seen(&self, ids: &[PackageId]) -> Result<HashMap<PackageId, Seen>> {
        let mut seen = HashMap::new();
        // Records have up to 400 kB, so that not many are held at once.
        for ids in ids.chunks(100) {
            let packages = self.context.records.packages_of(self.registry, ids).await?;
            let members = self.members(packages.into_values().collect()).await?;
            seen.extend(members);
        }
        let unread = seen.iter().filter(|(_, seen)| seen.member.is_none());
        let unread: Vec<_> = unread.map(|(id, _)| *id).collect();
        for id in self.gone(&unread).await? {
            seen.remove(&id);
        }
        Ok(seen)
    }

    /// All packages of the registry.
    pub(super) async fn scan(&self) -> Result<Scan> {
        let mut scan = Scan::default();
        let mut room = Room::beside(0);
        let mut start = None;
        loop {
            let page = self.context.records.packages_page(self.registry, start).await?;
            for (id, seen) in self.members(page.packages).await? {
                scan.ids.insert(id);
                if let Some(member) = seen.member {
                    let member = self.within(&mut room, id, member);
                    scan.names.entry(seen.name).or_default().insert(id, member);
                } else {
                    scan.unread.insert(id, seen.name);
                }
            }
            start = page.next;
            if start.is_none() {
                break;
            }
        }
        let unread: Vec<_> = scan.unread.keys().copied().collect();
        for id in self.gone(&unread).await? {
            scan.ids.remove(&id);
            scan.unread.remove(&id);
        }
        Ok(scan)
    }

    /// Takes in the packages whose metadata the scan could not read: as the state of `own` has them, which could, else
    /// as left out.
    ///
    /// # Errors
    /// [`Error::MetadataMissing`] for one that was published just now.
    pub(super) async fn take_unread(&self, scan: &mut Scan, own: Option<&Head>) -> Result<()> {
        if scan.unread.is_empty() {
            return Ok(());
        }
        let mut known = match own {
            Some(own) => self.known(own, &scan.unread).await?,
            None => BTreeMap::new(),
        };
        for (id, name) in &scan.unread {
            let member = match known.remove(id) {
                Some(member) => member,
                None if is_unsettled((*id).into()) => return Err(Error::MetadataMissing(*id)),
                None => self.without_metadata(*id),
            };
            scan.names.entry(name.clone()).or_default().insert(*id, member);
        }
        Ok(())
    }

    /// Those of these packages that have been deleted since their records were read: then their metadata is gone, too.
    async fn gone(&self, ids: &[PackageId]) -> Result<Vec<PackageId>> {
        let mut gone = Vec::new();
        for ids in ids.chunks(100) {
            let there = self.context.records.packages_of(self.registry, ids).await?;
            gone.extend(ids.iter().filter(|id| !there.contains_key(id)));
        }
        Ok(gone)
    }

    /// The member, if there is room for it.
    pub(super) fn within(&self, room: &mut Room, id: PackageId, member: Member) -> Member {
        match member {
            Member::Taken(text) if !room.take(text.len()) => {
                self.left_out(id, format!("the index has more than {MAX_INDEX_BYTES} bytes"))
            }
            member => member,
        }
    }

    /// Member of a package whose metadata cannot be read.
    pub(super) fn without_metadata(&self, id: PackageId) -> Member {
        self.left_out(id, METADATA_MISSING.to_owned())
    }

    async fn members(&self, packages: Vec<Package>) -> Result<Vec<(PackageId, Seen)>> {
        let members = packages.into_iter().map(|package| async move {
            let member = self.member(&package).await?;
            let name = package.normalized_name;
            Ok((package.id, Seen { name, member }))
        });
        stream::iter(members).buffered(CONCURRENCY).try_collect().await
    }

    /// The member that a package becomes; none where its metadata cannot be read. One that cannot be rendered is left
    /// out, which its bytes decide for ever: it never stops a registry.
    async fn member(&self, package: &Package) -> Result<Option<Member>> {
        let Some(metadata) = Metadata::find(self.context, self.registry, package).await? else {
            return Ok(None);
        };
        let metadata = String::from(metadata);
        let rendered = catch_unwind(AssertUnwindSafe(|| self.renderer.member(package, &metadata)));
        Ok(Some(match rendered {
            Ok(Ok(text)) if text.len() <= MAX_MEMBER_BYTES => Member::Taken(text),
            Ok(Ok(text)) => {
                let length = text.len();
                self.left_out(
                    package.id,
                    format!("its entry has {length} bytes: {MAX_MEMBER_BYTES} are allowed"),
                )
            }
            Ok(Err(reason)) => self.left_out(package.id, reason),
            Err(_) => self.left_out(package.id, "its renderer failed".to_owned()),
        }))
    }

    fn left_out(&self, package: PackageId, reason: String) -> Member {
        let mut reason = reason;
        if reason.len() > MAX_REASON_BYTES {
            reason.truncate(reason.floor_char_boundary(MAX_REASON_BYTES));
        }
        tracing::error!(
            organization = self.registry.address.organization.as_str(),
            registry = self.registry.slug().as_str(),
            package_id = %package,
            index = self.renderer.format(),
            reason,
            "a package is left out of its registry's index"
        );
        Member::LeftOut(reason)
    }
}

/// Whether a package or a change was made just now.
pub(super) fn is_unsettled(id: Uuid) -> bool {
    let age = SystemTime::now().duration_since(minted_at(id));
    age.unwrap_or_default() < SETTLED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_have_room_for_so_much() {
        let mut room = Room::beside(MAX_INDEX_BYTES - 10);
        assert!(room.take(7));
        assert!(!room.take(4));
        assert!(room.take(3));
        assert!(!room.take(1));
        assert!(!Room::beside(u64::MAX).take(1));
    }
}

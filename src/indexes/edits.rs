//! Edits: what the open changes make of an index, by plain reads of their packages' records.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::Index;
use super::members::is_unsettled;
use super::weave::Edits;
use crate::error::{Error, Result};
use crate::id::PackageId;
use crate::records::Change;

/// Changes that an index takes in.
pub(super) struct Taken {
    pub(super) edits: Edits,
    /// Ids of the changes.
    pub(super) folded: BTreeSet<Uuid>,
    /// Whether metadata could not be read.
    pub(super) is_unread: bool,
}

impl Index<'_> {
    /// Effect of the open changes on the index, by plain reads of their packages' records: a change says where to look,
    /// never what is there. One that its record contradicts is left: either its publish had not been answered when
    /// this read began, or its delete has not been answered yet.
    ///
    /// # Errors
    /// [`Error::MetadataMissing`] where that of a package cannot be read that was published just now.
    pub(super) async fn taken(&self, seen: &[Change], open: &[&Change]) -> Result<Taken> {
        let ids: BTreeSet<PackageId> = open.iter().map(|change| change.package_id).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let mut found = self.seen(&ids).await?;
        let present: BTreeSet<_> = found.keys().copied().collect();
        let mut folded = believed(seen, open, &present);
        let is_unread = |id| found.get(id).is_some_and(|package| package.member.is_none());
        for change in open.iter().filter(|change| is_unread(&change.package_id)) {
            if !is_unsettled(change.id) || change.is_deletion() {
                continue;
            }
            if !change.is_repair {
                return Err(Error::MetadataMissing(change.package_id));
            }
            // Its metadata is about to be put.
            folded.remove(&change.id);
        }
        let believed = open.iter().filter(|change| folded.contains(&change.id));
        let names: BTreeMap<_, _> = believed.map(|change| (change.package_id, &change.name)).collect();
        let mut taken = Taken {
            edits: Edits::new(),
            folded,
            is_unread: false,
        };
        for (id, name) in names {
            let (name, member) = match found.remove(&id) {
                None => (name.clone(), None),
                Some(package) => {
                    taken.is_unread |= package.member.is_none();
                    let member = package.member.unwrap_or_else(|| self.without_metadata(id));
                    (package.name, Some(member))
                }
            };
            taken.edits.entry(name).or_default().insert(id, member);
        }
        Ok(taken)
    }
}

/// The open changes that the records do not contradict. `present` are the packages whose records were read.
pub(super) fn believed(seen: &[Change], open: &[&Change], present: &BTreeSet<PackageId>) -> BTreeSet<Uuid> {
    let deletions = seen.iter().filter(|change| change.is_deletion());
    let deleted: BTreeSet<_> = deletions.map(|change| change.package_id).collect();
    let is_believed = |change: &&&Change| {
        let id = &change.package_id;
        deleted.contains(id) != present.contains(id)
    };
    let believed = open.iter().filter(is_believed);
    believed.map(|change| change.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(package: PackageId, id: Uuid) -> Change {
        Change {
            id,
            registry_id: Uuid::nil(),
            package_id: package,
            name: "banana".to_owned(),
            variant: None,
            is_repair: false,
        }
    }

    #[test]
    fn changes_that_records_contradict_are_left() {
        let package = PackageId::mint();
        let publish = change(package, package.into());
        let delete = change(package, Uuid::now_v7());
        let repair = Change {
            is_repair: true,
            ..delete.clone()
        };
        let (there, gone) = (BTreeSet::from([package]), BTreeSet::new());
        for (seen, present, expected) in [
            (vec![publish.clone()], &there, vec![publish.id]),
            (vec![publish.clone()], &gone, vec![]),
            (vec![delete.clone()], &gone, vec![delete.id]),
            (vec![delete.clone()], &there, vec![]),
            (vec![publish.clone(), delete.clone()], &there, vec![]),
            (vec![repair.clone()], &there, vec![repair.id]),
            (vec![repair.clone()], &gone, vec![]),
            (
                vec![publish.clone(), delete.clone()],
                &gone,
                vec![publish.id, delete.id],
            ),
        ] {
            let open: Vec<_> = seen.iter().collect();
            let believed = believed(&seen, &open, present);
            assert_eq!(believed, expected.into_iter().collect(), "{seen:?}");
        }
    }
}

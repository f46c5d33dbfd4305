//! The protocol: from changes to a new head.
//!
//! The order of the steps is what keeps the promise; `tests/it/model/` explores every interleaving of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::Index;
use super::edits::believed;
use super::weave::Woven;
use crate::error::{Error, Result};
use crate::records::{Change, Changes, Head, Swap, Unread};
use crate::retry::Retry;
use crate::steps;
use crate::time::epoch_seconds;

/// Open changes above which an index is built from all packages instead.
const MAX_EDITS: usize = 2000;

/// Changes that one head remembers: 37 bytes each, and a record ends at 400 kB.
const MAX_FOLDED: usize = 5000;

/// Time after which no sandbox of a version before is at work that published without changes.
const DEPLOYMENT: Duration = Duration::from_mins(20);

/// Time that the removal of changes may take: the answer is certain already.
const REMOVAL: Duration = Duration::from_secs(3);

/// Outcome of one attempt to fold.
enum Attempt {
    /// The state that a reader may see.
    Current(Head),
    /// Another's state has come first: the changes are to be read again.
    Refused,
}

/// Changes that are open in a state, and what their packages' records say of them.
struct Folding {
    /// Ids of the changes that are taken in.
    folded: BTreeSet<Uuid>,
    /// The new state.
    woven: Woven,
    /// Whether documents that have not changed may stay the objects that they are: not where the state before may be
    /// one whose objects are missing.
    is_edit: bool,
    /// Whether metadata could not be read.
    is_unread: bool,
    built_at: u64,
}

impl Index<'_> {
    /// The state that shows every publish and delete that was answered before `first` was read.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where there was not enough time; [`Error::NotFound`] where the registry was made anew.
    pub(super) async fn current(&self, first: Changes) -> Result<Head> {
        let records = &self.context.records;
        let mut seen = records.all_changes(self.registry, first).await?;
        // Later ones need not be waited for: otherwise a reader might never end.
        let wanted: BTreeSet<Uuid> = seen.iter().map(|change| change.id).collect();
        let mut retry = Retry::until(self.context.retry_until);
        loop {
            // After the changes: a head that was read before them may lack one that has been removed since.
            let heads = records.heads(self.registry).await?;
            let own = heads
                .get(self.renderer.format())
                .filter(|head| !head.is_to_be_built());
            let is_open = |change: &&Change| own.is_none_or(|head| !head.folded.contains(&change.id));
            let open: Vec<&Change> = seen.iter().filter(is_open).collect();
            if let Some(head) = own
                && !open.iter().any(|change| wanted.contains(&change.id))
            {
                return Ok(head.clone());
            }
            match self.fold(&seen, &open, &heads).await? {
                Attempt::Current(head) => return Ok(head),
                Attempt::Refused if retry.again().await => {}
                Attempt::Refused => {
                    return Err(Error::Unavailable("others kept changing the index".to_owned()));
                }
            }
            seen = records.all_changes(self.registry, Changes::unread()).await?;
        }
    }

    /// Builds the index from all packages, whatever its state is.
    pub(super) async fn rebuild(&self) -> Result<Head> {
        let records = &self.context.records;
        let mut retry = Retry::until(self.context.retry_until);
        loop {
            let seen = records.all_changes(self.registry, Changes::unread()).await?;
            let heads = records.heads(self.registry).await?;
            let own = heads.get(self.renderer.format());
            let open: Vec<&Change> = seen.iter().collect();
            let folding = self.build(&open, own).await?;
            match self.replace(folding, &seen, &heads).await? {
                Attempt::Current(head) => return Ok(head),
                Attempt::Refused if retry.again().await => {}
                Attempt::Refused => {
                    return Err(Error::Unavailable("others kept changing the index".to_owned()));
                }
            }
        }
    }

    async fn fold(
        &self,
        seen: &[Change],
        open: &[&Change],
        heads: &BTreeMap<String, Head>,
    ) -> Result<Attempt> {
        let own = heads.get(self.renderer.format());
        let usable = own.filter(|head| !head.is_to_be_built() && open.len() <= MAX_EDITS);
        let folding = match usable {
            None => self.build(open, own).await?,
            Some(head) => {
                let taken = self.taken(seen, open).await?;
                if taken.folded.is_empty() {
                    // Nothing that may be believed yet: no publish and no delete of it was answered before this read.
                    return Ok(Attempt::Current(head.clone()));
                }
                if let Ok(woven) = self.edited(head, taken.edits).await? {
                    Folding {
                        folded: taken.folded,
                        woven,
                        is_edit: true,
                        is_unread: taken.is_unread,
                        built_at: head.built_at,
                    }
                } else {
                    tracing::warn!(
                        organization = self.registry.address.organization.as_str(),
                        registry = self.registry.slug().as_str(),
                        index = self.renderer.format(),
                        "an index is damaged and is built anew"
                    );
                    self.build(open, own).await?
                }
            }
        };
        self.replace(folding, seen, heads).await
    }

    /// The index of all packages. The changes were read before.
    async fn build(&self, open: &[&Change], own: Option<&Head>) -> Result<Folding> {
        let built_at = epoch_seconds(SystemTime::now());
        let mut scan = self.scan().await?;
        self.take_unread(&mut scan, own).await?;
        let mut folded = if own.is_some_and(|head| head.is_restored) {
            // A restored table may hold half a transaction, and nothing is under way in it.
            open.iter().map(|change| change.id).collect()
        } else {
            let seen: Vec<_> = open.iter().copied().cloned().collect();
            believed(&seen, open, &scan.ids)
        };
        while folded.len() > MAX_FOLDED {
            folded.pop_last();
        }
        Ok(Folding {
            folded,
            woven: self.built(scan.names).await?,
            is_edit: false,
            is_unread: !scan.unread.is_empty(),
            built_at,
        })
    }

    /// Puts a new state in the place of the one that was seen, and removes the changes that all indexes have.
    async fn replace(
        &self,
        folding: Folding,
        seen: &[Change],
        heads: &BTreeMap<String, Head>,
    ) -> Result<Attempt> {
        let format = self.renderer.format();
        let own = heads.get(format);
        let mut folded = folding.folded;
        let known = seen.iter().map(|change| change.id);
        // Changes that were removed need not be remembered: nobody can see them again.
        folded.extend(known.filter(|id| own.is_some_and(|head| head.folded.contains(id))));
        let documents = own.filter(|_| folding.is_edit).map(|head| &head.documents);
        let (mut head, objects) = self.state_of(folding.woven, documents)?;
        self.put(objects).await?;
        head.folded = folded;
        head.built_at = folding.built_at;
        head.scan_due = match own {
            None => Some(head.built_at + DEPLOYMENT.as_secs()),
            // Only a scan that began after it was due has seen what it is due for.
            Some(own) => own
                .scan_due
                .filter(|due| folding.is_edit || folding.built_at < *due),
        };
        let unread = own.and_then(|own| own.unread);
        head.unread = if folding.is_unread && !(folding.is_edit && unread.is_some()) {
            Some(Unread::at(head.modified, unread))
        } else {
            unread.filter(|_| folding.is_edit)
        };
        head.modified = own.map_or(head.modified, |own| head.modified.max(own.modified + 1));
        let revision = own.map(|head| head.revision);
        let swap =
            self.context
                .records
                .swap_head(self.registry, format, &head, revision, self.context.retry_until);
        match swap.await? {
            // Nothing of ours is removed: a record may name it, whoever's head it is.
            Swap::Refused => return Ok(Attempt::Refused),
            Swap::Ours => {}
        }
        let others = heads.iter().filter(|(other, _)| *other != format);
        let others: Vec<&Head> = others.map(|(_, head)| head).collect();
        self.remove(seen, &head, &others).await;
        Ok(Attempt::Current(head))
    }

    /// Removes the changes that every index has. Whatever is left is removed by the next fold.
    async fn remove(&self, seen: &[Change], head: &Head, others: &[&Head]) {
        let is_everywhere = |change: &&Change| {
            head.folded.contains(&change.id) && others.iter().all(|other| other.folded.contains(&change.id))
        };
        let (deletions, publishes): (Vec<_>, Vec<_>) = seen
            .iter()
            .filter(is_everywhere)
            .partition(|change| change.is_deletion());
        // The publish's change of a package that is gone, whether or not it was seen: alone it would stay for ever.
        let mut first: BTreeSet<Uuid> = publishes.iter().map(|change| change.id).collect();
        first.extend(deletions.iter().map(|change| Uuid::from(change.package_id)));
        let first: Vec<_> = first.into_iter().collect();
        let deletions: Vec<_> = deletions.iter().map(|change| change.id).collect();
        let address = &self.registry.address;
        let end = self.context.retry_for_at_least(REMOVAL);
        let removal = async {
            let records = &self.context.records;
            records.remove_changes(address, &first).await?;
            records.remove_changes(address, &deletions).await
        };
        if let Err(error) = steps::in_time(end, "call", removal).await {
            tracing::warn!(
                organization = address.organization.as_str(),
                registry = address.registry.as_str(),
                cause = error.cause(),
                "changes that an index has taken in are left to the next reader"
            );
        }
    }
}

//! The protocol: from changes to a new head.
//!
//! The order of the steps is what keeps the promise; `tests/it/model/` explores every interleaving of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::Index;
use super::build::Wait;
use crate::error::{Error, Result};
use crate::records::{Change, Changes, Head, Swap, Unread};
use crate::retry::Retry;
use crate::steps;
use crate::time::epoch_seconds;

/// Open changes above which an index is built from all packages instead.
const MAX_EDITS: usize = 2000;

/// Changes that one head remembers: 37 bytes each, and a record ends at 400 kB.
const MAX_FOLDED: usize = 5000;

/// Time that the removal of changes may take: the answer is certain already.
const REMOVAL: Duration = Duration::from_secs(3);

/// Outcome of one attempt to fold.
pub(super) enum Attempt {
    /// The state that a reader may see.
    Current(Box<Head>),
    /// Another's state has come first: the changes are to be read again.
    Refused,
    /// The state cannot be used: the index is to be built from all packages.
    Unusable,
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
        let mut wait = Wait::default();
        loop {
            // After the changes: a head that was read before them may lack one that has been removed since.
            let heads = records.heads(self.registry).await?;
            let own = heads.get(self.renderer.format());
            match self.attempt(&wanted, &seen, &heads).await? {
                Attempt::Current(head) => return self.after_due_scan(*head).await,
                Attempt::Refused if retry.again().await => {}
                Attempt::Refused => {
                    return Err(Error::Unavailable("others kept changing the index".to_owned()));
                }
                Attempt::Unusable => {
                    if let Some(head) = self.build_or_wait(own, &mut wait).await? {
                        return Ok(head);
                    }
                }
            }
            seen = records.all_changes(self.registry, Changes::unread()).await?;
        }
    }

    async fn attempt(
        &self,
        wanted: &BTreeSet<Uuid>,
        seen: &[Change],
        heads: &BTreeMap<String, Head>,
    ) -> Result<Attempt> {
        let own = heads.get(self.renderer.format());
        let Some(own) = own.filter(|head| head.is_usable()) else {
            return Ok(Attempt::Unusable);
        };
        let is_open = |change: &&Change| !own.folded.contains(&change.id);
        let open: Vec<&Change> = seen.iter().filter(is_open).collect();
        if !open.iter().any(|change| wanted.contains(&change.id)) {
            return Ok(Attempt::Current(Box::new(own.clone())));
        }
        if open.len() > MAX_EDITS {
            return Ok(Attempt::Unusable);
        }
        self.fold(own, seen, &open, heads).await
    }

    async fn fold(
        &self,
        own: &Head,
        seen: &[Change],
        open: &[&Change],
        heads: &BTreeMap<String, Head>,
    ) -> Result<Attempt> {
        let taken = self.taken(seen, open).await?;
        if taken.folded.is_empty() {
            // Nothing that may be believed yet: no publish and no delete of it was answered before this read.
            return Ok(Attempt::Current(Box::new(own.clone())));
        }
        let Ok(woven) = self.edited(own, taken.edits).await? else {
            tracing::warn!(
                organization = self.registry.address.organization.as_str(),
                registry = self.registry.slug().as_str(),
                index = self.renderer.format(),
                "an index is damaged and is built anew"
            );
            return Ok(Attempt::Unusable);
        };
        let (mut head, objects) = self.state_of(woven, Some(&own.documents))?;
        self.put(objects).await?;
        head.built_at = own.built_at;
        head.scan_due = own.scan_due;
        head.unread = own
            .unread
            .or_else(|| taken.is_unread.then(|| Unread::at(now(), None)));
        // Whoever builds needs the changes that come meanwhile; but not for ever, and not any number of them.
        head.build = own
            .build
            .filter(|build| build.is_claimed() && seen.len() <= MAX_EDITS);
        head.folded = taken.folded;
        head.folded.extend(&own.folded);
        self.replace(head, own, seen, heads).await
    }

    /// Puts a new state in the place of `own`, and removes the changes that all indexes have. Its objects have been put.
    pub(super) async fn replace(
        &self,
        mut head: Head,
        own: &Head,
        seen: &[Change],
        heads: &BTreeMap<String, Head>,
    ) -> Result<Attempt> {
        // Changes that were removed need not be remembered: nobody can see them again.
        let known: BTreeSet<Uuid> = seen.iter().map(|change| change.id).collect();
        head.folded.retain(|id| known.contains(id));
        while head.folded.len() > MAX_FOLDED {
            head.folded.pop_last();
        }
        head.modified = head.modified.max(own.modified + 1);
        let (format, seen_revision) = (self.renderer.format(), Some(own.revision));
        let records = &self.context.records;
        let end = self.context.retry_until;
        match records
            .swap_head(self.registry, format, &head, seen_revision, end)
            .await?
        {
            // Nothing of ours is removed: a record may name it, whoever's head it is.
            Swap::Refused => return Ok(Attempt::Refused),
            Swap::Ours => {}
        }
        let others = heads.iter().filter(|(other, _)| *other != format);
        let all: Vec<&Head> = others.map(|(_, head)| head).chain([&head]).collect();
        self.remove(seen, &all).await;
        Ok(Attempt::Current(Box::new(head)))
    }

    /// Removes the changes that every index has, unless one is being built: that one may have to take in what its scan
    /// missed. Whatever is left is removed by the next fold.
    async fn remove(&self, seen: &[Change], heads: &[&Head]) {
        if heads.iter().any(|head| head.build.is_some()) {
            return;
        }
        let is_everywhere = |change: &&Change| heads.iter().all(|head| head.folded.contains(&change.id));
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

/// This moment, in seconds since 1970.
pub(super) fn now() -> u64 {
    epoch_seconds(SystemTime::now())
}

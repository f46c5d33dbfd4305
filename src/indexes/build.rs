//! Builds of an index from all packages: by whom, and how what changes meanwhile gets in.
//!
//! Whoever builds claims the head first, so that others leave it to them; a head that has no state yet is made by the
//! claim. While a head is claimed, no change is removed. So a build may take the place of the head that is there when it
//! has come to its end, however often others have folded into it meanwhile: what its scan has missed is an open change.
//! Correctness needs these changes, never the claim's time.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::Index;
use super::edits::believed;
use super::fold::{Attempt, now};
use crate::error::{Error, Result};
use crate::records::{Build, Change, Changes, Head, Swap, Unread};
use crate::retry::Retry;
use crate::steps;

/// Time after which no sandbox of a version before is at work that published without changes.
const DEPLOYMENT: Duration = Duration::from_mins(20);

/// Time that whoever builds an index that cannot be served has it alone, and that others wait.
const AWAITED: Duration = Duration::from_secs(5);

/// Least time for which an index is claimed that can be served: in it, a scan that is due is tried once.
const DUE: Duration = Duration::from_mins(5);

/// Time between two looks at an index that another builds.
const LOOK: Duration = Duration::from_millis(200);

/// A head that is ours to build.
struct Claim {
    /// The head as it was claimed.
    head: Head,
    build: Build,
}

/// A reader's wait for another's build.
#[derive(Debug, Default)]
pub(super) struct Wait {
    /// Revision of the head that the other claimed, and when it was met.
    met: Option<(Uuid, Instant)>,
}

impl Wait {
    /// Whether this head's claim has been waited for long enough, whatever the clock of its holder says.
    fn is_over(&mut self, head: &Head) -> bool {
        match self.met {
            Some((revision, since)) if revision == head.revision => since.elapsed() >= AWAITED,
            _ => {
                self.met = Some((head.revision, Instant::now()));
                false
            }
        }
    }
}

impl Index<'_> {
    /// Builds the index, or waits a moment for another who does. None where the heads are to be read again.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where there is no time left.
    pub(super) async fn build_or_wait(&self, own: Option<&Head>, wait: &mut Wait) -> Result<Option<Head>> {
        if Instant::now() >= self.context.retry_until {
            return Err(Error::Unavailable("the index was not built in time".to_owned()));
        }
        if let Some(head) = own
            && head.is_claimed()
            && !wait.is_over(head)
        {
            sleep(LOOK).await;
            return Ok(None);
        }
        match self.claim(own).await? {
            Some(claim) => Box::pin(self.build(claim)).await,
            None => Ok(None),
        }
    }

    /// The state after the scan that is due in `head`, if any is, and if nobody else is at it; else `head`, which may
    /// be served all the same.
    pub(super) async fn after_due_scan(&self, head: Head) -> Result<Head> {
        if !head.is_scan_due() || head.is_claimed() {
            return Ok(head);
        }
        let scan = async {
            match self.claim(Some(&head)).await? {
                Some(claim) => self.build(claim).await,
                None => Ok(None),
            }
        };
        match steps::in_time(self.context.retry_until, "call", scan).await {
            Ok(built) => Ok(built.unwrap_or(head)),
            Err(error) => {
                tracing::warn!(
                    organization = self.registry.address.organization.as_str(),
                    registry = self.registry.slug().as_str(),
                    index = self.renderer.format(),
                    cause = error.cause(),
                    "a scan that is due in an index has not come to its end"
                );
                Ok(head)
            }
        }
    }

    /// Builds the index from all packages, whatever its state is; not where it has been built since that moment.
    pub(super) async fn rebuild(&self, since: Option<u64>) -> Result<Option<Head>> {
        let mut wait = Wait::default();
        loop {
            let heads = self.context.records.heads(self.registry).await?;
            let own = heads.get(self.renderer.format());
            let is_later = |head: &&Head| since.is_some_and(|since| head.built_at > since);
            if own
                .filter(|head| head.is_usable())
                .is_some_and(|head| is_later(&head))
            {
                return Ok(None);
            }
            if let Some(head) = self.build_or_wait(own, &mut wait).await? {
                return Ok(Some(head));
            }
        }
    }

    /// Marks the head as one that is being built, or makes it. None where another was first.
    async fn claim(&self, own: Option<&Head>) -> Result<Option<Claim>> {
        let mut head = own.map_or_else(|| Head::planned(self.registry.id, now()), Clone::clone);
        // A build that was given up, and whose mark nobody has removed, has kept the changes as well.
        let id = head.build.map_or_else(Uuid::now_v7, |before| before.id);
        let time = if head.is_usable() {
            // Folds take away a claim that is over.
            let rest = self.context.retry_until.duration_since(Instant::now());
            rest.max(DUE)
        } else {
            AWAITED
        };
        let claimed_until = now() + time.as_secs();
        let build = Build { id, claimed_until };
        head.revision = Uuid::now_v7();
        head.build = Some(build);
        if !head.is_usable() {
            head.folded.clear();
        }
        let (format, seen) = (self.renderer.format(), own.map(|own| own.revision));
        let records = &self.context.records;
        let swap = records.swap_head(self.registry, format, &head, seen, self.context.retry_until);
        Ok(match swap.await? {
            Swap::Ours => Some(Claim { head, build }),
            Swap::Refused => None,
        })
    }

    /// Builds a claimed index: every publish and delete is in it that was answered before. None where another's build has
    /// come first, or a restore.
    async fn build(&self, claim: Claim) -> Result<Option<Head>> {
        let records = &self.context.records;
        let seen = records.all_changes(self.registry, Changes::unread()).await?;
        let built = self.scanned(&claim.head, &seen).await?;
        let mut retry = Retry::until(self.context.retry_until);
        loop {
            let heads = records.heads(self.registry).await?;
            let own = heads.get(self.renderer.format());
            let is_ours = |head: &&Head| head.build.is_some_and(|build| build.id == claim.build.id);
            let Some(own) = own.filter(is_ours) else {
                return Ok(None);
            };
            // Changes that others have folded into the head meanwhile are open again: none has been removed.
            let mut head = built.clone();
            head.scan_due = if own.is_planned {
                Some(head.built_at + DEPLOYMENT.as_secs())
            } else {
                // Only a scan that began after it was due has seen what it is due for.
                own.scan_due.filter(|due| head.built_at < *due)
            };
            match self.replace(head, own, &seen, &heads).await? {
                Attempt::Current(head) => return Ok(Some(*head)),
                _ if retry.again().await => {}
                _ => return Err(Error::Unavailable("others kept changing the index".to_owned())),
            }
        }
    }

    /// The state of all packages. The changes were read before.
    async fn scanned(&self, claimed: &Head, seen: &[Change]) -> Result<Head> {
        let built_at = now();
        let mut scan = self.scan().await?;
        self.take_unread(&mut scan, Some(claimed).filter(|head| !head.is_planned))
            .await?;
        let folded = if claimed.is_restored {
            // A restored table may hold half a transaction, and nothing is under way in it.
            seen.iter().map(|change| change.id).collect()
        } else {
            let open: Vec<_> = seen.iter().collect();
            believed(seen, &open, &scan.ids)
        };
        let unread = (!scan.unread.is_empty()).then(|| Unread::at(now(), claimed.unread));
        let (head, objects) = self.state_of(self.built(scan.names).await?, None)?;
        self.put(objects).await?;
        Ok(Head {
            built_at,
            unread,
            folded,
            ..head
        })
    }
}

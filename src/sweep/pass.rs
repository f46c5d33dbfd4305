//! One pass over all records and all objects, in as many runs as it takes.
//!
//! It examines everything before it removes anything: only at the end is it known whether the orphans are
//! suspiciously many. The table keeps between two runs what the pass has found.

use std::collections::BTreeSet;

use super::merge::{Entry, Merge};
use super::missing::Suspects;
use super::{MAX_ORPHANS_PERCENT, Report, Sweep, is_older_than_grace};
use crate::address::RegistryAddress;
use crate::error::Result;
use crate::files::{Kind, ObjectKey};
use crate::records::{MAX_CHUNK_ORPHANS, Orphan, Progress};

/// Entries between two saves of a pass.
const SAVE_EVERY: usize = 50_000;

/// Orphans that a pass remembers at most, some 20 MB of them; more end it, unless an operator allows more.
const MAX_REMEMBERED: usize = 100_000;

/// A pass as this run sees it.
struct Pass {
    progress: Progress,
    /// Found since the last save.
    orphans: Vec<Orphan>,
    /// Entries since the last save.
    unsaved: usize,
}

impl Sweep {
    /// Continues the pass that an earlier run has begun, or begins one.
    pub(super) async fn pass(&self, report: &mut Report) -> Result<()> {
        let saved = if self.dry_run {
            None
        } else {
            self.records.sweep_progress().await?
        };
        let mut pass = Pass {
            progress: saved.unwrap_or_default(),
            orphans: Vec::new(),
            unsaved: 0,
        };
        report.take(pass.progress.counts);
        let is_over = pass.progress.is_removing || self.look(&mut pass, report).await?;
        if !is_over && !self.are_beyond_memory(&pass) {
            return self.save(&mut pass).await;
        }
        let mut orphans = self.records.saved_orphans(&pass.progress).await?;
        orphans.append(&mut pass.orphans);
        if self.are_too_many(&pass.progress, report) {
            return self.finish(&pass.progress).await;
        }
        let left = self.remove_orphans(orphans, report).await?;
        self.finish(&pass.progress).await?;
        if left.is_empty() {
            return Ok(());
        }
        pass.progress = Progress {
            is_removing: true,
            counts: pass.progress.counts,
            ..Progress::default()
        };
        pass.orphans = left;
        self.save(&mut pass).await
    }

    /// Examines everything from the pass's place on. Returns whether it reached the end.
    async fn look(&self, pass: &mut Pass, report: &mut Report) -> Result<bool> {
        let registries = self.records.registry_ids(!self.dry_run).await?;
        let stored = self.files.registries().await?;
        let deleted = self.records.deleted_registries().await?;
        if pass.progress.address.is_none() {
            pass.progress.counts.foreign_objects = stored.foreign;
        }
        let mut addresses: BTreeSet<RegistryAddress> = registries.keys().cloned().collect();
        addresses.extend(stored.addresses);
        addresses.extend(deleted.into_iter().map(|deleted| deleted.address));
        let place = pass.progress.address.clone();
        for address in addresses {
            if place.as_ref().is_some_and(|place| address < *place) {
                continue;
            }
            if place.as_ref() != Some(&address) {
                pass.progress.after = None;
            }
            pass.progress.address = Some(address.clone());
            let suspects = Suspects::new(self, &address, registries.get(&address).copied());
            let is_done = self.look_at(&address, suspects, pass, report).await?;
            report.take(pass.progress.counts);
            if !is_done {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn look_at(
        &self,
        address: &RegistryAddress,
        mut suspects: Suspects<'_>,
        pass: &mut Pass,
        report: &mut Report,
    ) -> Result<bool> {
        let mut merge = Merge::new(&self.records, &self.files, address, pass.progress.after);
        while let Some(entry) = merge.next().await? {
            if self.is_late(report) || self.are_beyond_memory(pass) {
                suspects.confirm(&mut pass.progress.counts, report).await?;
                return Ok(false);
            }
            self.count(address, &entry, pass);
            suspects.take(&entry, &mut pass.progress.counts, report).await?;
            pass.progress.after = Some(entry.id);
            pass.unsaved += 1;
            if pass.unsaved >= SAVE_EVERY || pass.orphans.len() >= MAX_CHUNK_ORPHANS {
                suspects.confirm(&mut pass.progress.counts, report).await?;
                self.save(pass).await?;
            }
        }
        pass.progress.counts.foreign_objects += merge.foreign;
        suspects.confirm(&mut pass.progress.counts, report).await?;
        Ok(true)
    }

    fn count(&self, address: &RegistryAddress, entry: &Entry, pass: &mut Pass) {
        let counts = &mut pass.progress.counts;
        counts.records += usize::from(entry.record.is_some());
        for (kind, size) in entry.objects() {
            counts.objects += 1;
            if entry.record.is_some() || !is_older_than_grace(entry.id.minted_at()) {
                continue;
            }
            if self.is_quarantined(entry.id) {
                counts.quarantined += 1;
                continue;
            }
            counts.orphans += 1;
            pass.orphans.push(Orphan {
                address: address.clone(),
                id: entry.id,
                is_metadata: kind == Kind::Metadata,
                is_attestations: kind == Kind::Attestations,
                size,
            });
        }
    }

    /// Whether the pass has found more orphans than it may keep: then it is over, and they are too many.
    fn are_beyond_memory(&self, pass: &Pass) -> bool {
        pass.progress.counts.orphans > self.max_orphans.max(MAX_REMEMBERED)
    }

    /// Whether the orphans are too large a part of the objects of all runs of a pass, which is then noted in
    /// the report.
    fn are_too_many(&self, progress: &Progress, report: &mut Report) -> bool {
        let (count, objects) = (progress.counts.orphans, progress.counts.objects);
        let too_many = count > self.max_orphans && count * 100 > objects * MAX_ORPHANS_PERCENT;
        if too_many && !progress.is_removing {
            report.stopped = Some(format!(
                "{count} of {objects} objects have no record: that is more than {} and more than \
                 {MAX_ORPHANS_PERCENT} %, so the table may be the one that is wrong. Nothing of them was removed. \
                 If the table is right, and many publishes failed, run `sweep --orphans {count}`.",
                self.max_orphans,
            ));
        }
        too_many && !progress.is_removing
    }

    /// Removes the orphans that still have no record. Returns those for which there was no time.
    async fn remove_orphans(&self, mut orphans: Vec<Orphan>, report: &mut Report) -> Result<Vec<Orphan>> {
        orphans.retain(|orphan| !self.is_quarantined(orphan.id));
        let mut start = 0;
        while start < orphans.len() {
            if self.is_late(report) {
                return Ok(orphans.split_off(start));
            }
            let rest = orphans.get(start..).unwrap_or_default();
            let Some(first) = rest.first() else { break };
            let same = rest.iter().take_while(|orphan| orphan.address == first.address);
            let batch: Vec<_> = same.take(MAX_CHUNK_ORPHANS).collect();
            let ids: Vec<_> = batch
                .iter()
                .map(|orphan| orphan.id)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect();
            let rows = self.records.rows_of(&first.address, &ids).await?;
            let gone: Vec<_> = batch
                .iter()
                .filter(|orphan| !rows.contains_key(&orphan.id))
                .collect();
            let keys: Vec<_> = gone.iter().map(|orphan| object_key(orphan)).collect();
            if !self.dry_run {
                self.files.delete_all(&keys).await?;
            }
            report.removed_objects += gone.len();
            report.removed_bytes += gone.iter().map(|orphan| orphan.size).sum::<u64>();
            start += batch.len();
        }
        Ok(Vec::new())
    }

    async fn save(&self, pass: &mut Pass) -> Result<()> {
        if self.dry_run {
            return Ok(());
        }
        self.records
            .save_progress(&mut pass.progress, &pass.orphans)
            .await?;
        pass.orphans.clear();
        pass.unsaved = 0;
        Ok(())
    }

    /// Removes a pass of which something was saved.
    async fn finish(&self, progress: &Progress) -> Result<()> {
        if self.dry_run || progress.revision == 0 {
            return Ok(());
        }
        self.records.forget_progress(progress).await
    }
}

fn object_key(orphan: &Orphan) -> ObjectKey {
    let kind = match (orphan.is_metadata, orphan.is_attestations) {
        (true, _) => Kind::Metadata,
        (_, true) => Kind::Attestations,
        _ => Kind::Package,
    };
    ObjectKey::of(kind, &orphan.address, orphan.id)
}

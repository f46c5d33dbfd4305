//! Objects of indexes: written once under a key of their own, and so kept in memory as long as there is room.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use uuid::Uuid;

use super::{Files, ObjectKey};
use crate::address::RegistryAddress;
use crate::digest::Digest;
use crate::error::Result;

/// Prefix of every key of an index's object.
pub(crate) const INDEXES: &str = "indexes";

/// Bytes of objects that a sandbox keeps.
const MAX_KEPT_BYTES: usize = 32 * 1024 * 1024;
/// Bytes of the largest object that is kept.
const MAX_OBJECT_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of the largest object that is read.
const MAX_READ_BYTES: u64 = 256 * 1024 * 1024;

/// Objects in memory, shared by all calls of a sandbox.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<Objects>>);

#[derive(Default)]
struct Objects {
    /// By id, with the number of their last use.
    by_id: HashMap<Uuid, (Bytes, u64)>,
    uses: u64,
    bytes: usize,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl Kept {
    fn get(&self, id: Uuid) -> Option<Bytes> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let uses = kept.uses;
        let (bytes, last) = kept.by_id.get_mut(&id)?;
        *last = uses;
        Some(bytes.clone())
    }

    fn put(&self, id: Uuid, bytes: &Bytes) {
        if bytes.len() > MAX_OBJECT_BYTES {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let uses = kept.uses;
        if kept.by_id.insert(id, (bytes.clone(), uses)).is_none() {
            kept.bytes += bytes.len();
        }
        while kept.bytes > MAX_KEPT_BYTES {
            let oldest = kept.by_id.iter().min_by_key(|(_, (_, last))| *last);
            let Some(oldest) = oldest.map(|(id, _)| *id) else {
                return;
            };
            let removed = kept.by_id.remove(&oldest);
            kept.bytes -= removed.map_or(0, |(bytes, _)| bytes.len());
        }
    }
}

impl Files {
    /// Puts an object of an index, whose id is used once.
    pub(crate) async fn put_index(&self, address: &RegistryAddress, id: Uuid, bytes: Bytes) -> Result<()> {
        let digest = Digest::sha256(&bytes);
        self.put(&ObjectKey::index(address, id), bytes.clone(), digest)
            .await?;
        self.kept.put(id, &bytes);
        Ok(())
    }

    /// An object of an index; `None` where there is none.
    pub(crate) async fn index(&self, address: &RegistryAddress, id: Uuid) -> Result<Option<Bytes>> {
        if let Some(bytes) = self.kept.get(id) {
            return Ok(Some(bytes));
        }
        let read = self.read(&ObjectKey::index(address, id), MAX_READ_BYTES).await?;
        if let Some(bytes) = &read {
            self.kept.put(id, bytes);
        }
        Ok(read)
    }

    /// Deletes objects of the indexes at an address.
    pub(crate) async fn delete_index_objects(
        &self,
        address: &RegistryAddress,
        ids: &BTreeSet<Uuid>,
    ) -> Result<()> {
        let keys: Vec<_> = ids.iter().map(|id| ObjectKey::index(address, *id)).collect();
        self.delete_all(&keys).await
    }

    /// A piece of an object of an index; `None` where there is no such object, or it ends before.
    pub(crate) async fn index_piece(
        &self,
        address: &RegistryAddress,
        id: Uuid,
        (offset, length): (u64, u64),
    ) -> Result<Option<Bytes>> {
        if let Some(bytes) = self.kept.get(id) {
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            let end = usize::try_from(offset.saturating_add(length)).unwrap_or(usize::MAX);
            return Ok((end <= bytes.len() && start <= end).then(|| bytes.slice(start..end)));
        }
        self.piece(&ObjectKey::index(address, id), offset, length).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_used_last_are_kept_within_bounds() {
        let kept = Kept::default();
        let ids: Vec<_> = (0..5).map(|_| Uuid::now_v7()).collect();
        for id in &ids[..4] {
            kept.put(*id, &Bytes::from(vec![0; 8 * 1024 * 1024]));
        }
        assert!(kept.get(ids[0]).is_some());
        kept.put(ids[4], &Bytes::from_static(b"one more"));
        let there: Vec<_> = ids.iter().map(|id| kept.get(*id).is_some()).collect();
        assert_eq!(there, [true, false, true, true, true]);
        kept.put(ids[4], &Bytes::from_static(b"one more"));
        let large = Uuid::now_v7();
        kept.put(large, &Bytes::from(vec![0; MAX_OBJECT_BYTES + 1]));
        assert_eq!(kept.get(large), None);
    }
}

//! Objects in memory, as long as there is room: those of indexes, which are written once under a key of their own, and
//! entries, which are right whenever they were read.

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
    /// By key, with the number of their last use.
    by_key: HashMap<ObjectKey, (Bytes, u64)>,
    uses: u64,
    bytes: usize,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept")
    }
}

impl Kept {
    fn get(&self, key: &ObjectKey) -> Option<Bytes> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let uses = kept.uses;
        let (bytes, last) = kept.by_key.get_mut(key)?;
        *last = uses;
        Some(bytes.clone())
    }

    fn put(&self, key: &ObjectKey, bytes: &Bytes) {
        if bytes.len() > MAX_OBJECT_BYTES {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let uses = kept.uses;
        let replaced = kept.by_key.insert(key.clone(), (bytes.clone(), uses));
        kept.bytes += bytes.len();
        kept.bytes -= replaced.map_or(0, |(bytes, _)| bytes.len());
        while kept.bytes > MAX_KEPT_BYTES {
            let oldest = kept.by_key.iter().min_by_key(|(_, (_, last))| *last);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            let removed = kept.by_key.remove(&oldest);
            kept.bytes -= removed.map_or(0, |(bytes, _)| bytes.len());
        }
    }
}

impl Files {
    /// Puts an object of an index, whose id is used once.
    pub(crate) async fn put_index(&self, address: &RegistryAddress, id: Uuid, bytes: Bytes) -> Result<()> {
        let digest = Digest::sha256(&bytes);
        let key = ObjectKey::index(address, id);
        self.put(&key, bytes.clone(), digest).await?;
        self.kept.put(&key, &bytes);
        Ok(())
    }

    /// An object of an index; `None` where there is none.
    pub(crate) async fn index(&self, address: &RegistryAddress, id: Uuid) -> Result<Option<Bytes>> {
        let key = ObjectKey::index(address, id);
        if let Some(bytes) = self.kept.get(&key) {
            return Ok(Some(bytes));
        }
        let read = self.read(&key, MAX_READ_BYTES).await?;
        if let Some(bytes) = &read {
            self.kept.put(&key, bytes);
        }
        Ok(read)
    }

    /// Entries of a name, as this sandbox keeps them.
    pub(crate) fn kept_entries(&self, key: &ObjectKey) -> Option<Bytes> {
        self.kept.get(key)
    }

    /// Keeps entries of a name in this sandbox, in the place of those that it had.
    pub(crate) fn keep_entries(&self, key: &ObjectKey, entries: &Bytes) {
        self.kept.put(key, entries);
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
        let key = ObjectKey::index(address, id);
        if let Some(bytes) = self.kept.get(&key) {
            let start = usize::try_from(offset).unwrap_or(usize::MAX);
            let end = usize::try_from(offset.saturating_add(length)).unwrap_or(usize::MAX);
            return Ok((end <= bytes.len() && start <= end).then(|| bytes.slice(start..end)));
        }
        self.piece(&key, offset, length).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_used_last_are_kept_within_bounds() {
        let kept = Kept::default();
        let keys: Vec<_> = (0..5).map(|number| ObjectKey(number.to_string())).collect();
        for key in &keys[..4] {
            kept.put(key, &Bytes::from(vec![0; 8 * 1024 * 1024]));
        }
        assert!(kept.get(&keys[0]).is_some());
        kept.put(&keys[4], &Bytes::from_static(b"one more"));
        let there: Vec<_> = keys.iter().map(|key| kept.get(key).is_some()).collect();
        assert_eq!(there, [true, false, true, true, true]);
        kept.put(&keys[4], &Bytes::from_static(b"another"));
        let bytes = kept.0.lock().unwrap().bytes;
        assert_eq!(bytes, 3 * 8 * 1024 * 1024 + b"another".len());
        let large = ObjectKey("large".to_owned());
        kept.put(&large, &Bytes::from(vec![0; MAX_OBJECT_BYTES + 1]));
        assert_eq!(kept.get(&large), None);
    }
}

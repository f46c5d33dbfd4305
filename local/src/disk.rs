//! Writes that outlive a power cut: a file is on the disk once it is synced, its name once the
//! folder that holds it is.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Makes a folder where it is missing, and its names on the way to it last.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    for folder in path.canonicalize()?.ancestors() {
        // A folder that was there before may not be ours to open; its names are there already.
        if let Err(error) = sync_folder(folder) {
            tracing::debug!(folder = %folder.display(), %error, "a folder was not synced");
        }
    }
    Ok(())
}

/// Makes the names in a folder last.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Makes the name of a file last.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync_folder)
}

/// Gives up the memory in which the system keeps the bytes of a file that is synced. Whoever reads it next waits for the
/// disk.
pub(crate) fn forget(file: &File) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed) {
        tracing::debug!(%error, "the system keeps a file in memory");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = file;
}

/// A file or folder that is synced once for all who changed it meanwhile.
///
/// Whoever waits first syncs everything that was changed by then, and whoever changed some of that waits for this
/// one sync. A sync that failed is not tried again: the system may have dropped what it could not write.
#[derive(Debug)]
pub(crate) struct SharedSync {
    file: File,
    /// How many changes there were.
    changes: AtomicU64,
    /// How many of them are on the disk, or why no more will be.
    synced: Mutex<Result<u64, io::ErrorKind>>,
}

impl SharedSync {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            // An earlier process that was killed may have left some that it has not synced.
            changes: AtomicU64::new(1),
            synced: Mutex::new(Ok(0)),
        })
    }

    /// Counts a change that was made.
    pub(crate) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns once every change that was counted by now is on the disk.
    pub(crate) fn wait(&self) -> io::Result<()> {
        let seen = self.changes.load(Ordering::Acquire);
        // A panic in between leaves the count as it was, which is true.
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        if (*synced)? < seen {
            let changes = self.changes.load(Ordering::Acquire);
            *synced = self
                .file
                .sync_all()
                .map(|()| changes)
                .map_err(|error| error.kind());
        }
        (*synced)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sync_is_for_all_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let sync = SharedSync::open(folder.path()).unwrap();
        sync.changed();
        sync.changed();
        sync.wait().unwrap();
        assert_eq!(*sync.synced.lock().unwrap(), Ok(3));
    }

    #[test]
    fn failed_syncs_are_not_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let sync = SharedSync::open(folder.path()).unwrap();
        *sync.synced.lock().unwrap() = Err(io::ErrorKind::StorageFull);
        sync.changed();
        for _ in 0..2 {
            assert_eq!(sync.wait().unwrap_err().kind(), io::ErrorKind::StorageFull);
        }
    }
}

//! The folder of the files, and what no row in the index names.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::blob;
use crate::disk::{self, SharedSync};

/// The extension of a file that is being written.
pub(super) const DRAFT: &str = "draft";
/// Time that a finished file without a row is kept. It may be somebody's where the index is older
/// than the files, such as after a restore of the one without the other.
const UNNAMED_KEPT: Duration = Duration::from_hours(30 * 24);

/// The files of one bucket.
#[derive(Debug)]
pub(super) struct Files {
    objects: PathBuf,
    /// Where files lie that no row names.
    unnamed: PathBuf,
    /// The folder of the objects, where it outlives the process.
    lasting: Option<Arc<SharedSync>>,
}

impl Files {
    /// Makes the folders where they are missing.
    pub(super) fn open(folder: &Path, lasting: bool) -> io::Result<Self> {
        let mut files = Self {
            objects: folder.join("objects"),
            unnamed: folder.join("unnamed"),
            lasting: None,
        };
        fs::create_dir_all(&files.objects)?;
        if lasting {
            fs::create_dir_all(&files.unnamed)?;
            disk::sync_folder(folder)?;
            disk::sync_parent(folder)?;
            files.lasting = Some(Arc::new(SharedSync::open(&files.objects)?));
        }
        Ok(files)
    }

    /// The folder of the objects, to be synced, where it outlives the process.
    pub(super) fn lasting(&self) -> Option<Arc<SharedSync>> {
        self.lasting.clone()
    }

    pub(super) fn path(&self, blob: &str) -> PathBuf {
        self.objects.join(blob)
    }

    /// Sorts out, before anything is written, what an earlier process left behind: drafts are
    /// removed, finished files that no row names are set aside.
    pub(super) fn set_aside_unnamed(&self, named: &HashSet<String>) -> io::Result<()> {
        let mut count = 0;
        for file in fs::read_dir(&self.objects)? {
            let path = file?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if name.is_some_and(|name| named.contains(name)) {
                continue;
            }
            if path.extension().is_some_and(|extension| extension == DRAFT) {
                blob::remove(&path);
            } else if let Some(name) = path.file_name() {
                // The time of its discovery counts, not that of its making.
                File::open(&path)?.set_modified(SystemTime::now())?;
                fs::rename(&path, self.unnamed.join(name))?;
                count += 1;
            }
        }
        if count > 0 {
            tracing::warn!(
                files = count,
                folder = %self.unnamed.display(),
                "set aside files that no object names; they are removed after 30 days"
            );
        }
        Ok(())
    }

    /// Removes what was set aside long ago.
    pub(super) fn remove_unnamed(&self) -> io::Result<()> {
        if self.lasting.is_some() {
            self.remove_unnamed_before(SystemTime::now() - UNNAMED_KEPT)
        } else {
            Ok(())
        }
    }

    fn remove_unnamed_before(&self, time: SystemTime) -> io::Result<()> {
        for file in fs::read_dir(&self.unnamed)? {
            let file = file?;
            if file.metadata()?.modified()? < time {
                blob::remove(&file.path());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let files = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_without_rows_are_kept_30_days() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path(), true).unwrap();
        let long_ago = SystemTime::now() - UNNAMED_KEPT * 2;
        for name in ["named", "lost", "begun.draft"] {
            fs::write(files.path(name), name).unwrap();
            let file = File::open(files.path(name)).unwrap();
            file.set_modified(long_ago).unwrap();
        }
        files.set_aside_unnamed(&["named".to_owned()].into()).unwrap();
        files.remove_unnamed().unwrap();
        assert_eq!(names(&files.objects), ["named"]);
        assert_eq!(names(&files.unnamed), ["lost"]);
        assert_eq!(fs::read(files.unnamed.join("lost")).unwrap(), b"lost");
        files
            .remove_unnamed_before(SystemTime::now() + Duration::from_secs(1))
            .unwrap();
        assert_eq!(names(&files.unnamed), <[&str; 0]>::default());
    }
}

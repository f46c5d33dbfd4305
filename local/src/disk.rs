//! Writes that outlive a power cut: a file is on the disk once it is synced, its name once the
//! folder that holds it is.

use std::fs::{self, File};
use std::io;
use std::path::Path;

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

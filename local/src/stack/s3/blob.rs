//! The bytes of objects, written once: in files of their own, or in the index where they are few.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper::body::Bytes;
use s3s::S3Result;
use s3s::checksum::ChecksumHasher;
use uuid::Uuid;

use super::checksums::Checksums;
use super::files::{DRAFT, Files};
use super::internal;
use crate::disk::{self, SharedSync};

/// The largest object that one request may store, in bytes: 5 GiB.
pub(super) const MOST_BYTES: u64 = 5 << 30;
/// How much is read at once to compute a checksum.
const READ_BYTES: usize = 1 << 20;

/// When the bytes of a file are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reread {
    /// By the request that follows: they stay in the system's memory.
    Soon,
    /// By whoever asks for them one day: the memory is the next body's.
    Later,
}

/// A file that no row names yet, removed again unless it is kept.
#[derive(Debug)]
struct Unnamed {
    path: PathBuf,
    kept: bool,
}

impl Drop for Unnamed {
    fn drop(&mut self) {
        if !self.kept {
            remove(&self.path);
        }
    }
}

/// A file that is being written. A start of the server removes it: nobody was promised it.
#[derive(Debug)]
pub(super) struct Draft {
    file: Unnamed,
    name: String,
    /// The folder that lasts, in which the file gets its name.
    folder: Option<Arc<SharedSync>>,
}

impl Draft {
    /// A file to be: `files` holds nothing under its name yet.
    pub(super) fn new(files: &Files) -> Self {
        let name = name();
        Self {
            file: Unnamed {
                path: files.path(&name).with_extension(DRAFT),
                kept: false,
            },
            name,
            folder: files.lasting(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.file.path
    }

    /// Gives the finished file its name. In a folder that lasts, file and name outlive a power cut
    /// from here on, so that a row may promise them. It is read again soon.
    pub(super) async fn finish(self) -> S3Result<Blob> {
        blocking(|| self.finish_blocking(Reread::Soon)).await
    }

    pub(super) fn finish_blocking(mut self, reread: Reread) -> io::Result<Blob> {
        let path = self.file.path.with_extension("");
        if self.folder.is_some() {
            let file = File::open(&self.file.path)?;
            file.sync_data()?;
            if reread == Reread::Later {
                disk::forget(&file);
            }
        }
        std::fs::rename(&self.file.path, &path)?;
        self.file.path = path;
        if let Some(folder) = &self.folder {
            folder.changed();
            folder.wait()?;
        }
        Ok(Blob {
            name: self.name,
            place: Place::File(self.file),
        })
    }
}

/// Finished bytes; their file is removed again unless it is kept.
#[derive(Debug)]
pub(super) struct Blob {
    name: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File(Unnamed),
    /// Still in memory: to be written beside the row that names them.
    Index(Bytes),
}

impl Blob {
    /// Bytes that are to lie in the index.
    pub(super) fn in_index(bytes: Bytes) -> Self {
        Self {
            name: name(),
            place: Place::Index(bytes),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The bytes, where they are to lie in the index.
    pub(super) fn bytes(&self) -> Option<&Bytes> {
        match &self.place {
            Place::File(_) => None,
            Place::Index(bytes) => Some(bytes),
        }
    }

    /// The checksums of the bytes.
    pub(super) async fn checksums(&self, mut hasher: ChecksumHasher) -> S3Result<Checksums> {
        let path = match &self.place {
            Place::Index(bytes) => {
                hasher.update(bytes);
                return Ok(hasher.finalize().into());
            }
            Place::File(file) => file.path.clone(),
        };
        blocking(move || {
            let mut file = File::open(path)?;
            let mut buffer = vec![0; READ_BYTES];
            loop {
                match file.read(&mut buffer)? {
                    0 => return Ok(hasher.finalize().into()),
                    read => hasher.update(buffer.get(..read).unwrap_or_default()),
                }
            }
        })
        .await
    }

    /// To be called once a row names them.
    pub(super) fn keep(self) {
        if let Place::File(mut file) = self.place {
            file.kept = true;
        }
    }
}

/// A new name, after all earlier ones: rows that are written one after another lie beside each other.
fn name() -> String {
    Uuid::now_v7().to_string()
}

/// Removes a file that no row names. Whoever has opened it reads on.
pub(super) fn remove(path: &Path) {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(path = %path.display(), %error, "a file could not be removed"),
    }
}

/// Runs what waits for the disk, off the threads that serve connections.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> S3Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(internal)?.map_err(internal)
}

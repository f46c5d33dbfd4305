//! Files on the disk of whoever publishes.

use std::fs::{self, File, Metadata};
use std::io::{self, BufReader, Read, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::reading::{run_blocking, run_cancellable};
use crate::digest::{Digests, Hasher};
use crate::ecosystem::Ecosystem;
use crate::error::{Error, Result};
use crate::filename::usable_filename;
use crate::files::{MAX_UPLOAD_BYTES, PART_BYTES};
use crate::formats::{self, Manifest};

/// A file on this machine's disk, to be published.
#[derive(Debug, Clone)]
pub struct DiskFile {
    path: PathBuf,
    filename: String,
    /// Open file, whose one position all readings share: they come one after another.
    file: Arc<File>,
    opened: Metadata,
}

impl DiskFile {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// [`Error::Invalid`] where it cannot be read, is not a regular file, has no usable name, or has none or more
    /// than 5 GiB of bytes.
    pub async fn open(path: PathBuf) -> Result<Self> {
        run_blocking(move || open(path)).await?
    }

    /// Size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.opened.len()
    }

    pub(super) fn filename(&self) -> &str {
        &self.filename
    }

    /// Reads the manifest, for as long as somebody waits for it.
    pub(super) async fn manifest(&self, ecosystem: Ecosystem) -> Result<Manifest> {
        let (filename, file) = (self.filename.clone(), Arc::clone(&self.file));
        let manifest = run_cancellable(move |cancellation| {
            formats::read_until(ecosystem, &filename, &mut BufReader::new(file), cancellation)
        });
        Ok(manifest.await??)
    }

    /// Takes the digests.
    pub(super) async fn digests(&self) -> Result<Digests> {
        let mut parts = self.parts().await?;
        while parts.next().await?.is_some() {}
        parts.finish().await
    }

    /// The file in parts, from its beginning.
    pub(super) async fn parts(&self) -> Result<Parts> {
        let file = Arc::clone(&self.file);
        let rewound = run_blocking(move || (&*file).rewind()).await?;
        rewound.map_err(|error| unreadable(&self.path, &error))?;
        Ok(Parts {
            file: self.clone(),
            hasher: Hasher::default(),
            left: self.size(),
        })
    }
}

/// A file that is read part by part, and hashed on the way.
pub(super) struct Parts {
    file: DiskFile,
    hasher: Hasher,
    /// Bytes that have not been read.
    left: u64,
}

impl Parts {
    /// The next part; `None` after the last one.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        let size = self.left.min(PART_BYTES);
        if size == 0 {
            return Ok(None);
        }
        let (file, mut hasher) = (Arc::clone(&self.file.file), std::mem::take(&mut self.hasher));
        let read = run_blocking(move || {
            let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
            (&*file).take(size).read_to_end(&mut bytes)?;
            hasher.update(&bytes);
            io::Result::Ok((Bytes::from(bytes), hasher))
        });
        let (bytes, hasher) = read.await?.map_err(|error| unreadable(&self.file.path, &error))?;
        if bytes.len() as u64 != size {
            return Err(changed(&self.file.path));
        }
        self.hasher = hasher;
        self.left -= size;
        Ok(Some(bytes))
    }

    /// The digests of all parts, which are the file's unless it has changed since it was opened.
    pub(super) async fn finish(self) -> Result<Digests> {
        let Self { file, hasher, .. } = self;
        let DiskFile {
            path, file, opened, ..
        } = file;
        let now = run_blocking(move || file.metadata()).await?;
        let now = now.map_err(|error| unreadable(&path, &error))?;
        if now.len() != opened.len() || now.modified().ok() != opened.modified().ok() {
            return Err(changed(&path));
        }
        Ok(hasher.finish())
    }
}

fn open(path: PathBuf) -> Result<DiskFile> {
    let invalid = |code, message| Err(Error::invalid("file", code, message));
    // Before it is opened: a pipe would wait for its writer.
    let found = fs::metadata(&path).map_err(|error| unreadable(&path, &error))?;
    if !found.is_file() {
        let message = format!("`{}` is not a file. Name files to publish.", path.display());
        return invalid("unreadable", message);
    }
    let file = File::open(&path).map_err(|error| unreadable(&path, &error))?;
    let opened = file.metadata().map_err(|error| unreadable(&path, &error))?;
    if opened.len() == 0 || opened.len() > MAX_UPLOAD_BYTES {
        let message = format!(
            "`{}` has {} bytes; 1 to {MAX_UPLOAD_BYTES} are possible.",
            path.display(),
            opened.len()
        );
        return invalid("invalid_size", message);
    }
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        let message = format!(
            "The name of `{}` is not UTF-8. Rename the file, and publish it again.",
            path.display()
        );
        return invalid("invalid_filename", message);
    };
    Ok(DiskFile {
        filename: usable_filename(name, "file")?.to_owned(),
        file: Arc::new(file),
        opened,
        path,
    })
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    let message = format!(
        "`{}` cannot be read: {error}. Check the path and the file's permissions.",
        path.display()
    );
    Error::invalid("file", "unreadable", message)
}

fn changed(path: &Path) -> Error {
    let message = format!(
        "`{}` was changed while it was being published. Publish it again when it is complete.",
        path.display()
    );
    Error::invalid("file", "changed", message)
}

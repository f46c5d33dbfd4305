//! The bucket's storage: the index, and the files beside it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use s3s::{S3Result, s3_error};
use tokio::fs::File;

use super::blob::{self, Blob, Written};
use super::conditions::{WriteCondition, precondition_failed};
use super::index::{Index, Put};
use super::internal;
use super::object::{Attributes, Headers, Object};

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Store {
    index: Arc<Mutex<Index>>,
    folder: Arc<Path>,
}

impl Store {
    /// Opens the store in `folder`; its index is in memory where the files do not stay either.
    pub(super) fn open(
        folder: &Path,
        lasting: bool,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let files = folder.join("objects");
        std::fs::create_dir_all(&files)?;
        let index = Index::open(lasting.then(|| folder.join("index.sqlite")).as_deref())?;
        remove_unnamed(&files, &index)?;
        Ok(Self {
            index: Arc::new(Mutex::new(index)),
            folder: files.into(),
        })
    }

    /// Where the files lie.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn path(&self, blob: &str) -> PathBuf {
        self.folder.join(blob)
    }

    /// Asks the index, off the threads that serve connections. It runs to its end even where
    /// nobody waits for the answer any more.
    pub(super) async fn index<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Index) -> rusqlite::Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let index = Arc::clone(&self.index);
        // A panic in between cannot leave a transaction half done: SQLite rolls it back.
        let asking = move || ask(&mut index.lock().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(asking)
            .await
            .map_err(internal)?
            .map_err(internal)
    }

    pub(super) async fn object(&self, key: &str) -> S3Result<Object> {
        let key = key.to_owned();
        self.index(move |index| index.object(&key))
            .await?
            .ok_or_else(|| s3_error!(NoSuchKey))
    }

    /// The object and its bytes, which stay readable whatever happens to the key.
    pub(super) async fn open_object(&self, key: &str) -> S3Result<(Object, File)> {
        loop {
            let object = self.object(key).await?;
            match File::open(self.path(&object.blob)).await {
                Ok(file) => return Ok((object, file)),
                // Replaced between the two steps: there is a newer row, or none.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    if self.object(key).await?.blob == object.blob {
                        return Err(internal(error));
                    }
                }
                Err(error) => return Err(internal(error)),
            }
        }
    }

    /// Makes a written file what `key` names, where the condition holds.
    pub(super) async fn put(
        &self,
        key: String,
        written: Written,
        headers: Headers,
        condition: WriteCondition,
    ) -> S3Result<Object> {
        let attributes = Attributes {
            etag: written.etag(),
            checksums: written.checksums,
            headers,
        };
        self.put_blob(key, written.blob, written.size, attributes, condition)
            .await
    }

    /// Makes a file what `key` names, where the condition holds.
    pub(super) async fn put_blob(
        &self,
        key: String,
        blob: Blob,
        size: u64,
        attributes: Attributes,
        condition: WriteCondition,
    ) -> S3Result<Object> {
        let object = Object {
            key,
            blob: blob.name().to_owned(),
            size,
            modified: now(),
            attributes,
        };
        let stored = object.clone();
        // The file goes with the row: who is cancelled here leaves either both or none.
        let put = self.index(move |index| {
            let put = index.put(&object, &condition)?;
            if let Put::Done(_) = put {
                blob.keep();
            }
            Ok(put)
        });
        match put.await? {
            Put::Done(replaced) => self.forget(replaced),
            Put::Refused => return Err(precondition_failed()),
        }
        Ok(stored)
    }

    /// Removes the object where there is one; with `only`, where that is still its file.
    pub(super) async fn remove(&self, key: String, only: Option<String>) -> S3Result<()> {
        let removed = self
            .index(move |index| index.remove(&key, only.as_deref()))
            .await?;
        self.forget(removed);
        Ok(())
    }

    /// Removes files that no row names any more.
    pub(super) fn forget(&self, blobs: impl IntoIterator<Item = String>) {
        for blob in blobs {
            blob::remove(&self.path(&blob));
        }
    }
}

/// Removes what a killed process had begun to write.
fn remove_unnamed(files: &Path, index: &Index) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let named = index.blobs()?;
    for file in std::fs::read_dir(files)? {
        let file = file?;
        if !file.file_name().to_str().is_some_and(|name| named.contains(name)) {
            blob::remove(&file.path());
        }
    }
    Ok(())
}

/// Milliseconds since 1970.
pub(super) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

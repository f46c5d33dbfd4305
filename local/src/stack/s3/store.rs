//! The bucket's storage: the index, and the files beside it.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use s3s::{S3Result, s3_error};
use tokio::fs::File;

use super::blob::{self, Blob};
use super::conditions::{WriteCondition, precondition_failed};
use super::content::Content;
use super::files::Files;
use super::index::{Index, Put};
use super::intake::Written;
use super::internal;
use super::object::{Attributes, Headers, Object};
use crate::stack::journal::Journal;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Store {
    index: Arc<Journal<Index>>,
    files: Arc<Files>,
}

impl Store {
    /// Opens the store in `folder`; its index is in memory where the files do not stay either.
    pub(super) fn open(
        folder: &Path,
        lasting: bool,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let files = Files::open(folder, lasting)?;
        let database = lasting.then(|| folder.join("index.sqlite"));
        let index = Index::open(database.as_deref())?;
        files.set_aside_unnamed(&index.blobs()?)?;
        Ok(Self {
            index: Arc::new(Journal::start(index, database.as_deref())?),
            files: Arc::new(files),
        })
    }

    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    /// Reads the index.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Index) -> rusqlite::Result<T> + Send + 'static,
    ) -> S3Result<T> {
        self.index.read(read).await.map_err(internal)?.map_err(internal)
    }

    /// Changes the index. It runs to its end even where nobody waits for the answer any more.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Index) -> rusqlite::Result<T> + Send + 'static,
    ) -> S3Result<T> {
        self.index
            .change(change)
            .await
            .map_err(internal)?
            .map_err(internal)
    }

    /// The object that the key names, or that version of it.
    pub(super) async fn object(&self, key: &str, version: Option<&str>) -> S3Result<Object> {
        self.find(key, version, |_, object| Ok(object)).await
    }

    /// The object and its bytes, which stay readable whatever happens to the key.
    pub(super) async fn open_object(&self, key: &str, version: Option<&str>) -> S3Result<(Object, Content)> {
        loop {
            let found = self.find(key, version, |index, object| {
                Ok((index.bytes(&object.blob)?, object))
            });
            let (bytes, object) = found.await?;
            if let Some(bytes) = bytes {
                return Ok((object, Content::InIndex(bytes.into())));
            }
            match File::open(self.files.path(&object.blob)).await {
                Ok(file) => return Ok((object, Content::InFile(file))),
                // Removed between the two steps: there is another row, or none.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    if self.object(key, version).await?.blob == object.blob {
                        return Err(internal(error));
                    }
                }
                Err(error) => return Err(internal(error)),
            }
        }
    }

    /// Finds the object that the key names, or that version of it, and answers what `read` makes of it: one read of the
    /// index.
    async fn find<T: Send + 'static>(
        &self,
        key: &str,
        version: Option<&str>,
        read: impl FnOnce(&Index, Object) -> rusqlite::Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let (key, version) = (key.to_owned(), version.map(str::to_owned));
        let found = move |index: &Index| {
            let found = match &version {
                Some(version) => index.version(&key, version)?,
                None => index.object(&key)?.map(|object| (object, false)),
            };
            Ok(match found {
                Some((object, false)) => Ok(read(index, object)?),
                Some((_, true)) => Err(s3_error!(MethodNotAllowed, "This version is a delete marker.")),
                None if version.is_some() => Err(s3_error!(NoSuchVersion)),
                None => Err(s3_error!(NoSuchKey)),
            })
        };
        self.read(found).await?
    }

    /// Makes what was written what `key` names, where the condition holds.
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

    /// Makes these bytes what `key` names, where the condition holds.
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
        let put = self.change(move |index| {
            let bytes = blob.bytes().map(AsRef::as_ref);
            let put = index.put(&object, bytes, &condition)?;
            if let Put::Done = put {
                blob.keep();
            }
            Ok(put)
        });
        match put.await? {
            Put::Done => Ok(stored),
            Put::Refused => Err(precondition_failed()),
        }
    }

    /// Removes the object for good, where `blob` is still its file.
    pub(super) async fn remove(&self, key: String, blob: String) -> S3Result<()> {
        let removed = self.change(move |index| index.remove(&key, &blob)).await?;
        self.forget(removed);
        Ok(())
    }

    /// Marks the key as deleted. Answers the marker's id.
    pub(super) async fn mark_deleted(&self, key: String) -> S3Result<String> {
        self.change(move |index| index.mark_deleted(&key, now())).await
    }

    /// Removes one version for good. Answers whether it was the marker of a delete.
    pub(super) async fn remove_version(&self, key: String, id: String) -> S3Result<bool> {
        let (file, was_marker) = self.change(move |index| index.remove_version(&key, &id)).await?;
        self.forget(file);
        Ok(was_marker)
    }

    /// Removes files that no row names any more, and that none will name again: the index is synced
    /// before it answers.
    pub(super) fn forget(&self, blobs: impl IntoIterator<Item = String>) {
        for blob in blobs {
            blob::remove(&self.files.path(&blob));
        }
    }
}

/// Milliseconds since 1970.
pub(super) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

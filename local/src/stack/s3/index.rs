//! The bucket's content: one SQLite table of objects, one of uploads in parts, one of the bytes of small objects.
//!
//! An object is a row that names its bytes, which never change: in the table of bytes, where they are written in the
//! transaction of the row, or in a file that is written before it. The row is what makes them visible. So whoever reads
//! sees one object or the other, never a mixture, and a process that is killed or a machine without power leaves at
//! worst a file that no row names.

use std::path::Path;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

use super::conditions::WriteCondition;
use super::contents;
use super::object::{Attributes, Headers, Object};
use super::versions::{self, Version};

/// An upload in parts that is not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Upload {
    pub(super) headers: Headers,
    /// The algorithm of its checksums, and whether they are of the whole or of the parts.
    pub(super) algorithm: Option<String>,
    pub(super) whole: bool,
}

/// One part of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) number: i32,
    pub(super) blob: String,
    pub(super) size: u64,
    pub(super) attributes: Attributes,
}

/// Outcome of a write.
#[derive(Debug)]
pub(super) enum Put {
    /// It is done.
    Done,
    /// Its condition did not hold.
    Refused,
}

/// The tables. Every method is one transaction.
#[derive(Debug)]
pub(super) struct Index(Connection);

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS objects (
        key TEXT PRIMARY KEY, blob TEXT NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL,
        attributes TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS uploads (
        id TEXT PRIMARY KEY, key TEXT NOT NULL, started INTEGER NOT NULL, upload TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS parts (
        upload TEXT NOT NULL, number INTEGER NOT NULL, blob TEXT NOT NULL, size INTEGER NOT NULL,
        attributes TEXT NOT NULL, PRIMARY KEY (upload, number)
    ) WITHOUT ROWID;";

impl Index {
    /// Opens the file, or makes an index in memory.
    pub(super) fn open(file: Option<&Path>) -> rusqlite::Result<Self> {
        let connection = match file {
            Some(file) => Connection::open(file)?,
            None => Connection::open_in_memory()?,
        };
        // The journal syncs the log before a change is answered: a row outlives a power cut, and a file is
        // removed only once its row certainly is.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch(SCHEMA)?;
        connection.execute_batch(contents::SCHEMA)?;
        connection.execute_batch(versions::SCHEMA)?;
        connection.execute_batch(&versions::view())?;
        Ok(Self(connection))
    }

    pub(super) fn object(&self, key: &str) -> rusqlite::Result<Option<Object>> {
        find(&self.0, key)
    }

    /// The first object after `after` in the order of keys, `after` itself not included.
    pub(super) fn next(&self, after: &str) -> rusqlite::Result<Option<Object>> {
        self.0
            .prepare_cached(
                "SELECT key, blob, size, modified, attributes FROM objects WHERE key > ? ORDER BY key LIMIT 1",
            )?
            .query_row([after], object)
            .optional()
    }

    /// The bytes of that name, where they lie here.
    pub(super) fn bytes(&self, blob: &str) -> rusqlite::Result<Option<Vec<u8>>> {
        contents::find(&self.0, blob)
    }

    /// Makes `object` what its key names, where that may replace what is there. Its bytes are in a file, or these.
    pub(super) fn put(
        &mut self,
        object: &Object,
        bytes: Option<&[u8]>,
        condition: &WriteCondition,
    ) -> rusqlite::Result<Put> {
        let transaction = self.0.transaction()?;
        if !condition.holds(find(&transaction, &object.key)?.as_ref()) {
            return Ok(Put::Refused);
        }
        if let Some(bytes) = bytes {
            contents::put(&transaction, &object.blob, bytes)?;
        }
        put(&transaction, object)?;
        transaction.commit()?;
        Ok(Put::Done)
    }

    /// Removes the object for good if `blob` is still the name of its bytes. Answers the files that nothing names any
    /// more then.
    pub(super) fn remove(&mut self, key: &str, blob: &str) -> rusqlite::Result<Vec<String>> {
        self.drop_named(|connection| {
            connection
                .prepare_cached("DELETE FROM objects WHERE key = ? AND blob = ? RETURNING blob")?
                .query_row([key, blob], |row| row.get(0))
                .optional()
        })
    }

    /// Removes rows, and with them the bytes that nothing names any more. Answers their files.
    fn drop_named<I: IntoIterator<Item = String>>(
        &mut self,
        remove: impl FnOnce(&Connection) -> rusqlite::Result<I>,
    ) -> rusqlite::Result<Vec<String>> {
        let transaction = self.0.transaction()?;
        let unnamed = remove(&transaction)?;
        let files = contents::remove(&transaction, unnamed)?;
        transaction.commit()?;
        Ok(files)
    }

    /// Marks the key as deleted, whether or not it names an object. Answers the marker's id.
    pub(super) fn mark_deleted(&mut self, key: &str, now: i64) -> rusqlite::Result<String> {
        let transaction = self.0.transaction()?;
        if let Some(object) = find(&transaction, key)? {
            versions::supersede(&transaction, &object, now)?;
            transaction.execute("DELETE FROM objects WHERE key = ?", [key])?;
        }
        let marker = versions::mark_deleted(&transaction, key, now)?;
        transaction.commit()?;
        Ok(marker)
    }

    /// A version of a key, current or not; whether it is the marker of a delete.
    pub(super) fn version(&self, key: &str, id: &str) -> rusqlite::Result<Option<(Object, bool)>> {
        match find(&self.0, key)? {
            Some(object) if object.blob == id => Ok(Some((object, false))),
            _ => versions::find(&self.0, key, id),
        }
    }

    /// Removes a version for good: see [`versions::remove`].
    pub(super) fn remove_version(&mut self, key: &str, id: &str) -> rusqlite::Result<(Vec<String>, bool)> {
        let mut was_marker = false;
        let files = self.drop_named(|connection| {
            let (unnamed, marker) = versions::remove(connection, key, id)?;
            was_marker = marker;
            Ok(unnamed)
        })?;
        Ok((files, was_marker))
    }

    /// A page of versions: see [`versions::list`].
    pub(super) fn versions(
        &self,
        prefix: &str,
        from: &str,
        after: Option<&str>,
        wanted: usize,
    ) -> rusqlite::Result<Vec<Version>> {
        versions::list(&self.0, prefix, from, after, wanted)
    }

    /// Removes what has not been current since before `time`. Answers the files.
    pub(super) fn expire_versions(&mut self, time: i64) -> rusqlite::Result<Vec<String>> {
        self.drop_named(|connection| versions::expire(connection, time))
    }

    pub(super) fn start_upload(
        &mut self,
        id: &str,
        key: &str,
        now: i64,
        upload: &Upload,
    ) -> rusqlite::Result<()> {
        self.0.execute(
            "INSERT INTO uploads VALUES (?, ?, ?, ?)",
            params![id, key, now, json(upload)?],
        )?;
        Ok(())
    }

    pub(super) fn upload(&self, id: &str, key: &str) -> rusqlite::Result<Option<Upload>> {
        self.0
            .query_row(
                "SELECT upload FROM uploads WHERE id = ? AND key = ?",
                [id, key],
                |row| parsed(row, 0),
            )
            .optional()
    }

    /// The ids of the uploads begun before `time`.
    pub(super) fn uploads_before(&self, time: i64) -> rusqlite::Result<Vec<String>> {
        self.0
            .prepare("SELECT id FROM uploads WHERE started < ?")?
            .query_map([time], |row| row.get(0))?
            .collect()
    }

    /// Keeps a part of an upload that is still there. Returns the file that it replaces.
    pub(super) fn put_part(&mut self, upload: &str, part: &Part) -> rusqlite::Result<Option<String>> {
        let transaction = self.0.transaction()?;
        let replaced = transaction
            .query_row(
                "SELECT blob FROM parts WHERE upload = ? AND number = ?",
                params![upload, part.number],
                |row| row.get(0),
            )
            .optional()?;
        transaction.execute(
            "INSERT OR REPLACE INTO parts SELECT id, ?, ?, ?, ? FROM uploads WHERE id = ?",
            params![part.number, part.blob, part.size, json(&part.attributes)?, upload],
        )?;
        transaction.commit()?;
        Ok(replaced)
    }

    pub(super) fn parts(&self, upload: &str) -> rusqlite::Result<Vec<Part>> {
        self.0
            .prepare_cached(
                "SELECT number, blob, size, attributes FROM parts WHERE upload = ? ORDER BY number",
            )?
            .query_map([upload], |row| {
                Ok(Part {
                    number: row.get(0)?,
                    blob: row.get(1)?,
                    size: row.get(2)?,
                    attributes: parsed(row, 3)?,
                })
            })?
            .collect()
    }

    /// Ends an upload, in the same moment making `object` what its key names where there is one.
    /// Returns the files that nothing names any more.
    pub(super) fn end_upload(&mut self, id: &str, object: Option<&Object>) -> rusqlite::Result<Vec<String>> {
        let transaction = self.0.transaction()?;
        let unnamed: Vec<String> = transaction
            .prepare("DELETE FROM parts WHERE upload = ? RETURNING blob")?
            .query_map([id], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        transaction.execute("DELETE FROM uploads WHERE id = ?", [id])?;
        if let Some(object) = object {
            put(&transaction, object)?;
        }
        transaction.commit()?;
        Ok(unnamed)
    }

    /// Every file that a row names.
    pub(super) fn blobs(&self) -> rusqlite::Result<HashSet<String>> {
        self.0
            .prepare("SELECT blob FROM objects UNION SELECT blob FROM parts UNION SELECT id FROM versions")?
            .query_map([], |row| row.get(0))?
            .collect()
    }
}

fn find(connection: &Connection, key: &str) -> rusqlite::Result<Option<Object>> {
    connection
        .prepare_cached("SELECT key, blob, size, modified, attributes FROM objects WHERE key = ?")?
        .query_row([key], object)
        .optional()
}

/// Makes `object` what its key names, and a version of what that named before.
fn put(connection: &Connection, object: &Object) -> rusqlite::Result<()> {
    if let Some(replaced) = find(connection, &object.key)? {
        versions::supersede(connection, &replaced, object.modified)?;
    }
    put_row(connection, object)
}

pub(super) fn put_row(connection: &Connection, object: &Object) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)")?
        .execute(params![
            object.key,
            object.blob,
            object.size,
            object.modified,
            json(&object.attributes)?
        ])?;
    Ok(())
}

pub(super) fn object(row: &Row<'_>) -> rusqlite::Result<Object> {
    Ok(Object {
        key: row.get(0)?,
        blob: row.get(1)?,
        size: row.get(2)?,
        modified: row.get(3)?,
        attributes: parsed(row, 4)?,
    })
}

fn parsed<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

pub(super) fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

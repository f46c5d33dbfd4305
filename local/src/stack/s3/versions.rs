//! The versions of objects, as a bucket keeps them whose versioning is on.
//!
//! The object that a key names is a row of `objects`, and its version's id is the name of its bytes.
//! Replaced objects, and the markers of deletes, are rows of `versions`, the newest with the highest
//! number. A key without a row in `objects` is deleted: its newest version is a marker.

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::index::{json, object, put_row};
use super::object::Object;

/// The table of what is not current.
pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS versions (
        number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, id TEXT NOT NULL,
        is_marker INTEGER NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL,
        attributes TEXT NOT NULL, since INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS versions_by_key ON versions (key, number);";

/// The number of the current version in a listing: above every other.
const CURRENT: i64 = i64::MAX;

/// One version of an object, or the marker of a delete. Its id is its `blob`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) object: Object,
    pub(super) is_marker: bool,
    /// Whether it is the newest of its key.
    pub(super) is_latest: bool,
}

/// Keeps an object that is no longer what its key names.
pub(super) fn supersede(connection: &Connection, object: &Object, now: i64) -> rusqlite::Result<()> {
    insert(connection, object, false, now)
}

/// Marks a key as deleted. Answers the marker's id.
pub(super) fn mark_deleted(connection: &Connection, key: &str, now: i64) -> rusqlite::Result<String> {
    let marker = Object {
        key: key.to_owned(),
        blob: Uuid::new_v4().to_string(),
        size: 0,
        modified: now,
        attributes: <_>::default(),
    };
    insert(connection, &marker, true, now)?;
    Ok(marker.blob)
}

fn insert(connection: &Connection, object: &Object, is_marker: bool, now: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO versions (key, id, is_marker, size, modified, attributes, since)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            object.key,
            object.blob,
            is_marker,
            object.size,
            object.modified,
            json(&object.attributes)?,
            now
        ])?;
    Ok(())
}

/// The version of a key that has this id and is not the current one; whether it is a marker.
pub(super) fn find(connection: &Connection, key: &str, id: &str) -> rusqlite::Result<Option<(Object, bool)>> {
    connection
        .prepare_cached(
            "SELECT key, id, size, modified, attributes, is_marker FROM versions WHERE key = ? AND id = ?",
        )?
        .query_row([key, id], |row| Ok((object(row)?, row.get(5)?)))
        .optional()
}

/// Removes one version for good, and makes the next newest what the key names, unless that is a marker.
/// Answers the bytes that nothing names any more, and whether the version was a marker.
pub(super) fn remove(
    connection: &Connection,
    key: &str,
    id: &str,
) -> rusqlite::Result<(Option<String>, bool)> {
    let current = connection.execute("DELETE FROM objects WHERE key = ? AND blob = ?", [key, id])?;
    let removed: Option<bool> = connection
        .query_row(
            "DELETE FROM versions WHERE key = ? AND id = ? RETURNING is_marker",
            [key, id],
            |row| row.get(0),
        )
        .optional()?;
    promote(connection, key)?;
    let file = (current > 0 || removed == Some(false)).then(|| id.to_owned());
    Ok((file, removed == Some(true)))
}

/// Makes the newest version of a key that names nothing what it names, where that is an object.
fn promote(connection: &Connection, key: &str) -> rusqlite::Result<()> {
    let newest: Option<(i64, Object, bool)> = connection
        .prepare_cached(
            "SELECT key, id, size, modified, attributes, is_marker, number FROM versions
             WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM objects WHERE key = ?1)
             ORDER BY number DESC LIMIT 1",
        )?
        .query_row([key], |row| Ok((row.get(6)?, object(row)?, row.get(5)?)))
        .optional()?;
    if let Some((number, object, false)) = newest {
        connection.execute("DELETE FROM versions WHERE number = ?", [number])?;
        put_row(connection, &object)?;
    }
    Ok(())
}

/// Up to `wanted` versions of the keys that begin with `prefix`: by key, the newest first; those that
/// come after the version `after` of the key `from`, or after all of that key.
pub(super) fn list(
    connection: &Connection,
    prefix: &str,
    from: &str,
    after: Option<&str>,
    wanted: usize,
) -> rusqlite::Result<Vec<Version>> {
    let number = match after {
        Some(id) => number(connection, from, id)?,
        None => 0,
    };
    let end = format!("{prefix}{}", char::MAX);
    let mut statement = connection.prepare_cached(
        "SELECT key, id, size, modified, attributes, is_marker, number,
                number = (SELECT MAX(number) FROM all_versions o WHERE o.key = v.key)
         FROM all_versions v
         WHERE key >= ?1 AND key < ?2 AND (key > ?3 OR (key = ?3 AND number < ?4))
         ORDER BY key, number DESC LIMIT ?5",
    )?;
    let limit = i64::try_from(wanted).unwrap_or(i64::MAX);
    let version = |row: &Row<'_>| {
        Ok(Version {
            object: object(row)?,
            is_marker: row.get(5)?,
            is_latest: row.get(7)?,
        })
    };
    statement
        .query_map(params![prefix, end, from, number, limit], version)?
        .collect()
}

/// Current and other versions in one view of the connection's own.
pub(super) fn view() -> String {
    format!(
        "CREATE TEMP VIEW all_versions AS
         SELECT key, blob AS id, size, modified, attributes, 0 AS is_marker, {CURRENT} AS number FROM objects
         UNION ALL
         SELECT key, id, size, modified, attributes, is_marker, number FROM versions;"
    )
}

/// Where a version stands among those of its key; 0, behind all, for one that is not there.
fn number(connection: &Connection, key: &str, id: &str) -> rusqlite::Result<i64> {
    let number = connection
        .query_row(
            "SELECT number FROM all_versions WHERE key = ? AND id = ?",
            [key, id],
            |row| row.get(0),
        )
        .optional()?;
    Ok(number.unwrap_or(0))
}

/// Removes the versions that have not been current since before `time`. Answers the names of their bytes.
pub(super) fn expire(connection: &Connection, time: i64) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare("DELETE FROM versions WHERE since < ? RETURNING id, is_marker")?
        .query_map([time], |row| Ok((row.get(0)?, row.get(1)?)))?
        .filter_map(|row| {
            row.map(|(id, is_marker): (String, bool)| (!is_marker).then_some(id))
                .transpose()
        })
        .collect()
}

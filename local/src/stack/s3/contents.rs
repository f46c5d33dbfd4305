//! Bytes that lie in the index itself, by the name that rows of objects and versions have for them.

use rusqlite::{Connection, OptionalExtension, params};

/// The table of bytes.
pub(super) const SCHEMA: &str =
    "CREATE TABLE IF NOT EXISTS contents (blob TEXT PRIMARY KEY, bytes BLOB NOT NULL);";

/// Puts bytes under a new name.
pub(super) fn put(connection: &Connection, blob: &str, bytes: &[u8]) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT INTO contents VALUES (?, ?)")?
        .execute(params![blob, bytes])?;
    Ok(())
}

/// The bytes of this name; none where they are in a file.
pub(super) fn find(connection: &Connection, blob: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("SELECT bytes FROM contents WHERE blob = ?")?
        .query_row([blob], |row| row.get(0))
        .optional()
}

/// Removes what no row names any more. Answers the names that are those of files.
pub(super) fn remove(
    connection: &Connection,
    blobs: impl IntoIterator<Item = String>,
) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached("DELETE FROM contents WHERE blob = ?")?;
    let mut files = Vec::new();
    for blob in blobs {
        if statement.execute([&blob])? == 0 {
            files.push(blob);
        }
    }
    Ok(files)
}

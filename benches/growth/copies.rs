//! Copies of a published package, written straight into the files of a stack that is stopped: a million of them takes
//! minutes, where publishes would take an hour.
//!
//! A copy has every record and object of its package, under an id, a SHA-256 and a name (or a version) of its own. So it
//! is as a publish leaves it, but that its file is that of the package.

use std::path::Path;

use packages_api::PackageId;
use rusqlite::{Connection, OpenFlags, Statement, ToSql, params_from_iter, types::Value};
use uuid::Uuid;

/// Copies between two commits.
const BATCH: usize = 10_000;

/// Rows that a copy has in the table, whose keys begin with their type. Changes and audit events are the publish's own.
const RECORDS: &str = "SELECT pk, sk, item_json, item_size, hash_prefix FROM packages WHERE instr(item_json, ?) \
    AND (pk LIKE 'S:packages/%' OR pk LIKE 'S:names/%' OR pk LIKE 'S:releases/%')";
const NEW_RECORD: &str =
    "INSERT INTO packages (pk, sk, item_json, item_size, hash_prefix) VALUES (?, ?, ?, ?, ?)";

/// Rows that a copy has in the bucket. Its objects share the file of the first.
const OBJECTS: &str = "SELECT key, blob, size, modified, attributes FROM objects WHERE instr(key, ?)";
const NEW_OBJECT: &str = "INSERT INTO objects (key, blob, size, modified, attributes) VALUES (?, ?, ?, ?, ?)";

/// A package that was published.
pub(crate) struct Published {
    pub(crate) id: String,
    /// SHA-256 of its file, which is different in every copy: equal ones would pack into nothing.
    pub(crate) sha256: String,
}

/// Copies of one package.
pub(crate) struct Copies {
    pub(crate) of: Published,
    /// The part of it that each copy has for itself: a name or a version.
    pub(crate) text: String,
    /// Ids of the copies, and what each has instead of that text, in as many bytes.
    pub(crate) each: Vec<(PackageId, String)>,
}

impl Copies {
    /// Writes the copies into the folder of a stack that is stopped.
    pub(crate) fn write(&self, folder: &Path) -> rusqlite::Result<()> {
        self.write_rows(&folder.join("dynamodb.sqlite"), RECORDS, NEW_RECORD)?;
        self.write_rows(&folder.join("s3").join("index.sqlite"), OBJECTS, NEW_OBJECT)
    }

    fn write_rows(&self, file: &Path, select: &str, insert: &str) -> rusqlite::Result<()> {
        let mut database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        database.pragma_update(None, "synchronous", "OFF")?;
        let rows = rows(&mut database.prepare(select)?, &self.of.id)?;
        assert!(
            !rows.is_empty(),
            "nothing of {} in {}",
            self.of.id,
            file.display()
        );
        for copies in self.each.chunks(BATCH) {
            let transaction = database.transaction()?;
            let mut insert = transaction.prepare(insert)?;
            for (id, text) in copies {
                assert_eq!(
                    text.len(),
                    self.text.len(),
                    "{text}: sizes of items stay as they are"
                );
                let own = Published {
                    id: id.to_string(),
                    sha256: format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
                };
                for row in &rows {
                    insert.execute(params_from_iter(
                        row.iter().map(|value| self.copied(value, &own, text)),
                    ))?;
                }
            }
            drop(insert);
            transaction.commit()?;
        }
        Ok(())
    }

    /// A value of a row, as the copy has it.
    fn copied(&self, value: &Value, own: &Published, text: &str) -> Value {
        match value {
            Value::Text(all) => {
                let all = all.replace(&self.of.id, &own.id).replace(&self.text, text);
                Value::Text(all.replace(&self.of.sha256, &own.sha256))
            }
            other => other.clone(),
        }
    }
}

fn rows(select: &mut Statement<'_>, id: &dyn ToSql) -> rusqlite::Result<Vec<Vec<Value>>> {
    let columns = select.column_count();
    let rows = select.query_map([id], |row| (0..columns).map(|column| row.get(column)).collect())?;
    rows.collect()
}

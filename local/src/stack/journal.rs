//! A database in write-ahead mode whose changes are synced together.
//!
//! SQLite would sync its log within every commit, and hold everybody else off meanwhile. Here a commit only writes the
//! log, and what was asked is answered once the log is on the disk: one sync for all who wait for it. SQLite still
//! syncs the log before it moves changes into the database, and the database after that.

use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::disk::SharedSync;

/// A database of which one change or read runs at a time.
#[derive(Debug)]
pub(super) struct Journal<T> {
    database: Mutex<T>,
    /// Its log; none where it is in memory.
    log: Option<SharedSync>,
}

impl<T> Journal<T> {
    /// The journal of a database that is open in write-ahead mode with `synchronous = NORMAL`, in `file` or in memory.
    pub(super) fn new(database: T, file: Option<&Path>) -> io::Result<Self> {
        let log = file.map(|file| {
            let mut log = file.as_os_str().to_owned();
            log.push("-wal");
            SharedSync::open(Path::new(&log))
        });
        Ok(Self {
            database: Mutex::new(database),
            log: log.transpose()?,
        })
    }

    /// Runs what changes nothing. It returns once all that it may have seen is on the disk: nobody is told of a
    /// change that a power cut takes back.
    pub(super) fn read<R>(&self, read: impl FnOnce(&T) -> R) -> io::Result<R> {
        let answer = read(&self.lock());
        self.log.as_ref().map_or(Ok(()), SharedSync::wait)?;
        Ok(answer)
    }

    /// Runs a change, and returns once it is on the disk.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> io::Result<R> {
        let answer = {
            let mut database = self.lock();
            let answer = change(&mut database);
            // Counted before anybody can see the change.
            self.log.iter().for_each(SharedSync::changed);
            answer
        };
        self.log.as_ref().map_or(Ok(()), SharedSync::wait)?;
        Ok(answer)
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        // A panic in between cannot leave a transaction half done: SQLite rolls it back.
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

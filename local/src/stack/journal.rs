//! A database in write-ahead mode on a thread of its own, whose changes are synced together.
//!
//! SQLite would sync its log within every commit. Here a commit only writes the log: the thread does all that is asked of
//! it by then, syncs once, and only then answers. What is asked meanwhile is the next it does. SQLite still syncs the log
//! before it moves changes into the database, and the database after that.
//!
//! A read that finds nothing to wait for runs where it is asked: waking another thread would take longer than it does.

use std::fmt;
use std::fs::File;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

/// How much is done before a sync: whoever came first is not to wait for all who come after.
const MOST_AT_ONCE: usize = 256;

/// A database of which one change or read runs at a time.
pub(super) struct Journal<T> {
    state: Arc<Mutex<State<T>>>,
    /// None once it ends.
    jobs: Option<Sender<Job<T>>>,
    thread: Option<JoinHandle<()>>,
}

/// The database, held while something runs and until it is synced.
struct State<T> {
    database: T,
    /// Whether all that a read may see is on the disk.
    is_synced: bool,
}

/// One change or read.
struct Job<T> {
    is_change: bool,
    run: Box<dyn FnOnce(&mut T) -> Answer + Send>,
}

/// An answer, to be told once all that it may have seen is on the disk, or why it never will be.
type Answer = Box<dyn FnOnce(Synced) + Send>;
type Synced = Result<(), io::ErrorKind>;

impl<T: Send + 'static> Journal<T> {
    /// Starts the journal of a database that is open in write-ahead mode with `synchronous = NORMAL`, in `file` or in
    /// memory.
    pub(super) fn start(database: T, file: Option<&Path>) -> io::Result<Self> {
        let log = file.map(|file| {
            let mut log = file.as_os_str().to_owned();
            log.push("-wal");
            File::open(log)
        });
        let log = log.transpose()?;
        let state = Arc::new(Mutex::new(State {
            database,
            // An earlier process that was killed may have left something that it has not synced.
            is_synced: log.is_none(),
        }));
        let (jobs, asked) = mpsc::channel();
        let own = Arc::clone(&state);
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || run(&own, log.as_ref(), &asked))?;
        Ok(Self {
            state,
            jobs: Some(jobs),
            thread: Some(thread),
        })
    }

    /// Runs what changes nothing. It returns once all that it may have seen is on the disk: nobody is told of a
    /// change that a power cut takes back.
    pub(super) async fn read<R: Send + 'static>(
        &self,
        read: impl FnOnce(&T) -> R + Send + 'static,
    ) -> io::Result<R> {
        if let Ok(state) = self.state.try_lock()
            && state.is_synced
        {
            let done = catch_unwind(AssertUnwindSafe(|| read(&state.database)));
            return done.map_err(|_| ended());
        }
        self.ask(false, |database| read(database)).await
    }

    /// Runs a change, and returns once it is on the disk. It runs to its end even where nobody waits for the answer any
    /// more.
    pub(super) async fn change<R: Send + 'static>(
        &self,
        change: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> io::Result<R> {
        self.ask(true, change).await
    }

    async fn ask<R: Send + 'static>(
        &self,
        is_change: bool,
        work: impl FnOnce(&mut T) -> R + Send + 'static,
    ) -> io::Result<R> {
        let (told, answer) = oneshot::channel();
        let run = move |database: &mut T| {
            let done = work(database);
            // Nobody may wait for it any more.
            let tell = move |synced: Synced| drop(told.send(synced.map(|()| done)));
            Box::new(tell) as Answer
        };
        let job = Job {
            is_change,
            run: Box::new(run),
        };
        let jobs = self.jobs.as_ref().ok_or_else(ended)?;
        jobs.send(job).map_err(|_| ended())?;
        let answer = answer.await.map_err(|_| ended())?;
        Ok(answer?)
    }
}

fn ended() -> io::Error {
    io::Error::other("the database ended without an answer")
}

/// Does what is asked until nobody can ask any more.
fn run<T>(state: &Mutex<State<T>>, log: Option<&File>, asked: &Receiver<Job<T>>) {
    let mut outcome = Ok(());
    while let Ok(job) = asked.recv() {
        // Whatever panics is caught while the lock is held.
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { database, is_synced } = &mut *state;
        let mut answers = Vec::new();
        let mut next = Some(job);
        while let Some(job) = next {
            *is_synced &= !job.is_change || log.is_none();
            // A panic cannot leave a transaction half done: SQLite rolls it back. Who asked gets no answer.
            if let Ok(answer) = catch_unwind(AssertUnwindSafe(|| (job.run)(database))) {
                if *is_synced {
                    answer(Ok(()));
                } else {
                    answers.push(answer);
                }
            }
            next = (answers.len() < MOST_AT_ONCE)
                .then(|| asked.try_recv().ok())
                .flatten();
        }
        // A sync that failed is not tried again: the system may have dropped what it could not write.
        if let (false, Ok(()), Some(log)) = (*is_synced, outcome, log) {
            outcome = log.sync_data().map_err(|error| error.kind());
            *is_synced = outcome.is_ok();
        }
        drop(state);
        for answer in answers {
            answer(outcome);
        }
    }
}

impl<T> Drop for Journal<T> {
    /// Waits until all that was asked is done, and the database is closed.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a database's thread ended too early");
        }
    }
}

impl<T> fmt::Debug for Journal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal(folder: &tempfile::TempDir) -> Journal<u32> {
        let file = folder.path().join("database");
        std::fs::write(folder.path().join("database-wal"), b"").unwrap();
        Journal::start(0, Some(&file)).unwrap()
    }

    #[tokio::test]
    async fn reads_see_every_change_before_them() {
        let journal = journal(&tempfile::tempdir().unwrap());
        for number in 1..=3 {
            journal.change(move |value| *value = number).await.unwrap();
            assert_eq!(journal.read(|value| *value).await.unwrap(), number);
        }
    }

    #[tokio::test]
    async fn reads_without_a_wait_stay_on_their_thread() {
        let journal = journal(&tempfile::tempdir().unwrap());
        let thread = || std::thread::current().id();
        // A change that an earlier process may have made is synced before anything is read.
        assert_ne!(journal.read(move |_| thread()).await.unwrap(), thread());
        assert_eq!(journal.read(move |_| thread()).await.unwrap(), thread());
        let ((begin, has_begun), (end, may_end)) = (mpsc::channel(), mpsc::channel::<()>());
        let change = journal.change(move |_| {
            begin.send(()).unwrap();
            may_end.recv().unwrap();
        });
        let read = async {
            has_begun.recv().unwrap();
            tokio::join!(journal.read(move |_| thread()), async { end.send(()).unwrap() }).0
        };
        assert_ne!(tokio::join!(change, read).1.unwrap(), thread());
        let panicked = journal.read(|_| panic!("as a test does")).await;
        assert!(panicked.unwrap_err().to_string().contains("without an answer"));
        assert_eq!(journal.read(move |_| thread()).await.unwrap(), thread());
    }

    #[tokio::test]
    async fn changes_without_a_waiter_are_made() {
        let journal = journal(&tempfile::tempdir().unwrap());
        let (start, started) = mpsc::channel::<()>();
        let change = journal.change(move |value| {
            started.recv().unwrap();
            *value = 1;
        });
        assert!(
            tokio::time::timeout(std::time::Duration::from_millis(1), change)
                .await
                .is_err()
        );
        start.send(()).unwrap();
        assert_eq!(journal.read(|value| *value).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_panic_ends_one_job_alone() {
        let journal = journal(&tempfile::tempdir().unwrap());
        let panicked = journal.change(|_| panic!("as a test does")).await;
        assert!(panicked.unwrap_err().to_string().contains("without an answer"));
        assert_eq!(journal.read(|value| *value).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn nothing_is_answered_after_a_failed_sync() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("database");
        // A pipe cannot be synced.
        let made = std::process::Command::new("mkfifo")
            .arg(folder.path().join("database-wal"))
            .status();
        assert!(made.unwrap().success());
        let wal = folder.path().join("database-wal");
        let writer = std::thread::spawn(move || std::fs::OpenOptions::new().write(true).open(wal));
        let journal = Journal::start(0, Some(&file)).unwrap();
        let _writer = writer.join().unwrap().unwrap();
        for _ in 0..2 {
            assert_eq!(
                journal.change(|_| ()).await.unwrap_err().kind(),
                io::ErrorKind::InvalidInput
            );
        }
        assert!(journal.read(|value| *value).await.is_err());
    }
}

//! Flushes SQLite's log to the disk while the next transaction is written into it.
//!
//! With `synchronous = full` a connection waits for the disk within its commit and holds the write lock, so that
//! processor and disk work alternately, and all other writers wait for the disk too. Everything is therefore committed with
//! `normal`: it is in the log and visible to readers, but not flushed. Callers are answered when the log is flushed that far;
//! one flush serves all who wait for it. A separate thread flushes, or, for few positions, the thread that wrote them.

use super::position_writer::connect;
use super::presence::Presence;
use crate::{Result, StoreError};
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Those who wait for the thread. They have committed, so that there are only this many if the disk hangs: for further ones
/// the flush has failed.
const QUEUE_FLUSHES: usize = 1_024;

/// A handle of the thread, which ends with it.
#[derive(Debug)]
pub(super) struct LogFlusher {
    log: Arc<Log>,
    presence: Arc<Presence>,
    asks: mpsc::SyncSender<oneshot::Sender<Result<()>>>,
    thread: JoinHandle<()>,
}

impl LogFlusher {
    /// Starts the thread for a log.
    pub(super) fn start(log: Arc<Log>, presence: Arc<Presence>) -> Result<Self> {
        let (asks, waiting) = mpsc::sync_channel::<oneshot::Sender<Result<()>>>(QUEUE_FLUSHES);
        let flushed = log.clone();
        let thread = std::thread::Builder::new()
            .name("sqlite-flush".to_owned())
            .spawn(move || {
                while let Ok(first) = waiting.recv() {
                    let all: Vec<_> = std::iter::once(first).chain(waiting.try_iter()).collect();
                    // A fault must not end the thread, without which nothing is stored until a restart.
                    let outcome = catch_unwind(AssertUnwindSafe(|| flushed.flush())).unwrap_or_else(|_| {
                        Err(StoreError::Unavailable("a fault while the log was flushed".to_owned()))
                    });
                    for answer in all {
                        // It may have stopped waiting.
                        let _ = answer.send(outcome.clone());
                    }
                }
            })
            .map_err(|error| StoreError::Unavailable(format!("no thread for the database: {error}")))?;
        Ok(Self { log, presence, asks, thread })
    }

    /// Whether the thread has ended, which it does only by a fault.
    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Counts a committed transaction.
    pub(super) fn note_commit(&self) {
        self.log.note_commit();
    }

    /// Returns when all transactions that were committed before are on disk.
    pub(super) async fn flush(&self) -> Result<()> {
        if self.log.is_flushed() {
            return Ok(());
        }
        // After a failed flush the log is copied into the file, which must still be its own.
        self.presence.check()?;
        let stopped = || StoreError::Unavailable("the database was closed".to_owned());
        let (answer, answered) = oneshot::channel();
        // Not `send`: it would keep this worker of the runtime while the disk hangs.
        self.asks.try_send(answer).map_err(|error| match error {
            mpsc::TrySendError::Full(_) => StoreError::Unavailable("earlier flushes have not ended".to_owned()),
            mpsc::TrySendError::Disconnected(_) => stopped(),
        })?;
        answered.await.map_err(|_| stopped())?
    }
}

/// SQLite's log, and how much of it is on disk.
#[derive(Debug)]
pub(super) struct Log {
    /// The database's file.
    file: PathBuf,
    /// The log's file.
    path: PathBuf,
    busy_timeout: Duration,
    /// The number of committed transactions.
    committed: AtomicU64,
    /// The number of transactions that were committed when the last successful flush began.
    flushed: AtomicU64,
    /// The open log may not be the present one.
    is_changed: AtomicBool,
    flushing: Mutex<Flushing>,
}

/// The state of the flushing thread.
#[derive(Debug, Default)]
pub(super) struct Flushing {
    open: Option<File>,
    /// Set when a flush failed. The system may then treat the lost pages as written.
    failed: bool,
}

impl Log {
    /// The log of a database file.
    pub(super) fn of(file: &Path, busy_timeout: Duration) -> Self {
        let mut path = file.as_os_str().to_owned();
        path.push("-wal");
        Self {
            file: file.to_owned(),
            path: path.into(),
            busy_timeout,
            committed: AtomicU64::new(0),
            flushed: AtomicU64::new(0),
            is_changed: AtomicBool::new(false),
            flushing: Mutex::default(),
        }
    }

    /// Counts a committed transaction.
    pub(super) fn note_commit(&self) {
        self.committed.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.flushed.load(Ordering::Acquire) >= self.committed.load(Ordering::Acquire)
    }

    /// Whether the last flush failed, so that some of the log may not be on disk.
    pub(super) fn has_failed(&self) -> bool {
        self.flushing().failed
    }

    /// The log may be another file now. Waits for nothing: the disk may hang.
    pub(super) fn changed(&self) {
        self.is_changed.store(true, Ordering::Release);
    }

    /// Waits until all transactions that were committed before are on disk.
    pub(super) fn flush(&self) -> Result<()> {
        let mut flushing = self.flushing();
        let committed = self.committed.load(Ordering::Acquire);
        if self.flushed.load(Ordering::Acquire) >= committed {
            return Ok(());
        }
        let outcome = if flushing.failed { self.start_anew(&mut flushing) } else { self.sync(&mut flushing) };
        flushing.failed = outcome.is_err();
        if outcome.is_ok() {
            self.flushed.store(committed, Ordering::Release);
        }
        outcome
    }

    pub(super) fn flushing(&self) -> std::sync::MutexGuard<'_, Flushing> {
        // A flush has no steps, so that a panic leaves no inconsistent state.
        self.flushing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sync(&self, flushing: &mut Flushing) -> Result<()> {
        if self.is_changed.swap(false, Ordering::AcqRel) {
            flushing.open = None;
        }
        let log = match &mut flushing.open {
            Some(log) => log,
            none => none.insert(File::open(&self.path).map_err(|error| unflushed(&error))?),
        };
        log.sync_data().map_err(|error| unflushed(&error))
    }

    /// Copies the whole log into the database's file, flushes that, and empties the log. A second flush of the same
    /// pages could succeed without writing them.
    fn start_anew(&self, flushing: &mut Flushing) -> Result<()> {
        flushing.open = None;
        let connection = connect(&self.file, self.busy_timeout)?;
        let busy: bool = connection.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get(0))?;
        if busy {
            return Err(StoreError::Unavailable("the log could not be copied: the database is in use".to_owned()));
        }
        Ok(())
    }
}

fn unflushed(error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("the database's log could not be flushed to the disk: {error}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn database_with_a_log() -> (tempfile::TempDir, rusqlite::Connection, Log) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.db");
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.pragma_update(None, "journal_mode", "wal").unwrap();
        connection.pragma_update(None, "synchronous", "normal").unwrap();
        connection.execute_batch("create table t (n integer); insert into t values (1);").unwrap();
        let log = Log::of(&file, Duration::from_millis(10));
        log.note_commit();
        (folder, connection, log)
    }

    #[test]
    fn after_a_failed_flush_the_log_is_copied_and_emptied_before_anything_counts_as_flushed() {
        let (_folder, _connection, log) = database_with_a_log();
        assert!(std::fs::metadata(&log.path).unwrap().len() > 0);
        log.flushing().failed = true;
        log.flush().unwrap();
        assert_eq!(std::fs::metadata(&log.path).unwrap().len(), 0);
        assert!(!log.flushing().failed);
    }

    #[test]
    fn while_a_reader_uses_the_old_log_a_failed_flush_stays_failed() {
        let (_folder, connection, log) = database_with_a_log();
        let reader = rusqlite::Connection::open(&log.file).unwrap();
        reader.execute_batch("begin; select * from t;").unwrap();
        connection.execute_batch("insert into t values (2);").unwrap();
        log.flushing().failed = true;
        assert!(matches!(log.flush(), Err(StoreError::Unavailable(_))));
        assert!(matches!(log.flush(), Err(StoreError::Unavailable(_))));
        reader.execute_batch("commit").unwrap();
        log.flush().unwrap();
    }

    #[test]
    fn a_commit_is_flushed_once() {
        let (_folder, _connection, log) = database_with_a_log();
        assert!(!log.is_flushed());
        log.flush().unwrap();
        assert!(log.is_flushed());
        // With nothing to flush, a failed flush is not repaired either.
        log.flushing().failed = true;
        log.flush().unwrap();
        assert!(log.flushing().failed);
        log.note_commit();
        assert!(!log.is_flushed());
    }

    #[test]
    fn a_log_that_was_replaced_is_opened_again() {
        let (_folder, connection, log) = database_with_a_log();
        log.flush().unwrap();
        drop(connection);
        let connection = rusqlite::Connection::open(&log.file).unwrap();
        connection.execute_batch("insert into t values (2);").unwrap();
        log.changed();
        log.note_commit();
        log.flush().unwrap();
        let open = log.flushing().open.as_ref().unwrap().metadata().unwrap();
        assert!(open.len() > 0, "the new log and not the removed one");
    }
}

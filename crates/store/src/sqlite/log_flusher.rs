//! The thread that flushes SQLite's log to the disk, while the next transaction is being written into it.
//!
//! With `synchronous = full` a connection waits for the disk within its commit, holding the write lock, and processor
//! and disk take turns. Here positions are committed with `normal` (in the log, seen by readers, not yet flushed), and
//! whoever brought them is answered once this thread has flushed the log up to and beyond them.

use super::track_writer::connect;
use crate::{Result, StoreError};
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::sync::oneshot;

/// Requests on their way to the thread: the committer has one under way at a time. When full, the asker's thread waits.
const QUEUE_FLUSHES: usize = 4;

/// The way to the thread, which ends with it.
#[derive(Debug)]
pub(super) struct LogFlusher {
    asks: mpsc::SyncSender<oneshot::Sender<Result<()>>>,
}

/// Tells the flusher that the log may be another file than before.
#[derive(Debug, Clone, Default)]
pub(super) struct LogChanged(Arc<AtomicBool>);

impl LogChanged {
    pub(super) fn tell(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl LogFlusher {
    /// Starts the thread for the log of a database file.
    pub(super) fn start(file: &Path, busy_timeout: Duration, changed: LogChanged) -> Result<Self> {
        let (asks, waiting) = mpsc::sync_channel(QUEUE_FLUSHES);
        let mut path = file.as_os_str().to_owned();
        path.push("-wal");
        let log = Log { file: file.to_owned(), path: path.into(), busy_timeout, changed, open: None, failed: false };
        std::thread::Builder::new()
            .name("sqlite-flush".to_owned())
            .spawn(move || log.run(&waiting))
            .map_err(|error| StoreError::Unavailable(format!("no thread for the database: {error}")))?;
        Ok(Self { asks })
    }

    /// Returns when all that was committed before is on disk.
    pub(super) async fn flush(&self) -> Result<()> {
        let stopped = || StoreError::Unavailable("the database was closed".to_owned());
        let (answer, answered) = oneshot::channel();
        self.asks.send(answer).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

struct Log {
    /// The database's file.
    file: PathBuf,
    /// The log's.
    path: PathBuf,
    busy_timeout: Duration,
    changed: LogChanged,
    open: Option<File>,
    /// A flush failed: the system may since believe that what it failed to write is on disk.
    failed: bool,
}

impl Log {
    fn run(mut self, waiting: &mpsc::Receiver<oneshot::Sender<Result<()>>>) {
        while let Ok(answer) = waiting.recv() {
            let outcome = self.flush();
            // The committer may have given up.
            let _ = answer.send(outcome);
        }
    }

    fn flush(&mut self) -> Result<()> {
        if self.changed.0.swap(false, Ordering::AcqRel) {
            self.open = None;
        }
        let flushed = if self.failed { self.start_log_anew() } else { self.sync() };
        self.failed = flushed.is_err();
        flushed
    }

    fn sync(&mut self) -> Result<()> {
        let log = match &self.open {
            Some(log) => log,
            None => match File::open(&self.path) {
                Ok(log) => self.open.insert(log),
                // Whoever closed the last connection has copied it into the database, and flushed that.
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(unflushed(&error)),
            },
        };
        log.sync_data().map_err(|error| unflushed(&error))
    }

    /// Copies the whole log into the database's file, flushes that, and empties the log: a second flush of the same
    /// pages could succeed without having written them.
    fn start_log_anew(&mut self) -> Result<()> {
        self.open = None;
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
        let path = folder.path().join("test.db-wal");
        let busy_timeout = Duration::from_millis(10);
        let log = Log { file, path, busy_timeout, changed: LogChanged::default(), open: None, failed: false };
        (folder, connection, log)
    }

    #[test]
    fn after_a_failed_flush_the_log_is_copied_and_emptied_before_anything_counts_as_flushed() {
        let (_folder, _connection, mut log) = database_with_a_log();
        assert!(std::fs::metadata(&log.path).unwrap().len() > 0);
        log.failed = true;
        log.flush().unwrap();
        assert_eq!(std::fs::metadata(&log.path).unwrap().len(), 0);
        assert!(!log.failed);
    }

    #[test]
    fn while_somebody_reads_the_old_log_a_failed_flush_stays_failed() {
        let (_folder, connection, mut log) = database_with_a_log();
        let reader = rusqlite::Connection::open(&log.file).unwrap();
        reader.execute_batch("begin; select * from t;").unwrap();
        connection.execute_batch("insert into t values (2);").unwrap();
        log.failed = true;
        assert!(matches!(log.flush(), Err(StoreError::Unavailable(_))));
        assert!(matches!(log.flush(), Err(StoreError::Unavailable(_))));
        reader.execute_batch("commit").unwrap();
        log.flush().unwrap();
    }

    #[test]
    fn a_log_that_was_replaced_is_opened_again() {
        let (_folder, connection, mut log) = database_with_a_log();
        log.flush().unwrap();
        drop(connection);
        let connection = rusqlite::Connection::open(&log.file).unwrap();
        connection.execute_batch("insert into t values (2);").unwrap();
        log.changed.tell();
        log.flush().unwrap();
        let open = log.open.as_ref().unwrap().metadata().unwrap();
        assert!(open.len() > 0, "the new log and not the removed one");
    }
}

//! The thread that writes positions into SQLite, and what else comes from many callers at once.
//!
//! A transaction of positions consists of thousands of small statements. With sqlx each would be a message to its
//! worker and an answer. Here the statements run on the thread that has the connection, and one message carries the
//! whole transaction.

use super::log_flusher::Log;
use super::presence::Presence;
use super::tracks::{OwnedCommit, write_tracks};
use super::write_buffer::WriteBuffer;
use super::{PRAGMAS, WriteLock};
use crate::{Result, StoreError, TrackOutcome};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Messages to the thread. A writer holds the write lock, so that at most one of them waits, and one to close.
const QUEUE_JOBS: usize = 2;

/// A larger file is written anew by way of a temporary one, and not in memory: 64 MiB.
const MAX_PAGES_IN_MEMORY: i64 = 16_384;

/// How often the log is tried to be emptied, each time for as long as a connection waits for others.
const TRUNCATE_TRIES: usize = 5;

/// When no positions arrive for this long, the buffered ones are merged.
const QUIET: Duration = Duration::from_secs(1);

enum Job {
    Write {
        commit: OwnedCommit,
        /// The write lock. It is released when the transaction has ended, even if its caller has stopped waiting.
        lock: WriteLock,
        answer: oneshot::Sender<Result<TrackOutcome>>,
    },
    /// Writes another transaction.
    Run {
        work: Work,
        lock: WriteLock,
    },
    /// Merges the write buffer.
    Merge {
        lock: WriteLock,
        answer: oneshot::Sender<Result<()>>,
    },
    /// Writes the database's file anew.
    Compact {
        lock: WriteLock,
        answer: oneshot::Sender<Result<()>>,
    },
    Close(oneshot::Sender<()>),
}

/// A transaction with the sender of its answer.
type Work = Box<dyn FnOnce(&mut Writer) + Send>;

/// A handle of the thread, which ends with it.
#[derive(Debug)]
pub(super) struct PositionWriter {
    jobs: mpsc::SyncSender<Job>,
    thread: JoinHandle<()>,
}

impl PositionWriter {
    /// Starts the thread. It connects when it is first needed.
    pub(super) fn start(file: &Path, busy_timeout: Duration, log: Arc<Log>, presence: Arc<Presence>) -> Result<Self> {
        let (jobs, waiting) = mpsc::sync_channel(QUEUE_JOBS);
        let writer = Writer { file: file.to_owned(), busy_timeout, log, presence, open: None };
        let thread = std::thread::Builder::new()
            .name("sqlite-tracks".to_owned())
            .spawn(move || writer.run(&waiting))
            .map_err(|error| StoreError::Unavailable(format!("no thread for the database: {error}")))?;
        Ok(Self { jobs, thread })
    }

    /// Whether the thread has ended, which it does when it is closed, or by a fault.
    pub(super) fn has_ended(&self) -> bool {
        self.thread.is_finished()
    }

    /// Writes one transaction, which is on disk after the next flush. It runs to its end even if the caller stops
    /// waiting.
    pub(super) async fn write(&self, commit: OwnedCommit, lock: WriteLock) -> Result<TrackOutcome> {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job::Write { commit, lock, answer }).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// Runs a function that writes one transaction of a bounded size, which is on disk then. It runs to its end even if the caller
    /// stops waiting.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        lock: WriteLock,
        write: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let work: Work = Box::new(move |writer| {
            // The caller may have stopped waiting.
            let _ = answer.send(writer.run_small(write));
        });
        self.jobs.send(Job::Run { work, lock }).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// Merges all buffered positions.
    pub(super) async fn merge(&self, lock: WriteLock) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job::Merge { lock, answer }).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// Merges all buffered positions, and writes the database's file anew. Here, because it numbers the buffered rows anew too.
    pub(super) async fn compact(&self, lock: WriteLock) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job::Compact { lock, answer }).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// Merges all buffered positions, closes the connection and ends the thread.
    pub(super) async fn close(&self) {
        let (answer, closed) = oneshot::channel();
        if self.jobs.send(Job::Close(answer)).is_ok() {
            // An error means that the thread has ended already.
            let _ = closed.await;
        }
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the database was closed".to_owned())
}

struct Writer {
    file: PathBuf,
    busy_timeout: Duration,
    log: Arc<Log>,
    presence: Arc<Presence>,
    open: Option<Open>,
}

/// A connection and its write buffer.
struct Open {
    connection: Connection,
    buffer: WriteBuffer,
}

impl Writer {
    fn run(mut self, jobs: &mpsc::Receiver<Job>) {
        while let Some(job) = self.next(jobs) {
            match job {
                Job::Write { commit, lock, answer } => {
                    let outcome = self.write(&commit);
                    // The committer may have stopped waiting. It then reads again what it needs.
                    let _ = answer.send(outcome);
                    // The lock is still held, while the answered callers send their next positions.
                    self.merge_some();
                    drop(lock);
                }
                Job::Run { work, lock } => {
                    work(&mut self);
                    drop(lock);
                }
                Job::Merge { lock, answer } => {
                    let outcome = self.with_open(Open::merge);
                    drop(lock);
                    let _ = answer.send(outcome);
                }
                Job::Compact { lock, answer } => {
                    let outcome = self.with_open(Open::compact);
                    self.log.note_commit();
                    drop(lock);
                    let _ = answer.send(outcome);
                }
                Job::Close(answer) => {
                    self.merge_unless_busy();
                    self.open = None;
                    let _ = answer.send(());
                    return;
                }
            }
        }
    }

    /// A transaction of few positions is flushed here, because another thread would not be faster.
    fn write(&mut self, commit: &OwnedCommit) -> Result<TrackOutcome> {
        let log = self.log.clone();
        self.with_open(|open| {
            let outcome = write_tracks(&mut open.connection, commit, &mut open.buffer)?;
            log.note_commit();
            if commit.is_small() {
                log.flush()?;
            }
            Ok(outcome)
        })
    }

    fn run_small<T>(&mut self, write: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
        let log = self.log.clone();
        self.with_open(|open| {
            let outcome = write(&mut open.connection)?;
            log.note_commit();
            // Another thread would not be faster.
            log.flush()?;
            Ok(outcome)
        })
    }

    /// Returns the next job. After a quiet time it merges buffered positions first.
    fn next(&mut self, jobs: &mpsc::Receiver<Job>) -> Option<Job> {
        loop {
            if self.open.as_ref().is_none_or(|open| open.buffer.is_empty()) {
                return jobs.recv().ok();
            }
            match jobs.recv_timeout(QUIET) {
                Ok(job) => return Some(job),
                Err(mpsc::RecvTimeoutError::Timeout) => self.merge_unless_busy(),
                Err(mpsc::RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// After a failure of the database the connection is closed, so that the next transaction starts on a new one.
    fn with_open<T>(&mut self, work: impl FnOnce(&mut Open) -> Result<T>) -> Result<T> {
        let open = match &mut self.open {
            Some(open) => open,
            none => {
                let connection = connect(&self.file, self.busy_timeout)?;
                // Callers wait for the separate flush instead.
                connection.pragma_update(None, "synchronous", "normal")?;
                self.log.changed();
                let buffer = WriteBuffer::count(&connection)?;
                none.insert(Open { connection, buffer })
            }
        };
        // A fault must not end the thread, without which no position is stored until a restart.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(open)))
            .unwrap_or_else(|_| Err(StoreError::Unavailable("a fault while positions were written".to_owned())));
        if matches!(outcome, Err(StoreError::Unavailable(_))) {
            self.open = None;
        }
        outcome
    }

    /// Merges one step. Not called after a failure: the next transaction connects again.
    fn merge_some(&mut self) {
        if self.open.is_none() {
            return;
        }
        if let Err(error) = self.with_open(|open| open.buffer.step(&mut open.connection)) {
            // The positions are stored, and are read from the buffer.
            tracing::warn!("buffered positions could not be merged: {error}");
            if let Some(open) = &mut self.open {
                open.buffer.postpone();
            }
        }
    }

    /// Merges without the lock. If another connection is writing, or the file is not its own any more, the merge waits for
    /// the next time.
    fn merge_unless_busy(&mut self) {
        let Some(open) = &mut self.open else { return };
        if self.presence.check().is_err() {
            return;
        }
        let merged = open.connection.busy_timeout(Duration::ZERO).map_err(Into::into).and_then(|()| open.merge());
        if let Err(error) = merged.and(open.connection.busy_timeout(self.busy_timeout).map_err(Into::into)) {
            tracing::debug!("buffered positions were not merged: {error}");
        }
    }
}

impl Open {
    fn merge(&mut self) -> Result<()> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        self.buffer.merge_all(&transaction)?;
        Ok(transaction.commit()?)
    }

    /// Writes the file anew without what was removed, and empties the log.
    fn compact(&mut self) -> Result<()> {
        self.merge()?;
        let pages: i64 = self.connection.query_row("pragma page_count", [], |row| row.get(0))?;
        // The new file is made beside the old one first.
        if pages > MAX_PAGES_IN_MEMORY {
            self.connection.pragma_update(None, "temp_store", "file")?;
        }
        let compacted = self.connection.execute_batch("vacuum");
        self.connection.pragma_update(None, "temp_store", "memory")?;
        compacted?;
        for _ in 0..TRUNCATE_TRIES {
            let busy: bool = self.connection.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get(0))?;
            if !busy {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable("the log could not be emptied: somebody reads an older state from it".to_owned()))
    }
}

/// Opens the file, and does not create it if it was removed.
pub(super) fn connect(file: &Path, busy_timeout: Duration) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(busy_timeout)?;
    for (name, value) in PRAGMAS {
        connection.pragma_update(None, name, value)?;
    }
    Ok(connection)
}

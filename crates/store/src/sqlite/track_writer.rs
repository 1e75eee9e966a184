//! The thread that writes positions into SQLite.
//!
//! A transaction of positions is thousands of small statements. Through sqlx each would be a message to its worker and
//! back; here the statements run where the connection lives, and one message carries the whole transaction.

use super::log_flusher::LogChanged;
use super::tracks::{OwnedCommit, write_tracks};
use super::{Db, PRAGMAS};
use crate::{Result, StoreError, TrackOutcome};
use rusqlite::{Connection, OpenFlags};
use sqlx::pool::PoolConnection;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;
use tokio::sync::oneshot;

/// Messages on their way to the thread. Whoever writes holds the turn, so there is one at most, and one to close.
const QUEUE_JOBS: usize = 2;

enum Job {
    Write {
        commit: OwnedCommit,
        /// The right to write, given back when the transaction has ended, even if nobody waits for it any more.
        turn: PoolConnection<Db>,
        answer: oneshot::Sender<Result<TrackOutcome>>,
    },
    Close(oneshot::Sender<()>),
}

/// The way to the thread, which ends with it.
#[derive(Debug)]
pub(super) struct TrackWriter {
    jobs: mpsc::SyncSender<Job>,
}

impl TrackWriter {
    /// Starts the thread. It connects when it is first needed.
    pub(super) fn start(file: &Path, busy_timeout: Duration, log_changed: LogChanged) -> Result<Self> {
        let (jobs, waiting) = mpsc::sync_channel(QUEUE_JOBS);
        let writer = Writer { file: file.to_owned(), busy_timeout, log_changed, connection: None };
        // A turn is given back through the pool's runtime.
        let runtime = tokio::runtime::Handle::current();
        std::thread::Builder::new()
            .name("sqlite-tracks".to_owned())
            .spawn(move || {
                let _runtime = runtime.enter();
                writer.run(&waiting);
            })
            .map_err(|error| StoreError::Unavailable(format!("no thread for the database: {error}")))?;
        Ok(Self { jobs })
    }

    /// Carries out one transaction, which is on disk after the next flush. It goes on to its end even if the caller
    /// stops waiting.
    pub(super) async fn write(&self, commit: OwnedCommit, turn: PoolConnection<Db>) -> Result<TrackOutcome> {
        let (answer, answered) = oneshot::channel();
        self.jobs.send(Job::Write { commit, turn, answer }).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// Closes the connection and ends the thread.
    pub(super) async fn close(&self) {
        let (answer, closed) = oneshot::channel();
        if self.jobs.send(Job::Close(answer)).is_ok() {
            // An error means that it has ended already.
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
    log_changed: LogChanged,
    connection: Option<Connection>,
}

impl Writer {
    fn run(mut self, waiting: &mpsc::Receiver<Job>) {
        while let Ok(job) = waiting.recv() {
            match job {
                Job::Write { commit, turn, answer } => {
                    let outcome = self.write(&commit);
                    drop(turn);
                    // The committer may have given up; it then reads again what it needs.
                    let _ = answer.send(outcome);
                }
                Job::Close(answer) => {
                    self.connection = None;
                    let _ = answer.send(());
                    return;
                }
            }
        }
    }

    /// After trouble with the database the connection is closed, so that the next transaction starts on a fresh one.
    fn write(&mut self, commit: &OwnedCommit) -> Result<TrackOutcome> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => {
                let connection = connect(&self.file, self.busy_timeout)?;
                // The flusher waits for the disk instead, and with it whoever is to be answered.
                connection.pragma_update(None, "synchronous", "normal")?;
                self.log_changed.tell();
                none.insert(connection)
            }
        };
        let outcome = write_tracks(connection, commit);
        if matches!(outcome, Err(StoreError::Unavailable(_))) {
            self.connection = None;
        }
        outcome
    }
}

/// A file that vanished is not made anew.
pub(super) fn connect(file: &Path, busy_timeout: Duration) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(busy_timeout)?;
    for (name, value) in PRAGMAS {
        connection.pragma_update(None, name, value)?;
    }
    Ok(connection)
}

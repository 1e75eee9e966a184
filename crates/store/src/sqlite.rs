//! SQLite: one file with one writer, and readers that never wait for it.
//!
//! In WAL mode with `synchronous = full` every commit flushes the log to the disk before it answers, so that
//! acknowledged data survives a power cut. With `normal` the log is flushed only at checkpoints, and the last commits
//! could be lost. The server commits with `normal`, gives the turn to the next writer, and has the log flushed before anyone is
//! answered (`log_flusher`).

use crate::open::{FRONT_CONNECTIONS, INGEST_CONNECTIONS};
use crate::{
    DeliveryMove, DriverFixWrite, FixOutcome, LogStats, OpenOptions, Renderer, Result, Retention, Store, StoreError,
    TrackCommit, TrackOutcome,
};
use milepost_domain::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{ConnectOptions, Pool};
use std::path::Path;
use std::sync::Arc;

mod arrival_index;
pub(crate) mod backup;
mod checkpointer;
mod delivery_moves;
mod dialect;
mod driver_fixes;
mod history_rows;
mod log_flusher;
mod nodes;
mod position_writer;
mod presence;
mod tracks;
mod turns;
mod write_buffer;
mod writers;

#[path = "sql/all.rs"]
mod sql;

pub(crate) use sql::rewrite_normal_forms;

use checkpointer::Checkpointer;
use log_flusher::{Log, LogFlusher};
use position_writer::PositionWriter;
use presence::Presence;
use tracks::OwnedCommit;
use writers::{Committed, WriteLock, Writers};

type Db = sqlx::Sqlite;
type Connection = SqliteConnection;

/// The file of a `sqlite:` URL.
pub(crate) fn file_of(url: &str) -> Option<&Path> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split('?').next().unwrap_or(path);
    (!path.is_empty() && !path.contains(":memory:")).then(|| Path::new(path))
}

/// The settings of every connection.
const PRAGMAS: [(&str, &str); 7] = [
    ("synchronous", "full"),
    ("foreign_keys", "on"),
    // What is deleted is written over where its page is written anyway.
    ("secure_delete", "fast"),
    // 16 MiB of pages for each connection.
    ("cache_size", "-16384"),
    // The log is copied into the file by a thread of its own. After a burst it is cut back to 64 MiB.
    ("wal_autocheckpoint", "0"),
    ("journal_size_limit", "67108864"),
    // A statement with many rows saves every page that it changes, to be able to undo itself. It saves them in memory
    // and not in a file.
    ("temp_store", "memory"),
];

fn connect_options(file: &Path, options: &OpenOptions) -> SqliteConnectOptions {
    let connect = SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(options.busy_timeout)
        .disable_statement_logging();
    PRAGMAS.into_iter().fold(connect, |connect, (name, value)| connect.pragma(name, value))
}

/// Opens a connection outside the pools for migrations. It copies the log itself, every 32 MiB.
pub(crate) async fn connect(file: &Path, options: &OpenOptions, create: bool) -> Result<SqliteConnection> {
    let connect = connect_options(file, options).pragma("wal_autocheckpoint", "8192");
    Ok(connect.create_if_missing(create).connect().await?)
}

/// Opens a file whose tables are up to date.
pub(crate) fn open(file: &Path, options: &OpenOptions, renderer: Arc<dyn Renderer>) -> Result<Arc<dyn Store>> {
    // SQLite puts the log beside the file itself, not beside a link to it.
    let file = &file.canonicalize().map_err(|error| StoreError::Unavailable(format!("{}: {error}", file.display())))?;
    let presence = Arc::new(Presence::of(file, options.busy_timeout)?);
    // A file that was removed must not be created again, empty.
    let connect = connect_options(file, options).create_if_missing(false);
    let log = Arc::new(Log::of(file, options.busy_timeout));
    let pool = |connections: u32, connect: SqliteConnectOptions| -> Pool<Db> {
        let (presence, log) = (Arc::clone(&presence), Arc::clone(&log));
        SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            // The file may have been replaced since the caller's check.
            .after_connect(move |_, _| {
                let checked = presence.check_for_read().map_err(|error| std::io::Error::other(error).into());
                // The first connection makes the log, the last one removes it.
                log.changed();
                Box::pin(async move { checked })
            })
            .connect_lazy_with(connect)
    };
    let writing = pool(1, connect.clone().pragma("synchronous", "normal"));
    let writers = Writers::start(writing, file, options, Arc::clone(&presence), Arc::clone(&log))?;
    let read = connect.read_only(true);
    // These read single rows along an index.
    let read_rows = read.clone().pragma("cache_size", "-2048");
    Ok(Arc::new(sql::SqlStore {
        readers: pool(options.connections.max(1), read),
        front: pool(FRONT_CONNECTIONS, read_rows.clone()),
        ingest: pool(INGEST_CONNECTIONS, read_rows),
        answers: options.answers,
        native: Arc::new(Native {
            checkpointer: Arc::clone(&writers.checkpointer),
            position_writer: PositionWriter::start(file, options.busy_timeout, log.clone(), Arc::clone(&presence))?,
            log_flusher: Arc::clone(&writers.log_flusher),
            presence,
        }),
        upkeep: writers.clone(),
        writers,
        renderer,
        unknown_kinds: Arc::default(),
        author: None,
    }))
}

/// State that only SQLite needs.
#[derive(Debug)]
struct Native {
    checkpointer: Arc<Checkpointer>,
    presence: Arc<Presence>,
    position_writer: PositionWriter,
    log_flusher: Arc<LogFlusher>,
}

impl Native {
    /// Checks the file as before a transaction.
    fn check(&self) -> Result<()> {
        self.presence.check()
    }

    fn check_for_read(&self) -> Result<()> {
        self.presence.check_for_read()
    }

    fn fault(&self) -> Option<&'static str> {
        self.presence.fault()
    }

    fn has_ended(&self) -> bool {
        self.position_writer.has_ended() || self.log_flusher.has_ended() || self.checkpointer.has_ended()
    }

    fn log_stats(&self) -> Option<LogStats> {
        Some(self.checkpointer.stats(self.presence.log_pages().ok()?))
    }

    async fn commit_tracks(&self, writers: &Writers, commit: &TrackCommit<'_>) -> Result<TrackOutcome> {
        let lock = writers.lock_first().await?;
        self.position_writer.write(OwnedCommit::of(commit), lock).await
    }

    async fn move_deliveries(&self, writers: &Writers, moves: Arc<[DeliveryMove]>) -> Result<Vec<bool>> {
        let lock = writers.lock_first().await?;
        self.position_writer.run(lock, move |connection| delivery_moves::write_moves(connection, &moves)).await
    }

    async fn record_driver_fixes(&self, writers: &Writers, fixes: Arc<[DriverFixWrite]>) -> Result<Vec<FixOutcome>> {
        let lock = writers.lock_first().await?;
        self.position_writer.run(lock, move |connection| driver_fixes::write_fixes(connection, &fixes)).await
    }

    async fn flush(&self) -> Result<()> {
        self.log_flusher.flush().await
    }

    /// Merges the write buffer before positions are deleted.
    async fn merge_positions(&self, writers: &Writers) -> Result<()> {
        let lock = writers.lock(None).await?;
        self.position_writer.merge(lock).await
    }

    /// Writes the file anew, so that nothing of what was removed is left in it or in its log. Others wait.
    async fn compact(&self, writers: &Writers) -> Result<()> {
        let lock = writers.lock(None).await?;
        self.position_writer.compact(lock).await
    }

    /// The file has one node.
    #[allow(clippy::unused_async, clippy::unused_self, reason = "PostgreSQL's asks the database")]
    async fn lead_upkeep(&self, _upkeep: &Writers) -> Result<bool> {
        Ok(true)
    }

    #[allow(clippy::unused_async, reason = "PostgreSQL's has to wait")]
    async fn make_partitions(&self, _writers: &Writers, _now: Timestamp) -> Result<()> {
        Ok(())
    }

    #[allow(clippy::unused_async, reason = "PostgreSQL's has to wait")]
    async fn drop_old_partitions(&self, _writers: &Writers, _now: Timestamp, _retention: &Retention) -> Result<u64> {
        Ok(0)
    }

    async fn close(&self) {
        self.position_writer.close().await;
        self.checkpointer.close().await;
        self.presence.close();
    }
}

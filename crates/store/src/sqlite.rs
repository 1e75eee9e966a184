//! SQLite: one file with one writer, and readers that never wait for it.
//!
//! In WAL mode with `synchronous = full` every commit flushes the log to the disk before it answers, so that
//! acknowledged data survives a power cut. With `normal` the log is flushed only at checkpoints, and the last commits
//! could be lost. A thread of its own commits positions with `normal` and flushes the log before anyone is answered.

use crate::unknown_kinds::UnknownKinds;
use crate::{OpenOptions, Renderer, Result, Retention, Store, StoreError, TrackCommit, TrackOutcome};
use milepost_domain::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{ConnectOptions, Pool};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

mod arrival_index;
mod dialect;
mod log_flusher;
mod position_writer;
mod tracks;
mod write_buffer;

#[path = "sql/all.rs"]
mod sql;

use log_flusher::{Log, LogFlusher};
use position_writer::PositionWriter;
use tracks::OwnedCommit;

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
const PRAGMAS: [(&str, &str); 6] = [
    ("synchronous", "full"),
    ("foreign_keys", "on"),
    // 16 MiB of pages for each connection.
    ("cache_size", "-16384"),
    // The log is copied into the file every 32 MiB instead of every 4 MiB: a vehicle's last page changes with every
    // position, and is then copied once for many of them. After a burst the log is cut back to 64 MiB.
    ("wal_autocheckpoint", "8192"),
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

/// Opens a connection outside the pools for migrations.
pub(crate) async fn connect(file: &Path, options: &OpenOptions, create: bool) -> Result<SqliteConnection> {
    Ok(connect_options(file, options).create_if_missing(create).connect().await?)
}

/// Opens a file whose tables are up to date.
pub(crate) fn open(file: &Path, options: &OpenOptions, renderer: Arc<dyn Renderer>) -> Result<Arc<dyn Store>> {
    let presence = Presence { file: file.to_owned(), identity: identity(file)? };
    // A file that was removed must not be created again, empty.
    let connect = connect_options(file, options).create_if_missing(false);
    let pool = |connections: u32, connect: SqliteConnectOptions| -> Pool<Db> {
        let presence = presence.clone();
        SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .before_acquire(move |_, _| {
                let presence = presence.clone();
                Box::pin(
                    async move { presence.check().map(|()| true).map_err(|error| std::io::Error::other(error).into()) },
                )
            })
            .connect_lazy_with(connect)
    };
    let log = Arc::new(Log::of(file, options.busy_timeout));
    Ok(Arc::new(sql::SqlStore {
        writers: Writers {
            pool: pool(1, connect.clone()),
            lock: Arc::new(Semaphore::new(1)),
            most_wait: options.acquire_timeout,
        },
        readers: pool(options.connections.max(1), connect.read_only(true)),
        native: Native {
            presence,
            position_writer: PositionWriter::start(file, options.busy_timeout, log.clone())?,
            log_flusher: LogFlusher::start(log)?,
        },
        renderer,
        unknown_kinds: UnknownKinds::default(),
    }))
}

/// The file's identity in the file system, which does not depend on its name.
#[cfg(unix)]
fn identity(file: &Path) -> Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(file)
        .map_err(|error| StoreError::Unavailable(format!("database file {}: {error}", file.display())))?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_file: &Path) -> Result<(u64, u64)> {
    Ok((0, 0))
}

/// Checks whether the database file still exists. A process can go on writing to a file that was removed or replaced,
/// and would lose everything that it acknowledged.
#[derive(Debug, Clone)]
struct Presence {
    file: PathBuf,
    identity: (u64, u64),
}

impl Presence {
    fn check(&self) -> Result<()> {
        if identity(&self.file)? == self.identity {
            return Ok(());
        }
        Err(StoreError::Unavailable(format!(
            "database file {} was replaced while in use: put it back, or restart to use the new one",
            self.file.display()
        )))
    }
}

/// Grants the write lock in order of request. SQLite's own lock is not fair.
struct Writers {
    pool: Pool<Db>,
    lock: Arc<Semaphore>,
    most_wait: Duration,
}

/// The write lock, held until it is dropped.
type WriteLock = OwnedSemaphorePermit;

impl Writers {
    async fn lock(&self) -> Result<WriteLock> {
        let busy = || StoreError::Unavailable(format!("others wrote for {:?}", self.most_wait));
        let lock = tokio::time::timeout(self.most_wait, self.lock.clone().acquire_owned()).await.map_err(|_| busy())?;
        Ok(lock.expect("nobody closes it"))
    }
}

/// State that only SQLite needs.
#[derive(Debug)]
struct Native {
    presence: Presence,
    position_writer: PositionWriter,
    log_flusher: LogFlusher,
}

impl Native {
    fn check(&self) -> Result<()> {
        self.presence.check()
    }

    async fn commit_tracks(&self, writers: &Writers, commit: &TrackCommit<'_>) -> Result<TrackOutcome> {
        let lock = self.lock(writers).await?;
        self.position_writer.write(OwnedCommit::of(commit), lock).await
    }

    async fn flush_tracks(&self) -> Result<()> {
        self.log_flusher.flush().await
    }

    /// Merges the write buffer before positions are deleted.
    async fn merge_positions(&self, writers: &Writers) -> Result<()> {
        let lock = self.lock(writers).await?;
        self.position_writer.merge(lock).await
    }

    /// Checks the file after the wait, as the pool does.
    async fn lock(&self, writers: &Writers) -> Result<WriteLock> {
        let lock = writers.lock().await?;
        self.presence.check()?;
        Ok(lock)
    }

    #[allow(clippy::unused_async, reason = "PostgreSQL's has to wait")]
    async fn drop_old_partitions(&self, _writers: &Writers, _now: Timestamp, _retention: &Retention) -> Result<u64> {
        Ok(0)
    }

    async fn close(&self) {
        self.position_writer.close().await;
    }
}

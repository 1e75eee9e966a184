//! PostgreSQL: many nodes on one truth.

use crate::failure::refused_at_start;
use crate::unknown_kinds::UnknownKinds;
use crate::{OpenOptions, Renderer, Result, Retention, Store, StoreError, TrackCommit, TrackOutcome};
use milepost_domain::Timestamp;
use partitions::Partitions;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Pool};
use std::str::FromStr;
use std::sync::Arc;

mod arrivals;
mod dialect;
mod partitions;
mod tracks;

#[path = "sql/all.rs"]
mod sql;

use sql::transaction::Transaction;

type Db = sqlx::Postgres;
type Connection = PgConnection;

fn connect_options(url: &str, options: &OpenOptions) -> Result<PgConnectOptions> {
    let ms = |duration: std::time::Duration| duration.as_millis().to_string();
    let connect = PgConnectOptions::from_str(url)
        // The URL may hold a password: it stays out of the message.
        .map_err(|_| StoreError::Refused("not a valid postgres:// URL".to_owned()))?;
    Ok(connect
        .application_name("milepost")
        .options([
            ("statement_timeout", ms(options.statement_timeout)),
            ("lock_timeout", ms(options.busy_timeout)),
            ("idle_in_transaction_session_timeout", "30000".to_owned()),
            // 2xx means on disk, whatever the server's default.
            ("synchronous_commit", "on".to_owned()),
        ])
        .disable_statement_logging())
}

/// A connection outside the pool, to migrate; it may take its time.
pub(crate) async fn connect(url: &str, options: &OpenOptions) -> Result<PgConnection> {
    let connect = connect_options(url, options)?.options([("statement_timeout", "0"), ("lock_timeout", "60000")]);
    tokio::time::timeout(options.acquire_timeout, connect.connect())
        .await
        .map_err(|_| StoreError::Unavailable("no answer from the database server".to_owned()))?
        .map_err(|error| refused_at_start(error, connect.get_socket().is_some()))
}

/// Opens a database whose tables are up to date.
pub(crate) fn open(url: &str, options: &OpenOptions, renderer: Arc<dyn Renderer>) -> Result<Arc<dyn Store>> {
    let pool = PgPoolOptions::new()
        .max_connections(options.connections.max(2))
        .acquire_timeout(options.acquire_timeout)
        .connect_lazy_with(connect_options(url, options)?);
    Ok(Arc::new(sql::SqlStore {
        writers: Writers { pool: pool.clone() },
        readers: pool,
        native: Native::default(),
        renderer,
        unknown_kinds: UnknownKinds::default(),
    }))
}

/// The way to write.
struct Writers {
    pool: Pool<Db>,
}

/// Transactions need not take turns.
struct Turn;

impl Writers {
    #[allow(clippy::unused_async, clippy::unused_self, clippy::unnecessary_wraps, reason = "SQLite's has to wait")]
    async fn turn(&self) -> Result<Turn> {
        Ok(Turn)
    }
}

/// What only PostgreSQL needs: a partition for each day of positions.
#[derive(Debug, Default)]
struct Native {
    partitions: Partitions,
}

impl Native {
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "SQLite's looks at its file")]
    fn check(&self) -> Result<()> {
        Ok(())
    }

    async fn commit_tracks(&self, writers: &Writers, commit: &TrackCommit<'_>) -> Result<TrackOutcome> {
        self.partitions.make(writers, commit).await?;
        if tracks::is_plain(commit) {
            return tracks::write_at_once(&mut *writers.pool.acquire().await?, commit).await;
        }
        let mut transaction = Transaction::begin(writers).await?;
        let outcome = tracks::write_tracks(transaction.connection(), commit).await;
        if matches!(outcome, Ok(TrackOutcome::Stale)) {
            transaction.roll_back().await?;
            return outcome;
        }
        transaction.finish(outcome).await
    }

    #[allow(clippy::unused_async, clippy::unused_self, reason = "SQLite's log is flushed apart")]
    async fn flush_tracks(&self) -> Result<()> {
        // A commit was answered when it was on disk.
        Ok(())
    }

    #[allow(clippy::unused_async, reason = "SQLite's has to wait")]
    async fn merge_positions(&self, _writers: &Writers) -> Result<()> {
        Ok(())
    }

    async fn drop_old_partitions(&self, writers: &Writers, now: Timestamp, retention: &Retention) -> Result<u64> {
        self.partitions.drop_old(writers, now, retention).await
    }

    #[allow(clippy::unused_async, clippy::unused_self, reason = "SQLite's has a connection of its own")]
    async fn close(&self) {}
}

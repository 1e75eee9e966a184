//! PostgreSQL: a database that many nodes share.

use crate::failure::refused_at_start;
use crate::open::{FRONT_CONNECTIONS, INGEST_CONNECTIONS, UPKEEP_CONNECTIONS};
use crate::{
    DeliveryMove, DriverFixWrite, FixOutcome, LogStats, OpenOptions, Renderer, Result, Retention, Store, StoreError,
    TrackCommit, TrackOutcome,
};
use milepost_domain::{TenantId, Timestamp};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Pool};
use std::str::FromStr;
use std::sync::Arc;

mod arrival_index;
mod delivery_moves;
mod dialect;
mod driver_fixes;
mod history_rows;
mod nodes;
mod partitions;
mod session;
mod shared_time;
mod tracks;

#[path = "sql/all.rs"]
mod sql;

pub(crate) use sql::rewrite_normal_forms;

use shared_time::ClockAhead;
use sql::transaction::Transaction;

type Db = sqlx::Postgres;
type Connection = PgConnection;

/// The number of the advisory lock of the node that does upkeep.
const LEADER_LOCK: i64 = 0x006d_696c_6570_6c64;

fn connect_options(url: &str) -> Result<PgConnectOptions> {
    let connect = PgConnectOptions::from_str(url)
        // The message leaves out the URL, which may hold a password.
        .map_err(|_| StoreError::Refused("not a valid postgres:// URL".to_owned()))?;
    Ok(connect.application_name("milepost").disable_statement_logging())
}

/// Opens a connection outside the pool for migrations, without a statement timeout, and checks that it keeps its session.
pub(crate) async fn connect(url: &str, options: &OpenOptions) -> Result<PgConnection> {
    let connect = connect_options(url)?;
    let one = async || {
        tokio::time::timeout(options.acquire_timeout, connect.connect())
            .await
            .map_err(|_| StoreError::Unavailable("no answer from the database server".to_owned()))?
            .map_err(|error| refused_at_start(error, connect.get_socket().is_some()))
    };
    let mut connection = one().await?;
    session::check(&mut connection, one().await?).await?;
    sqlx::raw_sql(AssertSqlSafe(session::migration_settings())).execute(&mut connection).await?;
    Ok(connection)
}

/// Opens a database whose tables are up to date.
pub(crate) fn open(url: &str, options: &OpenOptions, renderer: Arc<dyn Renderer>) -> Result<Arc<dyn Store>> {
    let connect = connect_options(url)?;
    let settings: Arc<str> = session::settings(options).into();
    let pool_options = || {
        PgPoolOptions::new().acquire_timeout(options.acquire_timeout).after_connect({
            let settings = Arc::clone(&settings);
            move |connection, _| {
                let settings = sqlx::raw_sql(AssertSqlSafe(settings.to_string()));
                Box::pin(async move { settings.execute(connection).await.map(drop) })
            }
        })
    };
    let pool = |connections: u32| -> Pool<Db> {
        pool_options().max_connections(connections).connect_lazy_with(connect.clone())
    };
    // Whoever leads upkeep does so while this connection lasts.
    let upkeep = pool_options().max_connections(UPKEEP_CONNECTIONS).idle_timeout(None).max_lifetime(None);
    let (shared, ingest) = (pool(options.connections.max(2)), pool(INGEST_CONNECTIONS));
    Ok(Arc::new(sql::SqlStore {
        writers: Writers { pool: shared.clone() },
        readers: shared,
        front: pool(FRONT_CONNECTIONS),
        upkeep: Writers { pool: upkeep.connect_lazy_with(connect.clone()) },
        native: Arc::new(Native { committer: Writers { pool: ingest.clone() }, ahead: ClockAhead::default() }),
        ingest,
        answers: options.answers,
        renderer,
        unknown_kinds: Arc::default(),
        author: None,
    }))
}

/// The connections that write.
#[derive(Clone)]
struct Writers {
    pool: Pool<Db>,
}

/// Stands for SQLite's write lock. PostgreSQL's transactions need none.
struct WriteLock;

impl Writers {
    #[allow(clippy::unused_async, clippy::unused_self, clippy::unnecessary_wraps, reason = "SQLite's has to wait")]
    async fn lock(&self, _tenant: Option<&TenantId>) -> Result<WriteLock> {
        Ok(WriteLock)
    }
}

/// A committed transaction, which is on disk.
struct Committed;

impl WriteLock {
    #[allow(clippy::unused_self, reason = "SQLite's holds the turn")]
    fn committed(self) -> Committed {
        Committed
    }
}

impl Committed {
    #[allow(clippy::unused_async, clippy::unused_self, clippy::unnecessary_wraps, reason = "SQLite's has to wait")]
    async fn flush(self) -> Result<()> {
        Ok(())
    }
}

/// What only PostgreSQL needs.
struct Native {
    /// The connections on which the committer writes.
    committer: Writers,
    ahead: ClockAhead,
}

impl Native {
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "SQLite's looks at its file")]
    fn check(&self) -> Result<()> {
        Ok(())
    }

    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "SQLite's looks at its file")]
    fn check_for_read(&self) -> Result<()> {
        Ok(())
    }

    #[allow(clippy::unused_self, reason = "SQLite's looks at its file")]
    fn fault(&self) -> Option<&'static str> {
        None
    }

    #[allow(clippy::unused_self, reason = "SQLite's has threads of its own")]
    fn has_ended(&self) -> bool {
        false
    }

    #[allow(clippy::unused_self, reason = "SQLite's has a log of its own")]
    fn log_stats(&self) -> Option<LogStats> {
        None
    }

    /// Partitions are made by upkeep alone: a commit neither waits for one nor fails without one.
    async fn commit_tracks(&self, _writers: &Writers, commit: &TrackCommit<'_>) -> Result<TrackOutcome> {
        match self.write_tracks(commit).await {
            Err(StoreError::Contended(_)) => self.write_tracks(commit).await.map_err(|error| match error {
                StoreError::Contended(reason) => StoreError::Unavailable(reason),
                other => other,
            }),
            outcome => outcome,
        }
    }

    /// One statement, which is its own transaction. It runs once more if it is undone for the sake of another one.
    async fn move_deliveries(&self, _writers: &Writers, moves: Arc<[DeliveryMove]>) -> Result<Vec<bool>> {
        let mut connection = self.committer.pool.acquire().await?;
        match delivery_moves::write_moves(&mut connection, &moves).await {
            Err(StoreError::Contended(_)) => delivery_moves::write_moves(&mut connection, &moves).await,
            outcome => outcome,
        }
    }

    /// As [`Self::move_deliveries`].
    async fn record_driver_fixes(&self, _writers: &Writers, fixes: Arc<[DriverFixWrite]>) -> Result<Vec<FixOutcome>> {
        let mut connection = self.committer.pool.acquire().await?;
        match driver_fixes::write_fixes(&mut connection, &fixes).await {
            Err(StoreError::Contended(_)) => driver_fixes::write_fixes(&mut connection, &fixes).await,
            outcome => outcome,
        }
    }

    async fn write_tracks(&self, commit: &TrackCommit<'_>) -> Result<TrackOutcome> {
        if tracks::is_plain(commit) {
            return tracks::write_at_once(&mut *self.committer.pool.acquire().await?, commit).await;
        }
        let mut transaction = Transaction::begin(&self.committer, None).await?;
        let outcome = tracks::write_tracks(transaction.connection(), commit).await;
        if matches!(outcome, Ok(TrackOutcome::Stale(_))) {
            transaction.roll_back().await?;
            return outcome;
        }
        transaction.finish(outcome).await
    }

    #[allow(clippy::unused_async, clippy::unused_self, reason = "SQLite's log is flushed apart")]
    async fn flush(&self) -> Result<()> {
        // Nothing to do: a commit is answered when it is on disk.
        Ok(())
    }

    /// Its own upkeep writes over what was removed.
    #[allow(
        clippy::unused_async,
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "SQLite's writes its file anew"
    )]
    async fn compact(&self, _writers: &Writers) -> Result<()> {
        Ok(())
    }

    #[allow(clippy::unused_async, reason = "SQLite's has to wait")]
    async fn merge_positions(&self, _writers: &Writers) -> Result<()> {
        Ok(())
    }

    /// The lock stays with the only connection of upkeep until that ends. It is held any number of times, and never given back.
    #[allow(clippy::unused_self, reason = "both databases' are called alike")]
    async fn lead_upkeep(&self, upkeep: &Writers) -> Result<bool> {
        let locked = sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(LEADER_LOCK);
        Ok(locked.fetch_one(&upkeep.pool).await?)
    }

    #[allow(clippy::unused_self, reason = "both databases' are called alike")]
    async fn make_partitions(&self, writers: &Writers, now: Timestamp) -> Result<()> {
        partitions::make_ahead(writers, now).await
    }

    #[allow(clippy::unused_self, reason = "both databases' are called alike")]
    async fn drop_old_partitions(&self, writers: &Writers, now: Timestamp, retention: &Retention) -> Result<u64> {
        partitions::drop_old(writers, now, retention).await
    }

    #[allow(clippy::unused_async, clippy::unused_self, reason = "SQLite's has a connection of its own")]
    async fn close(&self) {}
}

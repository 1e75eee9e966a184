//! PostgreSQL: many nodes on one truth.

use crate::failure::refused_at_start;
use crate::{OpenOptions, Result, Retention, Store, StoreError, TrackCommit, TrackOutcome};
use milepost_domain::Timestamp;
use partitions::Partitions;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Pool};
use std::str::FromStr;
use std::sync::Arc;

#[path = "sql/activity.rs"]
mod activity;
#[path = "sql/alerts.rs"]
mod alerts;
mod arrivals;
#[path = "sql/attendances.rs"]
mod attendances;
#[path = "sql/cadets.rs"]
mod cadets;
#[path = "sql/calls.rs"]
mod calls;
#[path = "sql/checkpoints.rs"]
mod checkpoints;
#[path = "sql/deliveries.rs"]
mod deliveries;
#[path = "sql/delivery_reads.rs"]
mod delivery_reads;
#[path = "sql/devices.rs"]
mod devices;
#[path = "sql/driver_fixes.rs"]
mod driver_fixes;
#[path = "sql/due_calls.rs"]
mod due_calls;
#[path = "sql/events.rs"]
mod events;
#[path = "sql/fleet.rs"]
mod fleet;
#[path = "sql/fleet_events.rs"]
mod fleet_events;
#[path = "sql/fleet_rules.rs"]
mod fleet_rules;
#[path = "sql/geofences.rs"]
mod geofences;
#[path = "sql/grades.rs"]
mod grades;
#[path = "sql/history.rs"]
mod history;
#[path = "sql/history_alerts.rs"]
mod history_alerts;
#[path = "sql/history_rows.rs"]
mod history_rows;
#[path = "sql/history_trips.rs"]
mod history_trips;
#[path = "sql/history_upkeep.rs"]
mod history_upkeep;
#[path = "sql/history_write.rs"]
mod history_write;
#[path = "sql/idempotency_keys.rs"]
mod idempotency_keys;
#[path = "sql/notices.rs"]
mod notices;
#[path = "sql/outgoing.rs"]
mod outgoing;
#[path = "sql/parcel_rows.rs"]
mod parcel_rows;
#[path = "sql/parcels.rs"]
mod parcels;
mod partitions;
#[path = "sql/positions.rs"]
mod positions;
#[path = "sql/push.rs"]
mod push;
#[path = "sql/push_alerts.rs"]
mod push_alerts;
#[path = "sql/push_calls.rs"]
mod push_calls;
#[path = "sql/push_subscriptions.rs"]
mod push_subscriptions;
#[path = "sql/records.rs"]
mod records;
#[path = "sql/scores.rs"]
mod scores;
#[path = "sql/sessions.rs"]
mod sessions;
#[path = "sql/sql_store.rs"]
mod sql_store;
#[path = "sql/tenants.rs"]
mod tenants;
mod tracks;
#[path = "sql/transaction.rs"]
mod transaction;
#[path = "sql/trip_rows.rs"]
mod trip_rows;
#[path = "sql/trips.rs"]
mod trips;
#[path = "sql/upkeep.rs"]
mod upkeep;
#[path = "sql/users.rs"]
mod users;
#[path = "sql/vehicles.rs"]
mod vehicles;
#[path = "sql/visible_events.rs"]
mod visible_events;
#[path = "sql/webhooks.rs"]
mod webhooks;

use transaction::Transaction;

type Db = sqlx::Postgres;
type Connection = PgConnection;

const NAME: &str = "postgres";
const BEGIN: &str = "begin";
/// The texts of the JSON array in $3.
const TEXTS_OF_3: &str = "(select jsonb_array_elements_text($3::jsonb))";
/// The kinds of the webhook `w`.
const KINDS_OF_W: &str = "(select jsonb_array_elements_text(w.kinds::jsonb))";
/// Holds the cadet `c` until the commit.
const HOLD_C: &str = "for update of c";
/// Holds the webhooks that are read, and passes over those that are being removed.
const HOLD_W: &str = "for key share of w";
/// The same of push subscriptions.
const HOLD_S: &str = "for key share of s";
/// Holds a vehicle against being removed until the commit.
const HOLD_V: &str = "for key share of v";
/// Holds a tenant against whoever else asks so; others may go on referring to it.
const HOLD_TENANT: &str = "for no key update";
/// Holds push subscriptions that are about to be removed.
const REMOVE_S: &str = "for update of s";
/// Holds the calls `c` until the commit, and passes over those that somebody else holds.
const PASS_LOCKED_C: &str = "for update of c skip locked";
/// Deletes $2 positions of the vehicle $1, the oldest.
const DELETE_OF_VEHICLE: &str = "delete from positions where vehicle_no = $1 and at_ms in
    (select at_ms from positions where vehicle_no = $1 order by at_ms limit $2)";
/// Is one of the texts of the JSON array in $1. As an array: a list that is selected from is taken for long, and tables are read
/// through for it.
const IN_TEXTS_1: &str = "= any(array(select jsonb_array_elements_text($1::jsonb)))";
/// Is one of the numbers of the JSON array in $1.
const IN_NUMBERS_1: &str = "= any(array(select jsonb_array_elements_text($1::jsonb)::bigint))";
/// Is one of the numbers of the JSON array in $2.
const IN_NUMBERS_2: &str = "= any(array(select jsonb_array_elements_text($2::jsonb)::bigint))";
/// The first $2 calls of each of `targets` that are due at $1, and of these $3. Those that another node takes now are
/// passed over.
const DUE_OF_TARGETS: &str = "select d.call_no from targets t cross join lateral
        (select c.call_no, c.next_attempt_ms from outgoing_calls c
         where c.target = t.target and c.next_attempt_ms <= $1
         order by c.next_attempt_ms, c.call_no limit $2 for update skip locked) d
    order by d.next_attempt_ms, d.call_no limit $3";

/// PostgreSQL counts what its columns hold, and finds the index itself.
fn by_index(_: &str) -> &'static str {
    ""
}

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
pub(crate) fn open(url: &str, options: &OpenOptions) -> Result<Arc<dyn Store>> {
    let pool = PgPoolOptions::new()
        .max_connections(options.connections.max(2))
        .acquire_timeout(options.acquire_timeout)
        .connect_lazy_with(connect_options(url, options)?);
    Ok(Arc::new(sql_store::SqlStore {
        writers: Writers { pool: pool.clone() },
        readers: pool,
        native: Native::default(),
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
    async fn sort_positions(&self, _writers: &Writers) -> Result<()> {
        Ok(())
    }

    async fn drop_old_partitions(&self, writers: &Writers, now: Timestamp, retention: &Retention) -> Result<u64> {
        self.partitions.drop_old(writers, now, retention).await
    }

    #[allow(clippy::unused_async, clippy::unused_self, reason = "SQLite's has a connection of its own")]
    async fn close(&self) {}
}

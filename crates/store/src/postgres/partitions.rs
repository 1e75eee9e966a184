//! Keeps a partition for each recent day, created with its first position and dropped as a whole.

use super::Writers;
use super::sql::transaction::Transaction;
use crate::{Result, Retention, StoreError, TrackCommit};
use milepost_domain::Timestamp;
use sqlx::{AssertSqlSafe, Row};
use std::collections::HashSet;
use std::sync::Mutex;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Only the days from this many days ago until tomorrow get a partition. Positions of other days, from devices with a
/// wrong clock, are in `positions_other`.
const PAST_DAYS: i64 = 100;

/// The number of the advisory lock under which nodes create and drop partitions.
const LOCK: i64 = 0x006d_696c_6570_6f73;

/// Days that need no check, because their partition exists or can't exist. At most one entry for each day of running,
/// plus [`PAST_DAYS`].
#[derive(Debug, Default)]
pub(super) struct Partitions {
    // A std mutex: held for microseconds, never across an await.
    known: Mutex<HashSet<i64>>,
}

impl Partitions {
    /// Creates the partitions that a commit's rows need.
    pub(super) async fn make(&self, writers: &Writers, commit: &TrackCommit<'_>) -> Result<()> {
        let today = commit.now.unix_ms().div_euclid(DAY_MS);
        let days = today - PAST_DAYS..=today + 1;
        let mut missing: Vec<i64> = Vec::new();
        {
            let known = self.known();
            for row in commit.appended.iter().chain(&commit.late) {
                let day = row.position.at.unix_ms().div_euclid(DAY_MS);
                if days.contains(&day) && !known.contains(&day) && !missing.contains(&day) {
                    missing.push(day);
                }
            }
        }
        for day in missing {
            match make_day(writers, day).await {
                Ok(()) => {}
                // Rows of that day are in `positions_other` already, because of a wrong clock. They stay there.
                Err(StoreError::Corrupt(reason)) => {
                    tracing::warn!(day, "no partition for a day of positions: {reason}")
                }
                Err(other) => return Err(other),
            }
            self.known().insert(day);
        }
        Ok(())
    }

    /// Drops the days whose positions all arrived too long ago, and returns their number.
    pub(super) async fn drop_old(&self, writers: &Writers, now: Timestamp, retention: &Retention) -> Result<u64> {
        let cutoff_ms = now.unix_ms().saturating_sub(retention.positions_ms);
        let tables: Vec<String> = sqlx::query_scalar(
            "select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid
             where i.inhparent = 'positions'::regclass and c.relname ~ '^positions_d[0-9]+$'",
        )
        .fetch_all(&writers.pool)
        .await?;
        let mut dropped = 0;
        for table in tables {
            let Some(day) = table.strip_prefix("positions_d").and_then(|day| day.parse::<i64>().ok()) else { continue };
            // A position is at most minutes ahead of its arrival, so that a younger day can't be entirely old.
            if (day + 1) * DAY_MS >= cutoff_ms {
                continue;
            }
            let mut transaction = Transaction::begin(writers).await?;
            let outcome = drop_day(&mut transaction, &table, cutoff_ms).await;
            if transaction.finish(outcome).await? {
                dropped += 1;
                self.known().remove(&day);
            }
        }
        Ok(dropped)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashSet<i64>> {
        self.known.lock().expect("nothing panics while it holds the lock")
    }
}

async fn make_day(writers: &Writers, day: i64) -> Result<()> {
    let mut transaction = Transaction::begin(writers).await?;
    let outcome = async {
        let connection = transaction.connection();
        sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *connection).await?;
        let sql = format!(
            "create table if not exists positions_d{day} partition of positions for values from ({}) to ({})",
            day * DAY_MS,
            (day + 1) * DAY_MS
        );
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
        Ok(())
    }
    .await;
    transaction.finish(outcome).await
}

/// Drops a day. Returns false if one of its positions arrived after the cutoff.
async fn drop_day(transaction: &mut Transaction, table: &str, cutoff_ms: i64) -> Result<bool> {
    let connection = transaction.connection();
    sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *connection).await?;
    // Locked before the check, so that no row is added in between.
    sqlx::raw_sql(AssertSqlSafe(format!("lock table {table} in share mode"))).execute(&mut *connection).await?;
    // Checked tenant by tenant, along the index of arrival.
    let sql = format!(
        "select exists (select 1 from tenants t where exists
            (select 1 from {table} p where p.tenant_no = t.tenant_no and p.received_ms >= $1))"
    );
    let young: bool = sqlx::query(AssertSqlSafe(sql)).bind(cutoff_ms).fetch_one(&mut *connection).await?.try_get(0)?;
    if !young {
        sqlx::raw_sql(AssertSqlSafe(format!("drop table {table}"))).execute(connection).await?;
    }
    Ok(!young)
}

//! A partition for each day of the recent past, made when its first position comes and dropped as a whole.

use super::Writers;
use super::sql::transaction::Transaction;
use crate::{Result, Retention, StoreError, TrackCommit};
use milepost_domain::Timestamp;
use sqlx::{AssertSqlSafe, Row};
use std::collections::HashSet;
use std::sync::Mutex;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Only days from this many days ago until tomorrow get a partition; what else devices with a wrong clock send lies in
/// `positions_other`.
const PAST_DAYS: i64 = 100;

/// Serialises the making and dropping of partitions between nodes: an advisory lock of this number.
const LOCK: i64 = 0x006d_696c_6570_6f73;

/// The days that need no further thought, because their partition exists or can't. At most one entry a day of running,
/// plus [`PAST_DAYS`].
#[derive(Debug, Default)]
pub(super) struct Partitions {
    // A std mutex: held for microseconds, never across an await.
    known: Mutex<HashSet<i64>>,
}

impl Partitions {
    /// Makes the partitions that a commit's rows belong to.
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
                // Rows of that day lie in `positions_other` already (a clock was wrong): there they stay.
                Err(StoreError::Corrupt(reason)) => {
                    tracing::warn!(day, "no partition for a day of positions: {reason}")
                }
                Err(other) => return Err(other),
            }
            self.known().insert(day);
        }
        Ok(())
    }

    /// Drops the days of which every position arrived too long ago; how many.
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
            // A position is at most minutes ahead of its arrival, so a younger day can't be all old.
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

/// True if the day was dropped, false if something in it arrived after the cutoff.
async fn drop_day(transaction: &mut Transaction, table: &str, cutoff_ms: i64) -> Result<bool> {
    let connection = transaction.connection();
    sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *connection).await?;
    // Before looking, or a row could slip in between.
    sqlx::raw_sql(AssertSqlSafe(format!("lock table {table} in share mode"))).execute(&mut *connection).await?;
    // Tenant by tenant, along the index of arrival.
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

//! Keeps a partition for each recent day: made days ahead, and dropped as a whole.
//!
//! Upkeep alone makes and drops them, and waits for no lock that others queue behind. A position whose day has no partition
//! is in `positions_other`. Its day then stays there, because a partition can't be made around it.

use super::Writers;
use super::sql::transaction::Transaction;
use crate::{Result, Retention, StoreError};
use milepost_domain::Timestamp;
use sqlx::{AssertSqlSafe, Executor, Row};
use std::collections::HashSet;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Days after today that get a partition. While a dump or a long query keeps the tables locked, none can be made, and
/// there is so much time for it to end.
const DAYS_AHEAD: i64 = 4;

/// How long a change of partitions waits for its locks. Whoever needs the tables queues behind it meanwhile.
const LOCK_WAIT: &str = "set local lock_timeout = '200ms'";

/// Reading all of `positions_other` may take long. Nobody waits for it.
const CHECK_WAIT: &str = "set local statement_timeout = '30min'";

/// `positions_other` up to this size is read within milliseconds, so that a partition of today can be made beside it.
const SMALL_BYTES: i64 = 1024 * 1024;

/// The number of the advisory lock under which one node at a time makes or drops partitions.
const LOCK: i64 = 0x006d_696c_6570_6f73;

/// Makes the missing partitions of today and the next days. What can't be locked at once is left for the next call.
pub(super) async fn make_ahead(writers: &Writers, now: Timestamp) -> Result<()> {
    // Held over several transactions. Upkeep has one connection.
    let is_alone: bool =
        sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(LOCK).fetch_one(&writers.pool).await?;
    if !is_alone {
        // Another node makes them.
        return Ok(());
    }
    let made = make_missing(writers, now).await;
    // It is gone already if the connection broke.
    sqlx::query("select pg_advisory_unlock($1)").bind(LOCK).execute(&writers.pool).await?;
    made
}

async fn make_missing(writers: &Writers, now: Timestamp) -> Result<()> {
    drop_left_checks(writers).await?;
    let today = now.unix_ms().div_euclid(DAY_MS);
    let present: HashSet<i64> = list_days(writers).await?.into_iter().collect();
    for day in (today..=today + DAYS_AHEAD).filter(|day| !present.contains(day)) {
        // A check on the table of the rest would refuse positions of a day that has begun, or begins for clocks ahead.
        let is_far = day > today + 1;
        if is_far {
            check_absence(writers, day).await?;
        }
        let made = if is_far || is_rest_small(writers).await? { make_day(writers, day, is_far).await } else { Ok(()) };
        match made {
            Ok(()) => {}
            // Positions of that day are in `positions_other` already, because of a wrong clock or a long lock.
            Err(StoreError::Corrupt(reason)) => tracing::warn!(day, "no partition for a day of positions: {reason}"),
            Err(other) => return Err(other),
        }
    }
    drop_left_checks(writers).await
}

/// Drops the days whose positions all arrived too long ago, and returns their number.
pub(super) async fn drop_old(writers: &Writers, now: Timestamp, retention: &Retention) -> Result<u64> {
    let cutoff_ms = now.unix_ms().saturating_sub(retention.positions_ms);
    let mut dropped = 0;
    for day in list_days(writers).await? {
        // A position is at most minutes ahead of its arrival, so that a younger day can't be entirely old.
        if (day + 1) * DAY_MS >= cutoff_ms {
            continue;
        }
        let mut transaction = Transaction::begin(writers, None).await?;
        let outcome = drop_day(&mut transaction, &format!("positions_d{day}"), cutoff_ms).await;
        match transaction.finish(outcome).await {
            Ok(was_old) => dropped += u64::from(was_old),
            // Somebody reads it, such as a dump. The next round tries again.
            Err(StoreError::Unavailable(reason)) => tracing::info!(day, "a day of positions was not dropped: {reason}"),
            Err(other) => return Err(other),
        }
    }
    Ok(dropped)
}

/// The days that have a partition.
async fn list_days(writers: &Writers) -> Result<Vec<i64>> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid
         where i.inhparent = 'positions'::regclass and c.relname ~ '^positions_d-?[0-9]+$'",
    )
    .fetch_all(&writers.pool)
    .await?;
    Ok(tables.iter().filter_map(|table| table.strip_prefix("positions_d")?.parse().ok()).collect())
}

async fn is_rest_small(writers: &Writers) -> Result<bool> {
    let bytes: i64 = sqlx::query_scalar("select pg_relation_size('positions_other')").fetch_one(&writers.pool).await?;
    Ok(bytes <= SMALL_BYTES)
}

/// Proves that `positions_other` has no position of a day, so that nothing has to be read while a partition is attached
/// and the tables are locked. A position of the day is refused meanwhile: call it only for days far ahead.
async fn check_absence(writers: &Writers, day: i64) -> Result<()> {
    let (from, to) = (day * DAY_MS, (day + 1) * DAY_MS);
    // Valid for what is written from now on, which takes no time.
    change(
        writers,
        &format!(
            "alter table positions_other add constraint positions_other_not_d{day}
             check (at_ms < {from} or at_ms >= {to}) not valid"
        ),
    )
    .await?;
    // Reads the table while others write to it.
    change(
        writers,
        &format!("{CHECK_WAIT}; alter table positions_other validate constraint positions_other_not_d{day}"),
    )
    .await
}

/// Drops the checks of [`check_absence`], also of a process that died: at their day they would refuse its positions.
async fn drop_left_checks(writers: &Writers) -> Result<()> {
    let left: Vec<String> = sqlx::query_scalar(
        "select conname::text from pg_constraint
         where conrelid = 'positions_other'::regclass and conname like 'positions!_other!_not!_d%' escape '!'",
    )
    .fetch_all(&writers.pool)
    .await?;
    for check in left {
        change(writers, &format!("alter table positions_other drop constraint if exists {check}")).await?;
    }
    Ok(())
}

/// Makes a day's table and attaches it, in one transaction. The checks on both tables spare reading them.
async fn make_day(writers: &Writers, day: i64, is_checked: bool) -> Result<()> {
    let (from, to) = (day * DAY_MS, (day + 1) * DAY_MS);
    let no_check = if is_checked {
        format!("alter table positions_other drop constraint if exists positions_other_not_d{day};")
    } else {
        String::new()
    };
    change(
        writers,
        &format!(
            "create table if not exists positions_d{day} (like positions including defaults including constraints);
             alter table positions_d{day} add constraint of_day check (at_ms >= {from} and at_ms < {to});
             alter table positions attach partition positions_d{day} for values from ({from}) to ({to});
             alter table positions_d{day} drop constraint of_day;
             {no_check}"
        ),
    )
    .await
}

/// Runs statements in a transaction that gives up soon when the tables are locked.
async fn change(writers: &Writers, sql: &str) -> Result<()> {
    let mut transaction = Transaction::begin(writers, None).await?;
    let outcome = async {
        let connection = transaction.connection();
        connection.execute(LOCK_WAIT).await?;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await?;
        Ok(())
    }
    .await;
    transaction.finish(outcome).await
}

/// Drops a day. Returns false if one of its positions arrived after the cutoff.
async fn drop_day(transaction: &mut Transaction, table: &str, cutoff_ms: i64) -> Result<bool> {
    let connection = transaction.connection();
    connection.execute(LOCK_WAIT).await?;
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

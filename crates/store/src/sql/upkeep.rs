//! Prunes old data, in steps that are small enough for others to write in between.

use super::dialect::DELETE_POSITIONS_OF_VEHICLE;
use super::{Db, Writers, arrival_index, audit, history::upkeep, transaction::Transaction};
use crate::idempotency::IDEMPOTENCY_KEEP_MS;
use crate::retention::CALLS_KEEP_MS;
use crate::{Pruned, Result, Retention};
use milepost_domain::Timestamp;

/// Rows that one statement deletes, in a short transaction of its own.
const STEP_ROWS: i64 = 5_000;

/// Steps for each kind of data in one call. The caller decides how often it calls.
const STEPS: usize = 20;

/// Deletes with `sql`, whose $1 is `bound` and $2 the number of rows. Returns true if there is more.
pub(crate) async fn delete_in_steps(writers: &Writers, sql: &'static str, bound: i64, count: &mut u64) -> Result<bool> {
    for _ in 0..STEPS {
        let mut transaction = Transaction::begin(writers, None).await?;
        let deleted = sqlx::query::<Db>(sql).bind(bound).bind(STEP_ROWS).execute(transaction.connection()).await;
        let deleted = transaction.finish(deleted.map_err(Into::into)).await?.rows_affected();
        *count += deleted;
        if i64::try_from(deleted).is_ok_and(|deleted| deleted < STEP_ROWS) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Removed vehicles that still have data, at most a thousand.
pub(crate) async fn removed_vehicles(writers: &Writers) -> Result<Vec<i64>> {
    list_numbers(writers, "select vehicle_no from removed_vehicles limit 1000").await
}

pub(crate) async fn prune(
    writers: &Writers,
    now: Timestamp,
    retention: &Retention,
    removed_vehicles: &[i64],
) -> Result<Pruned> {
    let before = |ms: i64| now.unix_ms().saturating_sub(ms);
    let mut pruned = Pruned::default();
    pruned.more |= delete_in_steps(
        writers,
        "delete from events where (tenant_no, id) in
            (select tenant_no, id from events where at_ms < $1 order by at_ms limit $2)",
        before(retention.events_ms),
        &mut pruned.events,
    )
    .await?;
    pruned.more |= delete_in_steps(
        writers,
        "delete from sessions where token_hash in
            (select token_hash from sessions where expires_ms <= $1 order by expires_ms limit $2)",
        now.unix_ms(),
        &mut pruned.sessions,
    )
    .await?;
    pruned.more |= delete_in_steps(
        writers,
        "delete from password_links where secret_hash in
            (select secret_hash from password_links where expires_ms <= $1 order by expires_ms limit $2)",
        now.unix_ms(),
        &mut pruned.password_links,
    )
    .await?;
    pruned.more |= delete_in_steps(
        writers,
        "delete from login_challenges where secret_hash in
            (select secret_hash from login_challenges where expires_ms <= $1 order by expires_ms limit $2)",
        now.unix_ms(),
        &mut pruned.challenges,
    )
    .await?;
    pruned.more |= delete_in_steps(
        writers,
        "delete from idempotency_keys where (tenant, caller, key) in
            (select tenant, caller, key from idempotency_keys where started_ms < $1 order by started_ms limit $2)",
        before(IDEMPOTENCY_KEEP_MS),
        &mut pruned.idempotency_keys,
    )
    .await?;
    pruned.more |= delete_in_steps(
        writers,
        "delete from jobs where job_no in
            (select j.job_no from jobs j where j.expires_ms is not null and j.expires_ms <= $1
             and not exists (select 1 from outgoing_calls c where c.mail_job_no = j.job_no and c.next_attempt_ms is not null)
             order by j.expires_ms limit $2)",
        now.unix_ms(),
        &mut pruned.jobs,
    )
    .await?;
    for &vehicle_no in removed_vehicles {
        let more = delete_in_steps(writers, DELETE_POSITIONS_OF_VEHICLE, vehicle_no, &mut pruned.positions).await?
            | prune_removed_vehicle(writers, vehicle_no, &mut pruned).await?
            | upkeep::prune_removed_vehicle(writers, vehicle_no, &mut pruned).await?;
        if more {
            pruned.more = true;
        } else {
            delete_number(writers, "delete from removed_vehicles where vehicle_no = $1", vehicle_no).await?;
        }
    }
    for user_id in list_numbers(writers, "select user_id from removed_users limit 1000").await? {
        let more = delete_in_steps(
            writers,
            "delete from notices where notice_no in (select notice_no from notices where user_id = $1 limit $2)",
            user_id,
            &mut pruned.notices,
        )
        .await?;
        if more {
            pruned.more = true;
        } else {
            delete_number(writers, "delete from removed_users where user_id = $1", user_id).await?;
        }
    }
    for tenant_no in list_numbers(writers, "select tenant_no from tenants order by tenant_no").await? {
        let (cutoff_ms, bounds) = (before(retention.positions_ms), (STEPS, STEP_ROWS));
        pruned.more |= arrival_index::prune(writers, tenant_no, cutoff_ms, bounds, &mut pruned.positions).await?;
        let cutoff = now.plus_ms(retention.audit_ms.saturating_neg());
        pruned.more |= audit::rows::prune(writers, tenant_no, cutoff, &mut pruned.audit).await?;
    }
    pruned.more |= delete_in_steps(
        writers,
        "delete from device_commands where (tenant_no, id) in
            (select tenant_no, id from device_commands where asked_ms < $1 order by asked_ms limit $2)",
        before(retention.positions_ms),
        &mut pruned.commands,
    )
    .await?;
    prune_tracking(writers, before(retention.positions_ms), &mut pruned).await?;
    prune_assignments(writers, before(retention.positions_ms), &mut pruned).await?;
    prune_fleet(writers, now.unix_ms(), before(retention.positions_ms), &mut pruned).await?;
    upkeep::prune_history(writers, before(retention.positions_ms), &mut pruned).await?;
    pruned.more |= delete_in_steps(
        writers,
        "delete from outgoing_calls where call_no in
            (select call_no from outgoing_calls where next_attempt_ms is null
             and coalesce(delivered_ms, dead_ms) < $1 order by coalesce(delivered_ms, dead_ms) limit $2)",
        before(retention.events_ms.max(CALLS_KEEP_MS)),
        &mut pruned.outgoing_calls,
    )
    .await?;
    Ok(pruned)
}

/// Prunes deliveries and drivers' fixes. The last fix of each driver has its own table and is kept for ever.
async fn prune_tracking(writers: &Writers, cutoff_ms: i64, pruned: &mut Pruned) -> Result<()> {
    // Fixes first, step by step: deleting a delivery would also delete any number of its fixes at once. SQLite keeps
    // the order of a cross join: tenant by tenant, along the index of expiry.
    let more_fixes = delete_in_steps(
        writers,
        "delete from delivery_fixes where (delivery_no, at_ms) in
            (select f.delivery_no, f.at_ms from tenants t cross join deliveries d cross join delivery_fixes f
             where d.tenant_no = t.tenant_no and d.expires_ms < $1 and f.delivery_no = d.delivery_no limit $2)",
        cutoff_ms,
        &mut pruned.delivery_fixes,
    )
    .await?;
    pruned.more |= more_fixes;
    if !more_fixes {
        pruned.more |= delete_in_steps(
            writers,
            "delete from deliveries where delivery_no in
                (select d.delivery_no from tenants t cross join deliveries d
                 where d.tenant_no = t.tenant_no and d.expires_ms < $1 limit $2)",
            cutoff_ms,
            &mut pruned.deliveries,
        )
        .await?;
    }
    pruned.more |= delete_in_steps(
        writers,
        "delete from driver_fixes where (tenant_no, driver_id, at_ms) in
            (select tenant_no, driver_id, at_ms from driver_fixes where received_ms < $1 order by received_ms limit $2)",
        cutoff_ms,
        &mut pruned.driver_fixes,
    )
    .await?;
    Ok(())
}

/// Prunes ended assignments. The newest of a vehicle or device is kept: it says since when the present one holds.
async fn prune_assignments(writers: &Writers, cutoff_ms: i64, pruned: &mut Pruned) -> Result<()> {
    let drivers = "delete from past_drivers where (vehicle_no, to_ms) in
        (select o.vehicle_no, o.to_ms from past_drivers o where o.to_ms < $1 and exists
            (select 1 from past_drivers n where n.vehicle_no = o.vehicle_no and n.to_ms > o.to_ms)
         order by o.to_ms limit $2)";
    let vehicles = "delete from past_vehicles where (tenant_no, device_id, to_ms) in
        (select o.tenant_no, o.device_id, o.to_ms from past_vehicles o where o.to_ms < $1 and exists
            (select 1 from past_vehicles n
             where n.tenant_no = o.tenant_no and n.device_id = o.device_id and n.to_ms > o.to_ms)
         order by o.to_ms limit $2)";
    pruned.more |= delete_in_steps(writers, drivers, cutoff_ms, &mut pruned.assignments).await?;
    pruned.more |= delete_in_steps(writers, vehicles, cutoff_ms, &mut pruned.assignments).await?;
    Ok(())
}

/// Deletes the folded history of a removed vehicle. Returns true if there is more.
async fn prune_removed_vehicle(writers: &Writers, vehicle_no: i64, pruned: &mut Pruned) -> Result<bool> {
    let trips = "delete from trips where id in
        (select id from trips where vehicle_no = $1 order by started_ms limit $2)";
    let activity = "delete from activity where (tenant_no, bucket_ms, vehicle_no) in
        (select tenant_no, bucket_ms, vehicle_no from activity where vehicle_no = $1 order by bucket_ms limit $2)";
    let checkpoints = "delete from track_checkpoints where vehicle_no = $1 and at_ms in
        (select at_ms from track_checkpoints where vehicle_no = $1 order by at_ms limit $2)";
    let mut more = delete_in_steps(writers, trips, vehicle_no, &mut pruned.trips).await?;
    more |= delete_in_steps(writers, activity, vehicle_no, &mut pruned.activity).await?;
    more |= delete_in_steps(writers, checkpoints, vehicle_no, &mut pruned.checkpoints).await?;
    Ok(more)
}

/// Prunes expired alerts, and old trips, activity and checkpoints. Running trips are kept. The newest of a vehicle's
/// old checkpoints is kept, because late positions after it are folded from there.
async fn prune_fleet(writers: &Writers, now_ms: i64, cutoff_ms: i64, pruned: &mut Pruned) -> Result<()> {
    let alerts = "delete from alerts where id in
        (select id from alerts where expires_ms <= $1 order by expires_ms limit $2)";
    let trips = "delete from trips where id in
        (select id from trips where created_ms < $1 and status <> 'started' order by created_ms limit $2)";
    let activity = "delete from activity where (tenant_no, bucket_ms, vehicle_no) in
        (select tenant_no, bucket_ms, vehicle_no from activity where bucket_ms < $1 order by bucket_ms limit $2)";
    let checkpoints = "delete from track_checkpoints where (vehicle_no, at_ms) in
        (select o.vehicle_no, o.at_ms from track_checkpoints o where o.at_ms < $1 and exists
            (select 1 from track_checkpoints n where n.vehicle_no = o.vehicle_no and n.at_ms > o.at_ms and n.at_ms < $1)
         order by o.at_ms limit $2)";
    pruned.more |= delete_in_steps(writers, alerts, now_ms, &mut pruned.alerts).await?;
    pruned.more |= delete_in_steps(writers, trips, cutoff_ms, &mut pruned.trips).await?;
    pruned.more |= delete_in_steps(writers, activity, cutoff_ms, &mut pruned.activity).await?;
    pruned.more |= delete_in_steps(writers, checkpoints, cutoff_ms, &mut pruned.checkpoints).await?;
    Ok(())
}

async fn list_numbers(writers: &Writers, sql: &'static str) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar::<Db, i64>(sql).fetch_all(&writers.pool).await?)
}

async fn delete_number(writers: &Writers, sql: &'static str, number: i64) -> Result<()> {
    let mut transaction = Transaction::begin(writers, None).await?;
    let deleted = sqlx::query::<Db>(sql).bind(number).execute(transaction.connection()).await;
    transaction.finish(deleted.map_err(Into::into)).await?;
    Ok(())
}

//! Writes the fixes of many drivers into PostgreSQL by one statement.

use super::Connection;
use crate::{DriverFixWrite, FixOutcome, Result, StoreError};
use milepost_domain::MAX_AHEAD_MS;
use sqlx::Row;

/// A newest fix that lies ahead gives way: the server's clock did when it was stored. States are locked in the order of their keys,
/// so that two nodes can't wait for each other. The outer joins show which fix was added and which is the newest.
const WRITE: &str = "with fixes as (
        select f.*, t.tenant_no from unnest($1::text[], $2::bigint[], $3::bigint[], $4::float8[], $5::float8[], $6::text[],
            $7::bigint[]) with ordinality
        as f (tenant_id, driver_id, at_ms, latitude, longitude, address, now_ms, place)
        left join tenants t on t.id = f.tenant_id),
    added as (
        insert into driver_fixes (tenant_no, driver_id, at_ms, latitude, longitude, address, received_ms)
        select tenant_no, driver_id, at_ms, latitude, longitude, address, now_ms from fixes where tenant_no is not null
        on conflict do nothing returning tenant_no, driver_id, at_ms),
    advanced as (
        insert into driver_states as s (tenant_no, driver_id, at_ms, latitude, longitude, address)
        select f.tenant_no, f.driver_id, f.at_ms, f.latitude, f.longitude, f.address
        from fixes f join added a using (tenant_no, driver_id, at_ms) order by f.tenant_no, f.driver_id
        on conflict (tenant_no, driver_id) do update set at_ms = excluded.at_ms, latitude = excluded.latitude,
            longitude = excluded.longitude, address = excluded.address
            where s.at_ms < excluded.at_ms or s.at_ms > $8
        returning s.tenant_no, s.driver_id, s.at_ms)
    select f.tenant_no is not null as is_known, a.at_ms is not null as is_added, n.at_ms is not null as is_newest
    from fixes f left join added a using (tenant_no, driver_id, at_ms)
    left join advanced n using (tenant_no, driver_id, at_ms) order by f.place";

pub(super) async fn write_fixes(connection: &mut Connection, fixes: &[DriverFixWrite]) -> Result<Vec<FixOutcome>> {
    // They have arrived within one transaction's time: what lies ahead of the first of them does of all.
    let ahead_ms = fixes.iter().map(|one| one.now.plus_ms(MAX_AHEAD_MS).unix_ms()).min().unwrap_or(i64::MAX);
    let rows = sqlx::query(WRITE)
        .bind(fixes.iter().map(|one| one.tenant.as_str().to_owned()).collect::<Vec<_>>())
        .bind(fixes.iter().map(|one| one.fix.driver_id.get()).collect::<Vec<_>>())
        .bind(fixes.iter().map(|one| one.fix.at.unix_ms()).collect::<Vec<_>>())
        .bind(fixes.iter().map(|one| one.fix.latitude.get()).collect::<Vec<_>>())
        .bind(fixes.iter().map(|one| one.fix.longitude.get()).collect::<Vec<_>>())
        .bind(fixes.iter().map(|one| one.fix.address.as_str().to_owned()).collect::<Vec<_>>())
        .bind(fixes.iter().map(|one| one.now.unix_ms()).collect::<Vec<_>>())
        .bind(ahead_ms)
        .fetch_all(connection)
        .await?;
    let outcome = |row: &sqlx::postgres::PgRow| {
        if !row.try_get::<bool, _>("is_known")? {
            return Err(StoreError::NotFound("tenant"));
        }
        Ok(match (row.try_get("is_added")?, row.try_get("is_newest")?) {
            (false, _) => FixOutcome::Duplicate,
            (true, false) => FixOutcome::Late,
            (true, true) => FixOutcome::Newest,
        })
    };
    rows.iter().map(outcome).collect()
}

//! The fixes of drivers, and the paths of the parcels that they delivered.

use super::super::{Connection, Db, DbRow, accounts::tenants, events, positions::timestamp};
use crate::{FixOutcome, Renderer, Result};
use milepost_domain::{
    Address, DriverFix, Fact, Latitude, Longitude, MAX_AHEAD_MS, ParcelId, TenantId, Timestamp, UserId, ZonesInside,
};
use sqlx::Row;

pub(crate) fn driver_fix(row: &DbRow) -> Result<DriverFix> {
    Ok(DriverFix {
        driver_id: UserId::new(row.try_get("driver_id")?)?,
        at: timestamp(row.try_get("at_ms")?)?,
        latitude: Latitude::new(row.try_get("latitude")?)?,
        longitude: Longitude::new(row.try_get("longitude")?)?,
        address: Address::stored(row.try_get("address")?)?,
    })
}

/// Adds a fix to the driver's track. Returns false if it has a fix of this time.
pub(crate) async fn add_driver_fix(
    connection: &mut Connection,
    tenant: &TenantId,
    fix: &DriverFix,
    now: Timestamp,
) -> Result<bool> {
    let added = sqlx::query::<Db>(
        "insert into driver_fixes (tenant_no, driver_id, at_ms, latitude, longitude, address, received_ms)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
    )
    .bind(tenants::tenant_no(connection, tenant).await?)
    .bind(fix.driver_id.get())
    .bind(fix.at.unix_ms())
    .bind(fix.latitude.get())
    .bind(fix.longitude.get())
    .bind(fix.address.as_str())
    .bind(now.unix_ms())
    .execute(connection)
    .await?;
    Ok(added.rows_affected() == 1)
}

pub(crate) async fn driver_fixes(
    connection: &mut Connection,
    tenant: &TenantId,
    driver: UserId,
    after: Timestamp,
    limit: u32,
) -> Result<Vec<DriverFix>> {
    sqlx::query::<Db>(
        "select driver_id, at_ms, latitude, longitude, address from driver_fixes
         where tenant_no = (select tenant_no from tenants where id = $1) and driver_id = $2 and at_ms > $3
         order by at_ms limit $4",
    )
    .bind(tenant.as_str())
    .bind(driver.get())
    .bind(after.unix_ms())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?
    .iter()
    .map(driver_fix)
    .collect()
}

pub(crate) async fn record_driver_fix(
    connection: &mut Connection,
    tenant: &TenantId,
    fix: &DriverFix,
    inside: &[(ParcelId, ZonesInside)],
    facts: &[Fact],
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<FixOutcome> {
    let tenant_no = tenants::tenant_no(connection, tenant).await?;
    if !add_driver_fix(connection, tenant, fix, now).await? {
        return Ok(FixOutcome::Duplicate);
    }
    let advanced = sqlx::query::<Db>(
        "insert into driver_states (tenant_no, driver_id, at_ms, latitude, longitude, address)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (tenant_no, driver_id) do update set at_ms = excluded.at_ms, latitude = excluded.latitude,
         longitude = excluded.longitude, address = excluded.address
         where driver_states.at_ms < excluded.at_ms or driver_states.at_ms > $7",
    )
    .bind(tenant_no)
    .bind(fix.driver_id.get())
    .bind(fix.at.unix_ms())
    .bind(fix.latitude.get())
    .bind(fix.longitude.get())
    .bind(fix.address.as_str())
    // One that lies ahead gives way: the server's clock did when it was stored.
    .bind(now.plus_ms(MAX_AHEAD_MS).unix_ms())
    .execute(&mut *connection)
    .await?;
    if advanced.rows_affected() == 0 {
        return Ok(FixOutcome::Late);
    }
    // From here on other writers for this driver wait. A parcel that has another driver by now is not changed.
    for (parcel, zones) in inside {
        sqlx::query::<Db>(
            "update parcels set inside_pickup = $4, inside_destination = $5
             where id = $1 and tenant_no = $2 and driver_id = $3",
        )
        .bind(parcel.get())
        .bind(tenant_no)
        .bind(fix.driver_id.get())
        .bind(zones.pickup)
        .bind(zones.destination)
        .execute(&mut *connection)
        .await?;
    }
    if !facts.is_empty() {
        events::append_facts(connection, tenant, facts, now, renderer).await?;
    }
    Ok(FixOutcome::Newest)
}

pub(crate) async fn last_driver_fix(
    connection: &mut Connection,
    tenant: &TenantId,
    driver: UserId,
) -> Result<Option<DriverFix>> {
    let row = sqlx::query::<Db>(
        "select driver_id, at_ms, latitude, longitude, address from driver_states
         where tenant_no = (select tenant_no from tenants where id = $1) and driver_id = $2",
    )
    .bind(tenant.as_str())
    .bind(driver.get())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(driver_fix).transpose()
}

/// Reads leg by leg. Legs follow each other in time, so that each page reads only its own rows, in the order of an
/// index.
pub(crate) async fn parcel_path(
    connection: &mut Connection,
    tenant: &TenantId,
    id: ParcelId,
    after: Option<Timestamp>,
    limit: u32,
) -> Result<Vec<DriverFix>> {
    let after_ms = after.map_or(-1, Timestamp::unix_ms);
    let legs = sqlx::query::<Db>(
        "select p.tenant_no, l.driver_id, l.from_ms, l.to_ms
         from parcels p join parcel_legs l on l.parcel_no = p.parcel_no
         where p.tenant_no = (select tenant_no from tenants where id = $1) and p.id = $2
         and (l.to_ms is null or l.to_ms > $3) order by l.version",
    )
    .bind(tenant.as_str())
    .bind(id.get())
    .bind(after_ms)
    .fetch_all(&mut *connection)
    .await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut path = Vec::new();
    for leg in legs {
        if path.len() == limit {
            break;
        }
        let rows = sqlx::query::<Db>(
            "select driver_id, at_ms, latitude, longitude, address from driver_fixes
             where tenant_no = $1 and driver_id = $2 and at_ms >= $3 and at_ms < $4 order by at_ms limit $5",
        )
        .bind(leg.try_get::<i64, _>("tenant_no")?)
        .bind(leg.try_get::<i64, _>("driver_id")?)
        .bind(leg.try_get::<i64, _>("from_ms")?.max(after_ms + 1))
        .bind(leg.try_get::<Option<i64>, _>("to_ms")?.unwrap_or(i64::MAX))
        .bind(i64::try_from(limit - path.len()).unwrap_or(i64::MAX))
        .fetch_all(&mut *connection)
        .await?;
        for row in &rows {
            path.push(driver_fix(row)?);
        }
    }
    Ok(path)
}

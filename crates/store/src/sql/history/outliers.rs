//! Reads and writes the marks of outliers.

use super::super::{Connection, Db, positions::timestamp};
use super::vehicle_rows::{of_vehicle, rows_between};
use crate::{Result, VehicleNo};
use milepost_domain::{TenantId, Timestamp, VehicleId};
use sqlx::Row;

pub(crate) async fn write_outlier(
    connection: &mut Connection,
    vehicle: VehicleNo,
    at: Timestamp,
    reason: &str,
    now: Timestamp,
) -> Result<()> {
    sqlx::query::<Db>(
        "insert into outliers (vehicle_no, at_ms, reason, noted_ms) values ($1, $2, $3, $4)
         on conflict (vehicle_no, at_ms) do update set reason = excluded.reason",
    )
    .bind(vehicle.0)
    .bind(at.unix_ms())
    .bind(reason)
    .bind(now.unix_ms())
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn remove_outliers(
    connection: &mut Connection,
    vehicle: VehicleNo,
    from: Timestamp,
    until: Timestamp,
    reason: Option<&str>,
) -> Result<()> {
    sqlx::query::<Db>(
        "delete from outliers where vehicle_no = $1 and at_ms >= $2 and at_ms <= $3 and reason = coalesce($4, reason)",
    )
    .bind(vehicle.0)
    .bind(from.unix_ms())
    .bind(until.unix_ms())
    .bind(reason)
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn list_outliers(
    connection: &mut Connection,
    tenant: &TenantId,
    vehicle: &VehicleId,
    from: Timestamp,
    to: Timestamp,
    limit: u32,
) -> Result<Vec<(Timestamp, String)>> {
    let sql =
        of_vehicle!("select at_ms, reason from outliers", "and at_ms >= $3 and at_ms < $4 order by at_ms limit $5");
    let rows = rows_between(connection, sql, tenant, vehicle, from, to, limit).await?;
    rows.iter().map(|row| Ok((timestamp(row.try_get(0)?)?, row.try_get(1)?))).collect()
}

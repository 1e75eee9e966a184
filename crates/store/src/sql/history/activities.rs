//! Reads what a vehicle did, quarter of an hour by quarter of an hour.

use super::super::{Connection, positions::timestamp};
use super::vehicle_rows::{of_vehicle, rows_between};
use crate::{ActivityChange, Result};
use milepost_domain::{TenantId, Timestamp, VehicleId};
use sqlx::Row;

pub(crate) async fn list_activity(
    connection: &mut Connection,
    tenant: &TenantId,
    vehicle: &VehicleId,
    from: Timestamp,
    to: Timestamp,
    limit: u32,
) -> Result<Vec<ActivityChange>> {
    let sql = of_vehicle!(
        "select bucket_ms, distance_mm, moving_ms, idle_ms, fuel_ml from activity",
        "and bucket_ms >= $3 and bucket_ms < $4 order by bucket_ms limit $5"
    );
    let rows = rows_between(connection, sql, tenant, vehicle, from, to, limit).await?;
    rows.iter()
        .map(|row| {
            Ok(ActivityChange {
                bucket: timestamp(row.try_get(0)?)?,
                distance_mm: row.try_get(1)?,
                moving_ms: row.try_get(2)?,
                idle_ms: row.try_get(3)?,
                fuel_ml: row.try_get(4)?,
            })
        })
        .collect()
}

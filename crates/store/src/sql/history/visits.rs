//! Reads and writes visits of geofences.

use super::super::{Connection, Db, DbRow, positions::timestamp};
use super::vehicle_rows::{of_vehicle, place, rows_between};
use crate::{FenceVisit, Result, VehicleNo};
use milepost_domain::{GeofenceId, Latitude, Longitude, SpeedKmh, TenantId, Timestamp, TripPlace, VehicleId};
use sqlx::Row;

pub(crate) async fn write_visit(
    connection: &mut Connection,
    vehicle: VehicleNo,
    visit: &FenceVisit,
    now: Timestamp,
) -> Result<()> {
    sqlx::query::<Db>(
        "insert into fence_visits (vehicle_no, entered_ms, geofence_id, entered_latitude, entered_longitude, left_ms,
         left_latitude, left_longitude, dwelt, max_speed_kmh, noted_ms)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (vehicle_no, entered_ms, geofence_id) do update set
         entered_latitude = excluded.entered_latitude, entered_longitude = excluded.entered_longitude,
         left_ms = excluded.left_ms, left_latitude = excluded.left_latitude, left_longitude = excluded.left_longitude,
         dwelt = excluded.dwelt, max_speed_kmh = excluded.max_speed_kmh",
    )
    .bind(vehicle.0)
    .bind(visit.entered_at.unix_ms())
    .bind(visit.geofence_id.get())
    .bind(visit.entered.latitude.get())
    .bind(visit.entered.longitude.get())
    .bind(visit.left_at.map(Timestamp::unix_ms))
    .bind(visit.left.map(|place| place.latitude.get()))
    .bind(visit.left.map(|place| place.longitude.get()))
    .bind(visit.dwelt)
    .bind(visit.max_speed.get())
    .bind(now.unix_ms())
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn remove_visit(
    connection: &mut Connection,
    vehicle: VehicleNo,
    geofence: GeofenceId,
    entered_at: Timestamp,
) -> Result<()> {
    sqlx::query::<Db>("delete from fence_visits where vehicle_no = $1 and entered_ms = $2 and geofence_id = $3")
        .bind(vehicle.0)
        .bind(entered_at.unix_ms())
        .bind(geofence.get())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn list_visits(
    connection: &mut Connection,
    tenant: &TenantId,
    vehicle: &VehicleId,
    from: Timestamp,
    to: Timestamp,
    limit: u32,
) -> Result<Vec<FenceVisit>> {
    let sql = of_vehicle!(
        "select geofence_id, entered_ms, entered_latitude, entered_longitude, left_ms, left_latitude, left_longitude,
         dwelt, max_speed_kmh from fence_visits",
        "and entered_ms >= $3 and entered_ms < $4 order by entered_ms, geofence_id limit $5"
    );
    let rows = rows_between(connection, sql, tenant, vehicle, from, to, limit).await?;
    rows.iter().map(visit).collect()
}

fn visit(row: &DbRow) -> Result<FenceVisit> {
    let entered = TripPlace { latitude: Latitude::new(row.try_get(2)?)?, longitude: Longitude::new(row.try_get(3)?)? };
    Ok(FenceVisit {
        geofence_id: GeofenceId::new(row.try_get(0)?)?,
        entered_at: timestamp(row.try_get(1)?)?,
        entered,
        left_at: row.try_get::<Option<i64>, _>(4)?.map(timestamp).transpose()?,
        left: place(row, 5)?,
        dwelt: row.try_get(7)?,
        max_speed: SpeedKmh::new(row.try_get(8)?)?,
    })
}

//! Reads and writes visits, incidents and outliers.

use super::super::{Connection, Db, positions::timestamp};
use crate::{FenceVisit, Incident, IncidentKind, Result, VehicleNo};
use milepost_domain::{GeofenceId, Latitude, Longitude, SpeedKmh, TenantId, Timestamp, TripPlace, VehicleId};
use sqlx::Row;

type DbRow = <Db as sqlx::Database>::Row;

/// Selects the number of the vehicle `$2` of the tenant `$1`.
macro_rules! of_vehicle {
    ($select:literal, $rest:literal) => {
        concat!(
            $select,
            " where vehicle_no = (select v.vehicle_no from vehicles v join tenants t on t.tenant_no = v.tenant_no
             where t.id = $1 and v.id = $2) ",
            $rest
        )
    };
}

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
    sqlx::query::<Db>(of_vehicle!(
        "select geofence_id, entered_ms, entered_latitude, entered_longitude, left_ms, left_latitude, left_longitude,
         dwelt, max_speed_kmh from fence_visits",
        "and entered_ms >= $3 and entered_ms < $4 order by entered_ms, geofence_id limit $5"
    ))
    .bind(tenant.as_str())
    .bind(vehicle.as_str())
    .bind(from.unix_ms())
    .bind(to.unix_ms())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?
    .iter()
    .map(visit)
    .collect()
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

/// Reads a place from two columns, beginning at `first`.
fn place(row: &DbRow, first: usize) -> Result<Option<TripPlace>> {
    let degrees = (row.try_get::<Option<f64>, _>(first)?, row.try_get::<Option<f64>, _>(first + 1)?);
    let (Some(latitude), Some(longitude)) = degrees else { return Ok(None) };
    Ok(Some(TripPlace { latitude: Latitude::new(latitude)?, longitude: Longitude::new(longitude)? }))
}

pub(crate) async fn write_incident(
    connection: &mut Connection,
    vehicle: VehicleNo,
    incident: &Incident,
    now: Timestamp,
) -> Result<()> {
    sqlx::query::<Db>(
        "insert into incidents (vehicle_no, started_ms, kind, ended_ms, latitude, longitude, value, limit_value, basis,
         noted_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (vehicle_no, started_ms, kind) do update set ended_ms = excluded.ended_ms,
         latitude = excluded.latitude, longitude = excluded.longitude, value = excluded.value,
         limit_value = excluded.limit_value, basis = excluded.basis",
    )
    .bind(vehicle.0)
    .bind(incident.started_at.unix_ms())
    .bind(incident.kind.as_str())
    .bind(incident.ended_at.map(Timestamp::unix_ms))
    .bind(incident.place.map(|place| place.latitude.get()))
    .bind(incident.place.map(|place| place.longitude.get()))
    .bind(incident.value)
    .bind(incident.limit)
    .bind(incident.is_reported.map(|reported| if reported { "told" } else { "derived" }))
    .bind(now.unix_ms())
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn remove_incident(
    connection: &mut Connection,
    vehicle: VehicleNo,
    kind: IncidentKind,
    started_at: Timestamp,
) -> Result<()> {
    sqlx::query::<Db>("delete from incidents where vehicle_no = $1 and started_ms = $2 and kind = $3")
        .bind(vehicle.0)
        .bind(started_at.unix_ms())
        .bind(kind.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn list_incidents(
    connection: &mut Connection,
    tenant: &TenantId,
    vehicle: &VehicleId,
    from: Timestamp,
    to: Timestamp,
    limit: u32,
) -> Result<Vec<Incident>> {
    sqlx::query::<Db>(of_vehicle!(
        "select kind, started_ms, ended_ms, latitude, longitude, value, limit_value, basis from incidents",
        "and started_ms >= $3 and started_ms < $4 order by started_ms, kind limit $5"
    ))
    .bind(tenant.as_str())
    .bind(vehicle.as_str())
    .bind(from.unix_ms())
    .bind(to.unix_ms())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| {
        Ok(Incident {
            kind: IncidentKind::parse(row.try_get(0)?)?,
            started_at: timestamp(row.try_get(1)?)?,
            ended_at: row.try_get::<Option<i64>, _>(2)?.map(timestamp).transpose()?,
            place: place(row, 3)?,
            value: row.try_get(5)?,
            limit: row.try_get(6)?,
            is_reported: row.try_get::<Option<&str>, _>(7)?.map(|basis| basis == "told"),
        })
    })
    .collect()
}

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
    sqlx::query::<Db>(of_vehicle!(
        "select at_ms, reason from outliers",
        "and at_ms >= $3 and at_ms < $4 order by at_ms limit $5"
    ))
    .bind(tenant.as_str())
    .bind(vehicle.as_str())
    .bind(from.unix_ms())
    .bind(to.unix_ms())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| Ok((timestamp(row.try_get(0)?)?, row.try_get(1)?)))
    .collect()
}

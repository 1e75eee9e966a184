//! Reads and writes incidents.

use super::super::{Connection, Db, positions::timestamp};
use super::vehicle_rows::{of_vehicle, place, rows_between};
use crate::{Incident, IncidentKind, Result, VehicleNo};
use milepost_domain::{TenantId, Timestamp, VehicleId};
use sqlx::Row;

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
    let sql = of_vehicle!(
        "select kind, started_ms, ended_ms, latitude, longitude, value, limit_value, basis from incidents",
        "and started_ms >= $3 and started_ms < $4 order by started_ms, kind limit $5"
    );
    let rows = rows_between(connection, sql, tenant, vehicle, from, to, limit).await?;
    rows.iter()
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

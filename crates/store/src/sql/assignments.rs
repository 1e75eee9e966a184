//! Ended assignments: a vehicle's drivers and a device's vehicles before the present ones.

use super::{Connection, Db, positions::timestamp};
use crate::{Result, StoreError};
use milepost_domain::{EndedAssignment, MAX_PAST_ASSIGNMENTS, PastAssignments, Timestamp, UserId, VehicleId};
use serde::de::DeserializeOwned;

/// The present driver of a vehicle that is being changed.
pub(crate) struct PresentDriver {
    pub(crate) vehicle_no: i64,
    pub(crate) driver_id: Option<i64>,
}

/// Notes that a vehicle's driver has it no more. A driver that had it for no time at all is not noted.
pub(crate) async fn end_driver(connection: &mut Connection, present: &PresentDriver, now: Timestamp) -> Result<()> {
    // The clock of another node may be ahead of this one.
    sqlx::query::<Db>(
        "insert into past_drivers (vehicle_no, from_ms, to_ms, driver_id)
         select $1, l.to_ms, $2, $3
         from (select coalesce(max(p.to_ms), 0) as to_ms from past_drivers p where p.vehicle_no = $1) l
         where l.to_ms < $2",
    )
    .bind(present.vehicle_no)
    .bind(now.unix_ms())
    .bind(present.driver_id)
    .execute(&mut *connection)
    .await?;
    sqlx::query::<Db>(
        "delete from past_drivers where vehicle_no = $1 and to_ms <=
            (select o.to_ms from past_drivers o where o.vehicle_no = $1 order by o.to_ms desc limit 1 offset $2)",
    )
    .bind(present.vehicle_no)
    .bind(i64::try_from(MAX_PAST_ASSIGNMENTS).expect("a small number"))
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes that a device is in a vehicle no more. A vehicle that it was in for no time at all is not noted.
pub(crate) async fn end_vehicle(
    connection: &mut Connection,
    tenant_no: i64,
    device_id: &str,
    vehicle_no: i64,
    now: Timestamp,
) -> Result<()> {
    sqlx::query::<Db>(
        "insert into past_vehicles (tenant_no, device_id, from_ms, to_ms, vehicle_no)
         select $1, $2, l.to_ms, $3, $4
         from (select coalesce(max(p.to_ms), 0) as to_ms from past_vehicles p where p.tenant_no = $1 and p.device_id = $2) l
         where l.to_ms < $3",
    )
    .bind(tenant_no)
    .bind(device_id)
    .bind(now.unix_ms())
    .bind(vehicle_no)
    .execute(&mut *connection)
    .await?;
    sqlx::query::<Db>(
        "delete from past_vehicles where tenant_no = $1 and device_id = $2 and to_ms <=
            (select o.to_ms from past_vehicles o where o.tenant_no = $1 and o.device_id = $2
             order by o.to_ms desc limit 1 offset $3)",
    )
    .bind(tenant_no)
    .bind(device_id)
    .bind(i64::try_from(MAX_PAST_ASSIGNMENTS).expect("a small number"))
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads what `DRIVERS_OF_VEHICLE` selects.
pub(crate) fn past_drivers(json: &str) -> Result<PastAssignments<Option<UserId>>> {
    parse(json, |driver: Option<i64>| Ok(driver.map(UserId::new).transpose()?))
}

/// Reads what `VEHICLES_OF_DEVICE` selects. A vehicle that was removed since has no id.
pub(crate) fn past_vehicles(json: &str) -> Result<PastAssignments<Option<VehicleId>>> {
    parse(json, |vehicle: Option<String>| Ok(vehicle.as_deref().map(VehicleId::stored).transpose()?))
}

/// Reads `[[from_ms, to_ms, what], …]`.
fn parse<J: DeserializeOwned, T>(json: &str, read: impl Fn(J) -> Result<T>) -> Result<PastAssignments<T>> {
    // Almost every vehicle and device has none.
    if json == "[]" {
        return Ok(PastAssignments::default());
    }
    let rows: Vec<(i64, i64, J)> =
        serde_json::from_str(json).map_err(|error| StoreError::Corrupt(format!("the assignments {json}: {error}")))?;
    let ended = rows.into_iter().map(|(from_ms, to_ms, assigned)| {
        Ok(EndedAssignment { from: timestamp(from_ms)?, to: timestamp(to_ms)?, assigned: read(assigned)? })
    });
    Ok(PastAssignments::new(ended.collect::<Result<_>>()?))
}

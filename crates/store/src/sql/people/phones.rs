//! A person's own phone: a vehicle of the kind `person` that nobody else ever had.

use super::super::fleet::vehicle_references;
use super::super::{Connection, Db, events};
use crate::{Person, Renderer, Result};
use milepost_domain::{Fact, Timestamp, VehicleId};

pub(crate) async fn own_phones(connection: &mut Connection, person: &Person) -> Result<Vec<VehicleId>> {
    let ids = sqlx::query_scalar::<Db, String>(
        "select v.id from vehicles v
         where v.tenant_no = (select tenant_no from tenants where id = $2) and v.kind = 'person'
         and (v.driver_id = $1 or v.driver_id is null and exists
            (select 1 from past_drivers p where p.vehicle_no = v.vehicle_no and p.driver_id = $1))
         and not exists (select 1 from past_drivers p where p.vehicle_no = v.vehicle_no and p.driver_id <> $1)
         order by v.id",
    )
    .bind(person.id.get())
    .bind(person.tenant.as_str())
    .fetch_all(connection)
    .await?;
    ids.iter().map(|id| Ok(VehicleId::stored(id)?)).collect()
}

/// Takes id, label, driver, devices and place from a vehicle, so that nobody reports for it or finds anybody behind it. What it comes
/// to in the fleet's figures stays. Returns its number.
pub(crate) async fn take_name(
    connection: &mut Connection,
    person: &Person,
    id: &VehicleId,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<i64>> {
    let vehicle_no = sqlx::query_scalar::<Db, i64>(
        "update vehicles set id = 'erased-' || vehicle_no, label = 'erased', license_plate = null, route = null, version = version + 1
         where tenant_no = (select tenant_no from tenants where id = $1) and id = $2 returning vehicle_no",
    )
    .bind(person.tenant.as_str())
    .bind(id.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(vehicle_no) = vehicle_no else { return Ok(None) };
    for sql in [
        "delete from devices where vehicle_no = $1",
        "delete from track_folds where vehicle_no = $1",
        "delete from track_checkpoints where vehicle_no = $1",
        "update trips set start_latitude = null, start_longitude = null, end_latitude = null, end_longitude = null, driver_id = null
         where vehicle_no = $1",
        // Its next version makes those who have the vehicle in memory read it again.
        "update vehicle_states set version = version + 1, at_ms = null, latitude = null, longitude = null, speed_kmh = null,
         heading_deg = null, accuracy_m = null, altitude_m = null, odometer_km = null, fuel_level_l = null, ignition = null,
         attributes = null, held_ms = null, arrived_mps = null, outlier_filter = null where vehicle_no = $1",
    ] {
        sqlx::query::<Db>(sql).bind(vehicle_no).execute(&mut *connection).await?;
    }
    let mut facts = vehicle_references::remove(connection, &person.tenant, id, now).await?;
    facts.push(Fact::VehicleRemoved { vehicle_id: id.clone() });
    facts.push(Fact::VehicleAdded { vehicle_id: VehicleId::new(&format!("erased-{vehicle_no}"))? });
    events::append_facts(connection, &person.tenant, &facts, now, renderer).await?;
    Ok(Some(vehicle_no))
}

/// Takes the driver from a vehicle whose tracks are gone. Until then an erasure that was interrupted finds it again.
pub(crate) async fn note_erased(connection: &mut Connection, vehicle_no: i64) -> Result<()> {
    for sql in [
        "update vehicles set driver_id = null, version = version + 1 where vehicle_no = $1",
        "delete from past_drivers where vehicle_no = $1",
    ] {
        sqlx::query::<Db>(sql).bind(vehicle_no).execute(&mut *connection).await?;
    }
    Ok(())
}

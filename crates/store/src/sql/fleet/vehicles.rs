//! Vehicles with their tracks.

use super::super::dialect::{DRIVERS_OF_VEHICLE, LOCK_VEHICLE, TEXTS_IN_PARAMETER_3};
use super::super::{Connection, Db, DbRow, assignments, events, positions};
use super::vehicle_references;
use crate::failure::taken;
use crate::track_commit::SavedFilter;
use crate::{Renderer, Result, StoreError, TenantNo, TrackRow, TrackedVehicle, VehicleNo};
use milepost_domain::{
    Fact, Label, NewestPosition, OdometerKm, Position, SpeedKmh, TenantId, Timestamp, UserId, Vehicle, VehicleId,
    VehicleKind, VehicleScope, VehicleStatus,
};
use sqlx::{AssertSqlSafe, Row};

/// The columns of the last position come first, because they are read by index. The others are read by name.
const COLUMNS: &str = concat!(
    position_columns!("s."),
    ", s.attributes, s.version, s.held_ms, s.arrived_mps, s.outlier_filter, v.vehicle_no, v.tenant_no, v.id, v.kind, v.label, v.license_plate, v.route, v.status, v.driver_id, \
     v.speed_limit_kmh, v.fuel_l_per_100km, v.fuel_price_per_l, v.odometer_km as vehicle_odometer_km, v.service_due_km, \
     v.service_due_ms, v.version as vehicle_version"
);

/// Selects vehicles of the tenant `$1`.
fn select(rest: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!(
        "select {COLUMNS}, {DRIVERS_OF_VEHICLE} as past_drivers,
         (select o.from_ms from off_duty o where o.user_id = v.driver_id and o.to_ms is null) as off_duty_ms
         from vehicles v join vehicle_states s on s.vehicle_no = v.vehicle_no
         where v.tenant_no = (select tenant_no from tenants where id = $1) {rest}"
    ))
}

fn track_state(row: &DbRow, id: &VehicleId) -> Result<NewestPosition> {
    let last: Option<Position> = match row.try_get::<Option<i64>, _>(0)? {
        Some(_) => Some(positions::with_attributes(row, positions::position(row, id.clone())?)?),
        None => None,
    };
    let held_at = row.try_get::<Option<i64>, _>("held_ms")?.map(positions::timestamp).transpose()?;
    let heard_at = held_at.or(last.as_ref().map(|last| last.at));
    Ok(NewestPosition { last, heard_at, version: row.try_get("version")? })
}

fn tracked_vehicle(row: &DbRow) -> Result<TrackedVehicle> {
    let label = |column| -> Result<Option<Label>> {
        Ok(row.try_get::<Option<&str>, _>(column)?.map(Label::stored).transpose()?)
    };
    let kilometres = |column| -> Result<Option<OdometerKm>> {
        Ok(row.try_get::<Option<f64>, _>(column)?.map(OdometerKm::new).transpose()?)
    };
    let id = VehicleId::stored(row.try_get("id")?)?;
    Ok(TrackedVehicle {
        no: VehicleNo(row.try_get("vehicle_no")?),
        track: track_state(row, &id)?,
        vehicle: Vehicle {
            id,
            kind: VehicleKind::stored(row.try_get("kind")?)?,
            label: Label::stored(row.try_get("label")?)?,
            license_plate: label("license_plate")?,
            route: label("route")?,
            status: VehicleStatus::stored(row.try_get("status")?)?,
            driver_id: row.try_get::<Option<i64>, _>("driver_id")?.map(UserId::new).transpose()?,
            past_drivers: assignments::past_drivers(row.try_get("past_drivers")?)?,
            off_duty_since: row.try_get::<Option<i64>, _>("off_duty_ms")?.map(positions::timestamp).transpose()?,
            speed_limit: row.try_get::<Option<f64>, _>("speed_limit_kmh")?.map(SpeedKmh::new).transpose()?,
            fuel_l_per_100km: row.try_get("fuel_l_per_100km")?,
            fuel_price_per_l: row.try_get("fuel_price_per_l")?,
            odometer: kilometres("vehicle_odometer_km")?,
            service_due_km: kilometres("service_due_km")?,
            service_due_at: row.try_get::<Option<i64>, _>("service_due_ms")?.map(positions::timestamp).transpose()?,
            version: row.try_get("vehicle_version")?,
        },
    })
}

fn ids_json(ids: &[VehicleId]) -> String {
    serde_json::Value::from(ids.iter().map(VehicleId::as_str).collect::<Vec<_>>()).to_string()
}

/// Binds what `add_vehicle` and `update_vehicle` write, behind the tenant.
macro_rules! bind_vehicle {
    ($query:expr, $vehicle:expr) => {
        $query
            .bind($vehicle.id.as_str())
            .bind($vehicle.kind.as_str())
            .bind($vehicle.label.as_str())
            .bind($vehicle.license_plate.as_ref().map(Label::as_str))
            .bind($vehicle.route.as_ref().map(Label::as_str))
            .bind($vehicle.status.as_str())
            .bind($vehicle.driver_id.map(UserId::get))
            .bind($vehicle.speed_limit.map(SpeedKmh::get))
            .bind($vehicle.fuel_l_per_100km)
            .bind($vehicle.fuel_price_per_l)
            .bind($vehicle.odometer.map(OdometerKm::get))
            .bind($vehicle.service_due_km.map(OdometerKm::get))
            .bind($vehicle.service_due_at.map(Timestamp::unix_ms))
            .bind($vehicle.version)
    };
}

pub(crate) async fn add_vehicle(
    connection: &mut Connection,
    tenant: &TenantId,
    vehicle: &Vehicle,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<TrackedVehicle> {
    let tenant_no = super::super::accounts::tenants::tenant_no(connection, tenant).await?;
    let vehicle = Vehicle { version: now.unix_ms(), ..vehicle.clone() };
    let insert = sqlx::query_scalar::<Db, i64>(
        "insert into vehicles (tenant_no, id, kind, label, license_plate, route, status, driver_id, speed_limit_kmh,
         fuel_l_per_100km, fuel_price_per_l, odometer_km, service_due_km, service_due_ms, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) returning vehicle_no",
    );
    let vehicle_no =
        bind_vehicle!(insert.bind(tenant_no), vehicle).fetch_one(&mut *connection).await.map_err(taken("vehicle"))?;
    sqlx::query::<Db>("insert into vehicle_states (vehicle_no) values ($1)")
        .bind(vehicle_no)
        .execute(&mut *connection)
        .await?;
    events::append_facts(connection, tenant, &[Fact::VehicleAdded { vehicle_id: vehicle.id.clone() }], now, renderer)
        .await?;
    // Its driver may be off duty.
    load_vehicles(connection, tenant, std::slice::from_ref(&vehicle.id))
        .await?
        .pop()
        .ok_or_else(|| StoreError::Corrupt("a vehicle that was added a moment ago is missing".to_owned()))
}

async fn fetch_by_ids(connection: &mut Connection, tenant: &TenantId, ids: &[VehicleId]) -> Result<Vec<DbRow>> {
    // $2 is the cursor of `list_vehicles`.
    let sql = select(&format!("and v.id > $2 and v.id in {TEXTS_IN_PARAMETER_3} order by v.id"));
    Ok(sqlx::query::<Db>(sql).bind(tenant.as_str()).bind("").bind(ids_json(ids)).fetch_all(connection).await?)
}

pub(crate) async fn load_vehicles(
    connection: &mut Connection,
    tenant: &TenantId,
    ids: &[VehicleId],
) -> Result<Vec<TrackedVehicle>> {
    fetch_by_ids(connection, tenant, ids).await?.iter().map(tracked_vehicle).collect()
}

/// Reads the tracks of those of `ids` that exist.
pub(crate) async fn load_tracks(
    connection: &mut Connection,
    tenant: &TenantId,
    ids: &[VehicleId],
) -> Result<Vec<(VehicleId, TrackRow)>> {
    fetch_by_ids(connection, tenant, ids)
        .await?
        .iter()
        .map(|row| {
            let id = VehicleId::stored(row.try_get("id")?)?;
            let state = track_state(row, &id)?;
            let saved = SavedFilter { speed_mps: row.try_get("arrived_mps")?, whole: row.try_get("outlier_filter")? };
            let track = TrackRow {
                tenant_no: TenantNo(row.try_get("tenant_no")?),
                vehicle_no: VehicleNo(row.try_get("vehicle_no")?),
                filter: saved.read(state.last.as_ref()),
                state,
            };
            Ok((id, track))
        })
        .collect()
}

pub(crate) async fn list_vehicles(
    connection: &mut Connection,
    tenant: &TenantId,
    scope: &VehicleScope,
    after: Option<&VehicleId>,
    limit: u32,
) -> Result<Vec<TrackedVehicle>> {
    let (within, listed, driven_by) = match scope {
        VehicleScope::Nothing => return Ok(Vec::new()),
        VehicleScope::All => (String::new(), None, None),
        VehicleScope::Some { listed, driven_by } => (
            format!("and (v.id in {TEXTS_IN_PARAMETER_3} or v.driver_id = $4)"),
            Some(ids_json(listed)),
            driven_by.map(UserId::get),
        ),
    };
    let restricted = listed.is_some();
    let limit_place = if restricted { "$5" } else { "$3" };
    let sql = select(&format!("and v.id > $2 {within} order by v.id limit {limit_place}"));
    let mut query = sqlx::query::<Db>(sql).bind(tenant.as_str()).bind(after.map_or("", VehicleId::as_str));
    if restricted {
        query = query.bind(listed).bind(driven_by);
    }
    query.bind(i64::from(limit)).fetch_all(connection).await?.iter().map(tracked_vehicle).collect()
}

pub(crate) async fn update_vehicle(
    connection: &mut Connection,
    tenant: &TenantId,
    vehicle: &Vehicle,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<TrackedVehicle>> {
    let present = lock_driver(connection, tenant, &vehicle.id).await?;
    let update = sqlx::query::<Db>(
        "update vehicles set kind = $3, label = $4, license_plate = $5, route = $6, status = $7, driver_id = $8,
         speed_limit_kmh = $9, fuel_l_per_100km = $10, fuel_price_per_l = $11, odometer_km = $12,
         service_due_km = $13, service_due_ms = $14, version = $15
         where tenant_no = (select tenant_no from tenants where id = $1) and id = $2 and version = $15 - 1",
    );
    let changed = bind_vehicle!(update.bind(tenant.as_str()), vehicle).execute(&mut *connection).await?;
    if changed.rows_affected() == 0 {
        return Ok(None);
    }
    let driver_id = vehicle.driver_id.map(UserId::get);
    if let Some(present) = present.filter(|present| present.driver_id != driver_id) {
        assignments::end_driver(connection, &present, now).await?;
    }
    events::append_facts(
        &mut *connection,
        tenant,
        &[Fact::VehicleChanged { vehicle_id: vehicle.id.clone() }],
        now,
        renderer,
    )
    .await?;
    // The answer is read in the transaction of its change: afterwards nothing may fail.
    Ok(load_vehicles(connection, tenant, std::slice::from_ref(&vehicle.id)).await?.pop())
}

/// Locks a vehicle, so that of two changes the second one knows the first one's driver.
async fn lock_driver(
    connection: &mut Connection,
    tenant: &TenantId,
    id: &VehicleId,
) -> Result<Option<assignments::PresentDriver>> {
    let sql = format!(
        "select v.vehicle_no, v.driver_id from vehicles v
         where v.tenant_no = (select tenant_no from tenants where id = $1) and v.id = $2 {LOCK_VEHICLE}"
    );
    let row = sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(tenant.as_str())
        .bind(id.as_str())
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        let (vehicle_no, driver_id) = (row.try_get("vehicle_no")?, row.try_get("driver_id")?);
        Ok(assignments::PresentDriver { vehicle_no, driver_id })
    })
    .transpose()
}

pub(crate) async fn remove_vehicle(
    connection: &mut Connection,
    tenant: &TenantId,
    id: &VehicleId,
    version: Option<i64>,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let removed = sqlx::query_scalar::<Db, i64>(
        "delete from vehicles where tenant_no = (select tenant_no from tenants where id = $1) and id = $2
         and version = coalesce($3, version) returning vehicle_no",
    )
    .bind(tenant.as_str())
    .bind(id.as_str())
    .bind(version)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(vehicle_no) = removed else { return Ok(false) };
    // From here on its positions can't be reached any more. Pruning deletes them in steps.
    sqlx::query::<Db>("insert into removed_vehicles (vehicle_no) values ($1)")
        .bind(vehicle_no)
        .execute(&mut *connection)
        .await?;
    let mut facts = vehicle_references::remove(connection, tenant, id, now).await?;
    facts.push(Fact::VehicleRemoved { vehicle_id: id.clone() });
    events::append_facts(connection, tenant, &facts, now, renderer).await?;
    Ok(true)
}

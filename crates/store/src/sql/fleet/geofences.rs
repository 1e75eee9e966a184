//! Geofences and their descriptions.

use super::super::numbers::{Numbered, take_number};
use super::super::{
    Connection, Db, DbRow, accounts::tenants, catalogue::rows as catalogue, events, positions::timestamp,
};
use crate::{Renderer, Result, StoreError, schedule};
use milepost_domain::{
    CrossingTriggers, DwellTime, EntryKind, EntryRef, Fact, Geofence, GeofenceDescription, GeofenceId, GeofenceShape,
    GeometryText, Label, MAX_GEOFENCES, RadiusM, SpeedKmh, TenantId, Timestamp, VehicleId, VehicleList, WidthM,
};
use serde_json::Value;
use sqlx::Row;

/// Selects the columns that [`geofence`] reads.
macro_rules! select_geofences {
    ($rest:literal) => {
        concat!(
            "select g.id, t.id as tenant, g.name, g.geometry, g.shape, g.radius_m, g.width_m, g.on_enter, g.on_exit, \
             g.dwell_s, g.speed_limit_kmh, g.vehicle_ids, g.schedule, g.created_ms, g.changed_ms, g.version \
             from geofences g join tenants t on t.tenant_no = g.tenant_no ",
            $rest
        )
    };
}

fn geofence(row: &DbRow) -> Result<Geofence> {
    Ok(Geofence {
        id: GeofenceId::new(row.try_get("id")?)?,
        tenant: TenantId::stored(row.try_get("tenant")?)?,
        description: GeofenceDescription {
            name: Label::stored(row.try_get("name")?)?,
            geometry: GeometryText::of_parsed(row.try_get("geometry")?)?,
            shape: shape(row)?,
            on: CrossingTriggers { enter: row.try_get("on_enter")?, exit: row.try_get("on_exit")? },
            dwell: row.try_get::<Option<i64>, _>("dwell_s")?.map(dwell).transpose()?,
            speed_limit: row.try_get::<Option<f64>, _>("speed_limit_kmh")?.map(SpeedKmh::new).transpose()?,
            vehicles: row.try_get::<Option<&str>, _>("vehicle_ids")?.map(vehicles).transpose()?,
            schedule: row.try_get::<Option<&str>, _>("schedule")?.map(schedule::decode).transpose()?,
        },
        created_at: timestamp(row.try_get("created_ms")?)?,
        changed_at: timestamp(row.try_get("changed_ms")?)?,
        version: row.try_get("version")?,
    })
}

fn shape(row: &DbRow) -> Result<GeofenceShape> {
    let metres = |column| -> Result<f64> { Ok(row.try_get::<Option<f64>, _>(column)?.unwrap_or(f64::NAN)) };
    match row.try_get("shape")? {
        "polygon" => Ok(GeofenceShape::Polygon),
        "multipolygon" => Ok(GeofenceShape::MultiPolygon),
        "circle" => Ok(GeofenceShape::Circle(RadiusM::new(metres("radius_m")?)?)),
        "corridor" => Ok(GeofenceShape::Corridor(WidthM::new(metres("width_m")?)?)),
        other => Err(StoreError::Corrupt(format!("a geofence of the shape {other}"))),
    }
}

fn dwell(seconds: i64) -> Result<DwellTime> {
    Ok(DwellTime::from_seconds(u32::try_from(seconds).unwrap_or(0))?)
}

fn vehicles(json: &str) -> Result<VehicleList> {
    let names: Vec<String> = serde_json::from_str(json)
        .map_err(|error| StoreError::Corrupt(format!("vehicle_ids of a geofence: {error}")))?;
    let ids = names.iter().map(|name| VehicleId::stored(name)).collect::<Result<_, _>>()?;
    Ok(VehicleList::stored(ids)?)
}

fn vehicles_json(list: &VehicleList) -> String {
    Value::from(list.as_slice().iter().map(VehicleId::as_str).collect::<Vec<_>>()).to_string()
}

/// Binds the fields of a description, in the order of its columns.
macro_rules! bind_description {
    ($query:expr, $description:ident) => {{
        let (radius_m, width_m) = match $description.shape {
            GeofenceShape::Polygon | GeofenceShape::MultiPolygon => (None, None),
            GeofenceShape::Circle(radius) => (Some(radius.get()), None),
            GeofenceShape::Corridor(width) => (None, Some(width.get())),
        };
        $query
            .bind($description.name.as_str())
            .bind($description.geometry.as_str())
            .bind($description.shape.as_str())
            .bind(radius_m)
            .bind(width_m)
            .bind($description.on.enter)
            .bind($description.on.exit)
            .bind($description.dwell.map(|dwell| i64::from(dwell.seconds())))
            .bind($description.speed_limit.map(SpeedKmh::get))
            .bind($description.vehicles.as_ref().map(vehicles_json))
            .bind($description.schedule.as_ref().map(schedule::encode))
    }};
}

pub(crate) async fn add_geofence(
    connection: &mut Connection,
    tenant: &TenantId,
    description: &GeofenceDescription,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<Geofence>> {
    let tenant_no = tenants::tenant_no(connection, tenant).await?;
    let counted = sqlx::query::<Db>(
        "insert into geofence_counts (tenant_no, count) values ($1, 1)
         on conflict (tenant_no) do update set count = geofence_counts.count + 1 where geofence_counts.count < $2",
    )
    .bind(tenant_no)
    .bind(i64::from(MAX_GEOFENCES))
    .execute(&mut *connection)
    .await?;
    if counted.rows_affected() == 0 {
        return Ok(None);
    }
    let id = GeofenceId::new(take_number(connection, tenant_no, Numbered::Geofence).await?)?;
    let insert = sqlx::query::<Db>(
        "insert into geofences (tenant_no, id, created_ms, changed_ms, name, geometry, shape, radius_m, width_m, on_enter,
         on_exit, dwell_s, speed_limit_kmh, vehicle_ids, schedule)
         values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(tenant_no)
    .bind(id.get())
    .bind(now.unix_ms());
    bind_description!(insert, description).execute(&mut *connection).await?;
    events::append_facts(connection, tenant, &[Fact::GeofenceChanged { geofence_id: id }], now, renderer).await?;
    let (tenant, description) = (tenant.clone(), description.clone());
    Ok(Some(Geofence { id, tenant, description, created_at: now, changed_at: now, version: 1 }))
}

pub(crate) async fn get_geofence(
    connection: &mut Connection,
    tenant: &TenantId,
    id: GeofenceId,
) -> Result<Option<Geofence>> {
    let row = sqlx::query::<Db>(select_geofences!("where g.id = $1 and t.id = $2"))
        .bind(id.get())
        .bind(tenant.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(geofence).transpose()
}

pub(crate) async fn list_geofences(
    connection: &mut Connection,
    tenant: &TenantId,
    after: Option<GeofenceId>,
    limit: u32,
) -> Result<Vec<Geofence>> {
    sqlx::query::<Db>(select_geofences!(
        "where g.tenant_no = (select tenant_no from tenants where id = $1) and g.id > $2 order by g.id limit $3"
    ))
    .bind(tenant.as_str())
    .bind(after.map_or(0, GeofenceId::get))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?
    .iter()
    .map(geofence)
    .collect()
}

pub(crate) async fn update_geofence(
    connection: &mut Connection,
    tenant: &TenantId,
    id: GeofenceId,
    version: i64,
    description: &GeofenceDescription,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<Geofence>> {
    let update = sqlx::query_scalar::<Db, i64>(
        "update geofences set changed_ms = $1, name = $2, geometry = $3, shape = $4, radius_m = $5, width_m = $6,
         on_enter = $7, on_exit = $8, dwell_s = $9, speed_limit_kmh = $10, vehicle_ids = $11, schedule = $12,
         version = $13 + 1
         where version = $13 and id = $14 and tenant_no = (select tenant_no from tenants where id = $15)
         returning created_ms",
    )
    .bind(now.unix_ms());
    let changed = bind_description!(update, description)
        .bind(version)
        .bind(id.get())
        .bind(tenant.as_str())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(created_ms) = changed else { return Ok(None) };
    events::append_facts(connection, tenant, &[Fact::GeofenceChanged { geofence_id: id }], now, renderer).await?;
    let (tenant, description) = (tenant.clone(), description.clone());
    Ok(Some(Geofence {
        id,
        tenant,
        description,
        created_at: timestamp(created_ms)?,
        changed_at: now,
        version: version + 1,
    }))
}

pub(crate) async fn remove_geofence(
    connection: &mut Connection,
    tenant: &TenantId,
    id: GeofenceId,
    version: Option<i64>,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let removed = sqlx::query_scalar::<Db, i64>(
        "delete from geofences where id = $1 and tenant_no = (select tenant_no from tenants where id = $2)
         and version = coalesce($3, version) returning tenant_no",
    )
    .bind(id.get())
    .bind(tenant.as_str())
    .bind(version)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(tenant_no) = removed else { return Ok(false) };
    sqlx::query::<Db>("update geofence_counts set count = count - 1 where tenant_no = $1")
        .bind(tenant_no)
        .execute(&mut *connection)
        .await?;
    catalogue::forget(connection, tenant_no, EntryRef { kind: EntryKind::Geofence, id: id.get() }).await?;
    events::append_facts(connection, tenant, &[Fact::GeofenceChanged { geofence_id: id }], now, renderer).await?;
    Ok(true)
}

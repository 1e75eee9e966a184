//! Devices and their keys.

use super::super::dialect::{IS_TEXT_IN_PARAMETER_1, LOCK_DEVICE, SHARE_VEHICLE, VEHICLES_OF_DEVICE};
use super::super::{Connection, Db, DbRow, assignments, events};
use super::unknown_devices;
use crate::failure::taken;
use crate::{Digest, Renderer, Result, StoreError};
use milepost_domain::{
    Device, DeviceId, DeviceProtocol, Fact, Label, TenantId, Timestamp, UniqueId, UtcOffset, VehicleId,
};
use sqlx::{AssertSqlSafe, Row};

fn select(rest: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!(
        "select d.id, t.id as tenant, v.id as vehicle_id, d.name, d.unique_id, d.protocol, d.utc_offset_minutes, d.sack,
         d.version, {VEHICLES_OF_DEVICE} as past_vehicles from devices d
         join tenants t on t.tenant_no = d.tenant_no join vehicles v on v.vehicle_no = d.vehicle_no {rest}"
    ))
}

fn device(row: &DbRow) -> Result<Device> {
    Ok(Device {
        id: DeviceId::stored(row.try_get("id")?)?,
        tenant: TenantId::stored(row.try_get("tenant")?)?,
        vehicle_id: VehicleId::stored(row.try_get("vehicle_id")?)?,
        past_vehicles: assignments::past_vehicles(row.try_get("past_vehicles")?)?,
        name: row.try_get::<Option<&str>, _>("name")?.map(Label::stored).transpose()?,
        unique_id: row.try_get::<Option<&str>, _>("unique_id")?.map(UniqueId::new).transpose()?,
        protocol: row.try_get::<Option<&str>, _>("protocol")?.map(DeviceProtocol::new).transpose()?,
        utc_offset: row
            .try_get::<Option<i16>, _>("utc_offset_minutes")?
            .map(|minutes| UtcOffset::from_minutes(minutes.into()))
            .transpose()?,
        sack: row.try_get("sack")?,
        version: row.try_get("version")?,
    })
}

pub(crate) async fn add_device(connection: &mut Connection, device: &Device, key_hash: &Digest) -> Result<()> {
    let added = sqlx::query::<Db>(
        "insert into devices (tenant_no, id, vehicle_no, name, key_hash, version, unique_id, protocol, utc_offset_minutes, sack)
         select t.tenant_no, $2, v.vehicle_no, $4, $5, $6, $7, $8, $9, $10
         from tenants t join vehicles v on v.tenant_no = t.tenant_no where t.id = $1 and v.id = $3",
    )
    .bind(device.tenant.as_str())
    .bind(device.id.as_str())
    .bind(device.vehicle_id.as_str())
    .bind(device.name.as_ref().map(Label::as_str))
    .bind(key_hash.as_slice())
    .bind(device.version)
    .bind(device.unique_id.as_ref().map(UniqueId::as_str))
    .bind(device.protocol.map(DeviceProtocol::as_str))
    .bind(device.utc_offset.map(UtcOffset::minutes))
    .bind(device.sack)
    .execute(&mut *connection)
    .await
    .map_err(already_taken)?;
    if added.rows_affected() == 0 {
        return Err(StoreError::NotFound("vehicle"));
    }
    unknown_devices::forget(connection, device.unique_id.as_ref()).await
}

/// What of a device another one has. Both databases name the column, or the constraint, whose name contains the column's.
fn already_taken(error: sqlx::Error) -> StoreError {
    let text = error.to_string();
    let what = if text.contains("key_hash") {
        "device key"
    } else if text.contains("unique_id") {
        "unique_id"
    } else {
        "device"
    };
    taken(what)(error)
}

pub(crate) async fn get_device(
    connection: &mut Connection,
    tenant: &TenantId,
    id: &DeviceId,
) -> Result<Option<Device>> {
    let row = sqlx::query::<Db>(select("where t.id = $1 and d.id = $2"))
        .bind(tenant.as_str())
        .bind(id.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(device).transpose()
}

pub(crate) async fn find_device_by_key(connection: &mut Connection, key_hash: &Digest) -> Result<Option<Device>> {
    let row =
        sqlx::query::<Db>(select("where d.key_hash = $1")).bind(key_hash.as_slice()).fetch_optional(connection).await?;
    row.as_ref().map(device).transpose()
}

pub(crate) async fn find_device_by_unique_id(
    connection: &mut Connection,
    unique_id: &UniqueId,
) -> Result<Option<Device>> {
    let row =
        sqlx::query::<Db>(select("where d.unique_id = $1")).bind(unique_id.as_str()).fetch_optional(connection).await?;
    row.as_ref().map(device).transpose()
}

/// Those of a tenant that have one of these names.
pub(crate) async fn find_devices_by_unique_ids(
    connection: &mut Connection,
    tenant: &TenantId,
    unique_ids: &[UniqueId],
) -> Result<Vec<Device>> {
    let list = serde_json::Value::from(unique_ids.iter().map(UniqueId::as_str).collect::<Vec<_>>()).to_string();
    let rows = sqlx::query::<Db>(select(&format!("where d.unique_id {IS_TEXT_IN_PARAMETER_1} and t.id = $2")))
        .bind(list)
        .bind(tenant.as_str())
        .fetch_all(connection)
        .await?;
    rows.iter().map(device).collect()
}

pub(crate) async fn list_devices(
    connection: &mut Connection,
    tenant: &TenantId,
    after: Option<&DeviceId>,
    limit: u32,
) -> Result<Vec<Device>> {
    sqlx::query::<Db>(select("where t.id = $1 and d.id > $2 order by d.id limit $3"))
        .bind(tenant.as_str())
        .bind(after.map_or("", DeviceId::as_str))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?
        .iter()
        .map(device)
        .collect()
}

/// Writes the next version of a device. The vehicle that it was in is noted.
pub(crate) async fn update_device(
    connection: &mut Connection,
    device: &Device,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    // The vehicle is locked first, as when it is removed with its devices.
    let sql = format!(
        "select v.vehicle_no from vehicles v
         where v.tenant_no = (select tenant_no from tenants where id = $1) and v.id = $2 {SHARE_VEHICLE}"
    );
    let vehicle_no: i64 = sqlx::query_scalar::<Db, i64>(AssertSqlSafe(sql))
        .bind(device.tenant.as_str())
        .bind(device.vehicle_id.as_str())
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(StoreError::NotFound("vehicle"))?;
    let sql = format!(
        "select d.tenant_no, d.vehicle_no from devices d
         where d.tenant_no = (select tenant_no from tenants where id = $1) and d.id = $2 and d.version = $3 - 1
         {LOCK_DEVICE}"
    );
    let present = sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(device.tenant.as_str())
        .bind(device.id.as_str())
        .bind(device.version)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(present) = present else { return Ok(false) };
    let (tenant_no, present_no): (i64, i64) = (present.try_get("tenant_no")?, present.try_get("vehicle_no")?);
    sqlx::query::<Db>(
        "update devices set vehicle_no = $1, name = $2, version = $5, unique_id = $6, protocol = $7, utc_offset_minutes = $8, sack = $9
         where tenant_no = $3 and id = $4",
    )
    .bind(vehicle_no)
    .bind(device.name.as_ref().map(Label::as_str))
    .bind(tenant_no)
    .bind(device.id.as_str())
    .bind(device.version)
    .bind(device.unique_id.as_ref().map(UniqueId::as_str))
    .bind(device.protocol.map(DeviceProtocol::as_str))
    .bind(device.utc_offset.map(UtcOffset::minutes))
    .bind(device.sack)
    .execute(&mut *connection)
    .await
    .map_err(already_taken)?;
    unknown_devices::forget(connection, device.unique_id.as_ref()).await?;
    if present_no != vehicle_no {
        assignments::end_vehicle(connection, tenant_no, device.id.as_str(), present_no, now).await?;
    }
    let changed = Fact::DeviceChanged { device_id: device.id.clone() };
    events::append_facts(connection, &device.tenant, &[changed], now, renderer).await?;
    Ok(true)
}

pub(crate) async fn remove_device(
    connection: &mut Connection,
    tenant: &TenantId,
    id: &DeviceId,
    version: Option<i64>,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let removed = sqlx::query::<Db>(
        "delete from devices where tenant_no = (select tenant_no from tenants where id = $1) and id = $2
         and version = coalesce($3, version)",
    )
    .bind(tenant.as_str())
    .bind(id.as_str())
    .bind(version)
    .execute(&mut *connection)
    .await?;
    if removed.rows_affected() == 0 {
        return Ok(false);
    }
    events::append_facts(connection, tenant, &[Fact::DeviceRemoved { device_id: id.clone() }], now, renderer).await?;
    Ok(true)
}

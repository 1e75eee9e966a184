//! Devices that reported without having been added.

use super::super::{Connection, Db, DbRow, positions::timestamp};
use crate::{Result, StoreError};
use milepost_domain::{DeviceId, DeviceProtocol, UniqueId, UnknownDevice};
use sqlx::Row;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Rows that are kept. The one that was seen longest ago goes first.
const MAX_UNKNOWN_DEVICES: i64 = 1_000;
/// Rows of one address, so that one stranger does not push out everybody else's.
const MAX_UNKNOWN_DEVICES_PER_ADDRESS: i64 = 100;

const COLUMNS: &str = "select id, unique_id, protocol, address, first_seen_ms, last_seen_ms from unknown_devices";

fn unknown_device(row: &DbRow) -> Result<UnknownDevice> {
    let address: Option<&str> = row.try_get("address")?;
    let address = address.map(str::parse::<IpAddr>).transpose();
    Ok(UnknownDevice {
        id: DeviceId::stored(row.try_get("id")?)?,
        unique_id: UniqueId::new(row.try_get("unique_id")?)?,
        protocol: DeviceProtocol::new(row.try_get("protocol")?)?,
        address: address.map_err(|_| StoreError::Corrupt("the address of an unknown device".to_owned()))?,
        first_seen: timestamp(row.try_get("first_seen_ms")?)?,
        last_seen: timestamp(row.try_get("last_seen_ms")?)?,
    })
}

/// Adds rows, or brings them up to date, and removes those that are too many. One that was added meanwhile is no longer unknown.
pub(crate) async fn note(connection: &mut Connection, seen: &[UnknownDevice]) -> Result<()> {
    for one in seen {
        sqlx::query::<Db>(
            "insert into unknown_devices (id, unique_id, protocol, address, first_seen_ms, last_seen_ms)
             select $1, $2, $3, $4, $5, $6
             where not exists (select 1 from devices d where d.unique_id = $2)
             on conflict (unique_id, protocol) do update
             set address = excluded.address, last_seen_ms = excluded.last_seen_ms",
        )
        .bind(one.id.as_str())
        .bind(one.unique_id.as_str())
        .bind(one.protocol.as_str())
        .bind(one.address.map(|address| address.to_string()))
        .bind(one.first_seen.unix_ms())
        .bind(one.last_seen.unix_ms())
        .execute(&mut *connection)
        .await?;
    }
    let addresses: BTreeSet<_> = seen.iter().filter_map(|one| one.address).collect();
    for address in addresses {
        sqlx::query::<Db>(
            "delete from unknown_devices where id in
                (select id from unknown_devices where address = $1 order by last_seen_ms desc, id desc limit 1000000 offset $2)",
        )
        .bind(address.to_string())
        .bind(MAX_UNKNOWN_DEVICES_PER_ADDRESS)
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query::<Db>(
        "delete from unknown_devices where id in
            (select id from unknown_devices order by last_seen_ms desc, id desc limit 1000000 offset $1)",
    )
    .bind(MAX_UNKNOWN_DEVICES)
    .execute(connection)
    .await?;
    Ok(())
}

/// Those with this unique id are known now.
pub(super) async fn forget(connection: &mut Connection, unique_id: Option<&UniqueId>) -> Result<()> {
    if let Some(unique_id) = unique_id {
        sqlx::query::<Db>("delete from unknown_devices where unique_id = $1")
            .bind(unique_id.as_str())
            .execute(connection)
            .await?;
    }
    Ok(())
}

pub(crate) async fn get(connection: &mut Connection, id: &DeviceId) -> Result<Option<UnknownDevice>> {
    let row = sqlx::query::<Db>(sqlx::AssertSqlSafe(format!("{COLUMNS} where id = $1")))
        .bind(id.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(unknown_device).transpose()
}

/// The newest first: ids sort by the time of the first report.
pub(crate) async fn list(
    connection: &mut Connection,
    before: Option<&DeviceId>,
    limit: u32,
) -> Result<Vec<UnknownDevice>> {
    let sql = format!("{COLUMNS} where $1 = '' or id < $1 order by id desc limit $2");
    sqlx::query::<Db>(sqlx::AssertSqlSafe(sql))
        .bind(before.map_or("", DeviceId::as_str))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?
        .iter()
        .map(unknown_device)
        .collect()
}

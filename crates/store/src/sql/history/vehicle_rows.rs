//! Reads a table's rows about one vehicle within a time span.

use super::super::{Connection, Db, DbRow};
use crate::Result;
use milepost_domain::{Latitude, Longitude, TenantId, Timestamp, TripPlace, VehicleId};
use sqlx::Row;

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
pub(super) use of_vehicle;

/// Runs a query of the vehicle `$2` of the tenant `$1`, from `$3` until before `$4`, with the limit `$5`.
pub(super) async fn rows_between(
    connection: &mut Connection,
    sql: &'static str,
    tenant: &TenantId,
    vehicle: &VehicleId,
    from: Timestamp,
    to: Timestamp,
    limit: u32,
) -> Result<Vec<DbRow>> {
    Ok(sqlx::query::<Db>(sql)
        .bind(tenant.as_str())
        .bind(vehicle.as_str())
        .bind(from.unix_ms())
        .bind(to.unix_ms())
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?)
}

/// Reads a place from two columns, beginning at `first`.
pub(super) fn place(row: &DbRow, first: usize) -> Result<Option<TripPlace>> {
    let degrees = (row.try_get::<Option<f64>, _>(first)?, row.try_get::<Option<f64>, _>(first + 1)?);
    let (Some(latitude), Some(longitude)) = degrees else { return Ok(None) };
    Ok(Some(TripPlace { latitude: Latitude::new(latitude)?, longitude: Longitude::new(longitude)? }))
}

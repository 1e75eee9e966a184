//! Reads what other nodes may have changed.

use super::super::dialect::{IS_NUMBER_IN_PARAMETER_2, IS_TEXT_IN_PARAMETER_1};
use super::super::parcels::driver_fixes::driver_fix;
use super::super::positions::timestamp;
use super::super::{Connection, Db};
use crate::{NewestTime, Result, VehicleNo};
use milepost_domain::{DriverFix, ParcelId, TenantId, TrackingId, VehicleId};
use sqlx::{AssertSqlSafe, Row};

pub(crate) async fn newest_times(connection: &mut Connection, tenant: &TenantId) -> Result<Vec<NewestTime>> {
    let rows = sqlx::query::<Db>(
        "select v.id, v.vehicle_no, s.at_ms from vehicles v join vehicle_states s on s.vehicle_no = v.vehicle_no
         where v.tenant_no = (select tenant_no from tenants where id = $1)",
    )
    .bind(tenant.as_str())
    .fetch_all(connection)
    .await?;
    let times = rows.iter().map(|row| {
        let at = row.try_get::<Option<i64>, _>(2)?.map(timestamp).transpose()?;
        Ok(NewestTime { vehicle: VehicleId::stored(row.try_get(0)?)?, no: VehicleNo(row.try_get(1)?), at })
    });
    times.collect()
}

pub(crate) async fn delivery_versions(
    connection: &mut Connection,
    ids: &[TrackingId],
) -> Result<Vec<(TrackingId, i64)>> {
    let sql = format!("select tracking_id, version from deliveries where tracking_id {IS_TEXT_IN_PARAMETER_1}");
    let list = serde_json::Value::from(ids.iter().map(TrackingId::as_str).collect::<Vec<_>>()).to_string();
    let rows = sqlx::query::<Db>(AssertSqlSafe(sql)).bind(list).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((TrackingId::stored(row.try_get(0)?)?, row.try_get(1)?))).collect()
}

pub(crate) async fn drivers_of_parcels(
    connection: &mut Connection,
    tenant: &TenantId,
    parcels: &[ParcelId],
) -> Result<Vec<(ParcelId, DriverFix)>> {
    let sql = format!(
        "select p.id, s.driver_id, s.at_ms, s.latitude, s.longitude, s.address from parcels p
         join driver_states s on s.tenant_no = p.tenant_no and s.driver_id = p.driver_id
         where p.tenant_no = (select tenant_no from tenants where id = $1) and p.id {IS_NUMBER_IN_PARAMETER_2}
         and p.status not in ('delivered', 'cancelled')"
    );
    let list = serde_json::Value::from(parcels.iter().map(|parcel| parcel.get()).collect::<Vec<_>>()).to_string();
    let query = sqlx::query::<Db>(AssertSqlSafe(sql)).bind(tenant.as_str()).bind(list);
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(|row| Ok((ParcelId::new(row.try_get("id")?)?, driver_fix(row)?))).collect()
}

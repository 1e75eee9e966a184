//! When a person had which vehicle.

use super::super::{Connection, Db, DbRow, positions::timestamp};
use crate::{Drive, Person, Result};
use milepost_domain::VehicleId;
use sqlx::Row;

pub(crate) async fn list_drives(connection: &mut Connection, person: &Person) -> Result<Vec<Drive>> {
    let rows = sqlx::query::<Db>(
        "select v.id, p.from_ms, p.to_ms from past_drivers p join vehicles v on v.vehicle_no = p.vehicle_no
         where p.driver_id = $1 and v.tenant_no = (select tenant_no from tenants where id = $2)
         union all
         select v.id, coalesce((select max(p.to_ms) from past_drivers p where p.vehicle_no = v.vehicle_no), 0), null
         from vehicles v where v.driver_id = $1 and v.tenant_no = (select tenant_no from tenants where id = $2)
         order by 1, 2",
    )
    .bind(person.id.get())
    .bind(person.tenant.as_str())
    .fetch_all(connection)
    .await?;
    rows.iter().map(drive).collect()
}

fn drive(row: &DbRow) -> Result<Drive> {
    Ok(Drive {
        vehicle: VehicleId::stored(row.try_get(0)?)?,
        from: timestamp(row.try_get(1)?)?,
        to: row.try_get::<Option<i64>, _>(2)?.map(timestamp).transpose()?,
    })
}

pub(crate) async fn vehicles_of_driver(connection: &mut Connection, person: &Person) -> Result<Vec<VehicleId>> {
    let ids = sqlx::query_scalar::<Db, String>(
        "select v.id from vehicles v where v.driver_id = $1 and v.tenant_no = (select tenant_no from tenants where id = $2)
         order by v.id",
    )
    .bind(person.id.get())
    .bind(person.tenant.as_str())
    .fetch_all(connection)
    .await?;
    ids.iter().map(|id| Ok(VehicleId::stored(id)?)).collect()
}

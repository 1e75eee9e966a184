//! The archives of timetables.

use super::super::{Connection, Db};
use crate::{Result, StoreError, StoredTimetable};
use milepost_domain::{TenantId, Timestamp};

pub(crate) async fn set_timetable(
    connection: &mut Connection,
    tenant: &TenantId,
    archive: &[u8],
    now: Timestamp,
) -> Result<()> {
    let stored = sqlx::query::<Db>(
        "insert into timetables (tenant_no, version, imported_ms, archive)
         select tenant_no, $2, $2, $3 from tenants where id = $1
         on conflict (tenant_no) do update
            set version = case when excluded.version > timetables.version then excluded.version else timetables.version + 1 end,
                imported_ms = excluded.imported_ms, archive = excluded.archive",
    )
    .bind(tenant.as_str())
    .bind(now.unix_ms())
    .bind(archive)
    .execute(connection)
    .await?;
    if stored.rows_affected() == 0 {
        return Err(StoreError::NotFound("tenant"));
    }
    Ok(())
}

pub(crate) async fn timetable_version(connection: &mut Connection, tenant: &TenantId) -> Result<Option<i64>> {
    let version = sqlx::query_scalar::<Db, i64>(
        "select version from timetables where tenant_no = (select tenant_no from tenants where id = $1)",
    )
    .bind(tenant.as_str())
    .fetch_optional(connection)
    .await?;
    Ok(version)
}

pub(crate) async fn get_timetable(connection: &mut Connection, tenant: &TenantId) -> Result<Option<StoredTimetable>> {
    let row = sqlx::query_as::<Db, (i64, Vec<u8>)>(
        "select version, archive from timetables where tenant_no = (select tenant_no from tenants where id = $1)",
    )
    .bind(tenant.as_str())
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(version, archive)| StoredTimetable { version, archive }))
}

pub(crate) async fn remove_timetable(connection: &mut Connection, tenant: &TenantId) -> Result<bool> {
    let removed =
        sqlx::query::<Db>("delete from timetables where tenant_no = (select tenant_no from tenants where id = $1)")
            .bind(tenant.as_str())
            .execute(connection)
            .await?;
    Ok(removed.rows_affected() > 0)
}

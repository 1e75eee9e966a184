//! The archives of timetables.

use super::super::{Connection, Db};
use crate::failure::taken_or_missing;
use crate::{Result, StoredTimetable};
use milepost_domain::{TenantId, Timestamp};

pub(crate) async fn set_timetable(connection: &mut Connection, tenant: &TenantId, archive: &[u8], now: Timestamp) -> Result<()> {
    sqlx::query::<Db>(
        "insert into timetables (tenant_id, version, imported_ms, archive) values ($1, $2, $2, $3)
         on conflict (tenant_id) do update
            set version = case when excluded.version > timetables.version then excluded.version else timetables.version + 1 end,
                imported_ms = excluded.imported_ms, archive = excluded.archive",
    )
    .bind(tenant.as_str())
    .bind(now.unix_ms())
    .bind(archive)
    .execute(connection)
    .await
    .map_err(taken_or_missing("timetable", "tenant"))?;
    Ok(())
}

pub(crate) async fn timetable_version(connection: &mut Connection, tenant: &TenantId) -> Result<Option<i64>> {
    let version = sqlx::query_scalar::<Db, i64>("select version from timetables where tenant_id = $1")
        .bind(tenant.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(version)
}

pub(crate) async fn get_timetable(connection: &mut Connection, tenant: &TenantId) -> Result<Option<StoredTimetable>> {
    let row = sqlx::query_as::<Db, (i64, Vec<u8>)>("select version, archive from timetables where tenant_id = $1")
        .bind(tenant.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(row.map(|(version, archive)| StoredTimetable { version, archive }))
}

pub(crate) async fn remove_timetable(connection: &mut Connection, tenant: &TenantId) -> Result<bool> {
    let removed = sqlx::query::<Db>("delete from timetables where tenant_id = $1")
        .bind(tenant.as_str())
        .execute(connection)
        .await?;
    Ok(removed.rows_affected() > 0)
}

//! What was brought over, and how far positions were read.

use super::super::accounts::tenants::tenant_no;
use super::super::{Connection, Db};
use crate::{ImportedObject, Result};
use milepost_domain::{EntryKind, TenantId};
use sqlx::QueryBuilder;

/// Objects in one statement.
const ROWS_AT_ONCE: usize = 100;

pub(crate) async fn list_imported(
    connection: &mut Connection,
    tenant: &TenantId,
    source: &str,
) -> Result<Vec<ImportedObject>> {
    let rows = sqlx::query_as::<Db, (String, i64, i64)>(
        "select kind, foreign_id, id from imported_objects
         where tenant_no = (select tenant_no from tenants where id = $1) and source = $2
         order by kind, foreign_id",
    )
    .bind(tenant.as_str())
    .bind(source)
    .fetch_all(connection)
    .await?;
    let object = |(kind, foreign_id, id): (String, i64, i64)| -> Result<ImportedObject> {
        Ok(ImportedObject { kind: EntryKind::parse(&kind)?, foreign_id, id })
    };
    rows.into_iter().map(object).collect()
}

pub(crate) async fn note_imported(
    connection: &mut Connection,
    tenant: &TenantId,
    source: &str,
    objects: &[ImportedObject],
) -> Result<()> {
    let tenant_no = tenant_no(connection, tenant).await?;
    for chunk in objects.chunks(ROWS_AT_ONCE) {
        let mut insert =
            QueryBuilder::<Db>::new("insert into imported_objects (tenant_no, source, kind, foreign_id, id) ");
        insert.push_values(chunk, |mut row, object| {
            row.push_bind(tenant_no).push_bind(source).push_bind(object.kind.as_str());
            row.push_bind(object.foreign_id).push_bind(object.id);
        });
        insert.push(" on conflict do nothing");
        insert.build().persistent(false).execute(&mut *connection).await?;
    }
    Ok(())
}

pub(crate) async fn import_progress(
    connection: &mut Connection,
    tenant: &TenantId,
    source: &str,
) -> Result<Option<String>> {
    let progress = sqlx::query_scalar::<Db, String>(
        "select progress from import_progress
         where tenant_no = (select tenant_no from tenants where id = $1) and source = $2",
    )
    .bind(tenant.as_str())
    .bind(source)
    .fetch_optional(connection)
    .await?;
    Ok(progress)
}

pub(crate) async fn set_import_progress(
    connection: &mut Connection,
    tenant: &TenantId,
    source: &str,
    progress: &str,
) -> Result<()> {
    let tenant_no = tenant_no(connection, tenant).await?;
    sqlx::query::<Db>(
        "insert into import_progress (tenant_no, source, progress) values ($1, $2, $3)
         on conflict (tenant_no, source) do update set progress = excluded.progress",
    )
    .bind(tenant_no)
    .bind(source)
    .bind(progress)
    .execute(connection)
    .await?;
    Ok(())
}

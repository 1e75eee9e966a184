//! Tenants and their internal numbers.

use super::super::{Connection, Db, DbRow};
use crate::{Result, StoreError};
use milepost_domain::{Label, Tenant, TenantId};
use sqlx::Row;

fn tenant(row: &DbRow) -> Result<Tenant> {
    Ok(Tenant { id: TenantId::stored(row.try_get("id")?)?, name: Label::stored(row.try_get("name")?)? })
}

pub(crate) async fn ensure_tenant(connection: &mut Connection, tenant: &Tenant) -> Result<bool> {
    let row = sqlx::query::<Db>(
        "insert into tenants (id, name) values ($1, $2) on conflict (id) do nothing returning tenant_no",
    )
    .bind(tenant.id.as_str())
    .bind(tenant.name.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(false) };
    sqlx::query::<Db>("insert into event_counters (tenant_no) values ($1)")
        .bind(row.try_get::<i64, _>("tenant_no")?)
        .execute(connection)
        .await?;
    Ok(true)
}

pub(crate) async fn add_tenant(connection: &mut Connection, tenant: &Tenant) -> Result<()> {
    if ensure_tenant(connection, tenant).await? { Ok(()) } else { Err(StoreError::Conflict("tenant")) }
}

pub(crate) async fn get_tenant(connection: &mut Connection, id: &TenantId) -> Result<Option<Tenant>> {
    let row = sqlx::query::<Db>("select id, name from tenants where id = $1")
        .bind(id.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(tenant).transpose()
}

pub(crate) async fn list_tenants(
    connection: &mut Connection,
    after: Option<&TenantId>,
    limit: u32,
) -> Result<Vec<Tenant>> {
    sqlx::query::<Db>("select id, name from tenants where id > $1 order by id limit $2")
        .bind(after.map_or("", TenantId::as_str))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?
        .iter()
        .map(tenant)
        .collect()
}

/// Reads a tenant's internal number.
pub(crate) async fn tenant_no(connection: &mut Connection, id: &TenantId) -> Result<i64> {
    sqlx::query_scalar::<Db, i64>("select tenant_no from tenants where id = $1")
        .bind(id.as_str())
        .fetch_optional(connection)
        .await?
        .ok_or(StoreError::NotFound("tenant"))
}

//! Entries of the catalogue.

use super::super::accounts::tenants::tenant_no;
use super::super::dialect::LOCK_TENANT;
use super::super::numbers::{Numbered, take_number, take_numbers};
use super::super::{Connection, Db, DbRow, events};
use crate::failure::taken;
use crate::{NewEntry, Renderer, Result, StoreError};
use milepost_domain::{Entry, EntryBody, EntryKind, EntryRef, Fact, MAX_ENTRIES, TenantId, Timestamp};
use sqlx::{AssertSqlSafe, QueryBuilder, Row};
use std::collections::HashSet;

/// Entries in one statement.
const ROWS_AT_ONCE: usize = 100;

pub(super) fn entry_of(row: &DbRow) -> Result<Entry> {
    Ok(Entry {
        kind: EntryKind::parse(row.try_get("kind")?)?,
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        body: EntryBody::of_parsed(row.try_get("body")?)?,
    })
}

/// Whether the number of a tenant's entries of this kind is bounded by what they add to.
const fn is_of_another(kind: EntryKind) -> bool {
    matches!(
        kind,
        EntryKind::Vehicle | EntryKind::User | EntryKind::Geofence | EntryKind::Settings | EntryKind::Picture
    )
}

pub(crate) async fn put_entry(
    connection: &mut Connection,
    tenant: &TenantId,
    entry: &NewEntry,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<Entry>> {
    // Locks the tenant, so that only one transaction at a time counts and adds.
    let lock = format!("select tenant_no from tenants where id = $1 {LOCK_TENANT}");
    let tenant_no = sqlx::query_scalar::<Db, i64>(AssertSqlSafe(lock))
        .bind(tenant.as_str())
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(StoreError::NotFound("tenant"))?;
    if !is_of_another(entry.kind) {
        let count =
            sqlx::query_scalar::<Db, i64>("select count(*) from catalogue_entries where tenant_no = $1 and kind = $2");
        let count = count.bind(tenant_no).bind(entry.kind.as_str()).fetch_one(&mut *connection).await?;
        if count >= i64::from(MAX_ENTRIES) {
            return Ok(None);
        }
    }
    let id = match entry.id {
        Some(id) => id,
        None => take_number(connection, tenant_no, Numbered::Entry(entry.kind)).await?,
    };
    sqlx::query::<Db>(
        "insert into catalogue_entries (tenant_no, kind, id, name, body) values ($1, $2, $3, $4, $5)
         on conflict (tenant_no, kind, id) do update set name = excluded.name, body = excluded.body",
    )
    .bind(tenant_no)
    .bind(entry.kind.as_str())
    .bind(id)
    .bind(entry.name.as_deref())
    .bind(entry.body.as_str())
    .execute(&mut *connection)
    .await
    .map_err(taken("catalogue entry"))?;
    changed(connection, tenant, entry.kind, now, renderer).await?;
    Ok(Some(Entry { kind: entry.kind, id, name: entry.name.clone(), body: entry.body.clone() }))
}

pub(crate) async fn ensure_entries(
    connection: &mut Connection,
    tenant: &TenantId,
    kind: EntryKind,
    names: &[String],
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<()> {
    let lock = format!("select tenant_no from tenants where id = $1 {LOCK_TENANT}");
    let tenant_no = sqlx::query_scalar::<Db, i64>(AssertSqlSafe(lock))
        .bind(tenant.as_str())
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(StoreError::NotFound("tenant"))?;
    let known = sqlx::query_scalar::<Db, Option<String>>(
        "select name from catalogue_entries where tenant_no = $1 and kind = $2",
    );
    let known = known.bind(tenant_no).bind(kind.as_str()).fetch_all(&mut *connection).await?;
    let known: HashSet<String> = known.into_iter().flatten().collect();
    let missing: Vec<&String> = names.iter().filter(|name| !known.contains(*name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let last = take_numbers(connection, tenant_no, Numbered::Entry(kind), missing.len()).await?;
    let first = last + 1 - i64::try_from(missing.len()).expect("the names fit in memory");
    let numbered: Vec<(i64, &String)> = (first..).zip(missing).collect();
    for chunk in numbered.chunks(ROWS_AT_ONCE) {
        let mut insert = QueryBuilder::<Db>::new("insert into catalogue_entries (tenant_no, kind, id, name, body) ");
        insert.push_values(chunk, |mut row, (id, name)| {
            row.push_bind(tenant_no).push_bind(kind.as_str()).push_bind(*id).push_bind(name.as_str());
            row.push_bind("{}");
        });
        insert.build().persistent(false).execute(&mut *connection).await.map_err(taken("catalogue entry"))?;
    }
    changed(connection, tenant, kind, now, renderer).await
}

pub(crate) async fn get_entry(
    connection: &mut Connection,
    tenant: &TenantId,
    entry: EntryRef,
) -> Result<Option<Entry>> {
    let row = sqlx::query::<Db>(
        "select kind, id, name, body from catalogue_entries
         where tenant_no = (select tenant_no from tenants where id = $1) and kind = $2 and id = $3",
    )
    .bind(tenant.as_str())
    .bind(entry.kind.as_str())
    .bind(entry.id)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(entry_of).transpose()
}

pub(crate) async fn list_entries(
    connection: &mut Connection,
    tenant: &TenantId,
    kind: EntryKind,
    after: i64,
    limit: u32,
) -> Result<Vec<Entry>> {
    sqlx::query::<Db>(
        "select kind, id, name, body from catalogue_entries
         where tenant_no = (select tenant_no from tenants where id = $1) and kind = $2 and id > $3
         order by id limit $4",
    )
    .bind(tenant.as_str())
    .bind(kind.as_str())
    .bind(after)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?
    .iter()
    .map(entry_of)
    .collect()
}

pub(crate) async fn update_entry(
    connection: &mut Connection,
    tenant: &TenantId,
    entry: &Entry,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let updated = sqlx::query::<Db>(
        "update catalogue_entries set name = $1, body = $2
         where tenant_no = (select tenant_no from tenants where id = $3) and kind = $4 and id = $5",
    )
    .bind(entry.name.as_deref())
    .bind(entry.body.as_str())
    .bind(tenant.as_str())
    .bind(entry.kind.as_str())
    .bind(entry.id)
    .execute(&mut *connection)
    .await
    .map_err(taken("catalogue entry"))?;
    if updated.rows_affected() == 0 {
        return Ok(false);
    }
    changed(connection, tenant, entry.kind, now, renderer).await?;
    Ok(true)
}

pub(crate) async fn remove_entry(
    connection: &mut Connection,
    tenant: &TenantId,
    entry: EntryRef,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let tenant_no = tenant_no(connection, tenant).await?;
    if !forget(connection, tenant_no, entry).await? {
        return Ok(false);
    }
    changed(connection, tenant, entry.kind, now, renderer).await?;
    Ok(true)
}

/// Deletes an entry and its links without a fact. Returns whether there was one.
pub(crate) async fn forget(connection: &mut Connection, tenant_no: i64, entry: EntryRef) -> Result<bool> {
    for delete in [
        "delete from catalogue_links where tenant_no = $1 and owner_kind = $2 and owner_id = $3",
        "delete from catalogue_links where tenant_no = $1 and member_kind = $2 and member_id = $3",
    ] {
        sqlx::query::<Db>(delete)
            .bind(tenant_no)
            .bind(entry.kind.as_str())
            .bind(entry.id)
            .execute(&mut *connection)
            .await?;
    }
    let removed = sqlx::query::<Db>("delete from catalogue_entries where tenant_no = $1 and kind = $2 and id = $3")
        .bind(tenant_no)
        .bind(entry.kind.as_str())
        .bind(entry.id)
        .execute(&mut *connection)
        .await?;
    Ok(removed.rows_affected() > 0)
}

/// Deletes the entry of this name and its links, so that what is made anew under the name inherits nothing.
pub(crate) async fn forget_named(
    connection: &mut Connection,
    tenant_no: i64,
    kind: EntryKind,
    name: &str,
) -> Result<()> {
    let id = sqlx::query_scalar::<Db, i64>(
        "select id from catalogue_entries where tenant_no = $1 and kind = $2 and name = $3",
    )
    .bind(tenant_no)
    .bind(kind.as_str())
    .bind(name)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(id) = id {
        forget(connection, tenant_no, EntryRef { kind, id }).await?;
    }
    Ok(())
}

pub(super) async fn changed(
    connection: &mut Connection,
    tenant: &TenantId,
    kind: EntryKind,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<()> {
    events::append_facts(connection, tenant, &[Fact::CatalogueChanged { kind }], now, renderer).await?;
    Ok(())
}

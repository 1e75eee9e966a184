//! Links between entries of the catalogue.

use super::super::accounts::tenants::tenant_no;
use super::super::{Connection, Db, DbRow};
use super::rows::changed;
use crate::{Renderer, Result};
use milepost_domain::{EntryKind, EntryRef, Link, MAX_LINKS, TenantId, Timestamp};
use sqlx::{QueryBuilder, Row};
use std::collections::{BTreeSet, HashSet};

fn link_of(row: &DbRow) -> Result<Link> {
    let end = |kind: &str, id: &str| -> Result<EntryRef> {
        Ok(EntryRef { kind: EntryKind::parse(row.try_get(kind)?)?, id: row.try_get(id)? })
    };
    Ok(Link { owner: end("owner_kind", "owner_id")?, member: end("member_kind", "member_id")? })
}

pub(crate) async fn list_links(connection: &mut Connection, tenant: &TenantId) -> Result<Vec<Link>> {
    sqlx::query::<Db>(
        "select owner_kind, owner_id, member_kind, member_id from catalogue_links
         where tenant_no = (select tenant_no from tenants where id = $1)
         order by owner_kind, owner_id, member_kind, member_id limit $2",
    )
    .bind(tenant.as_str())
    .bind(i64::from(MAX_LINKS))
    .fetch_all(connection)
    .await?
    .iter()
    .map(link_of)
    .collect()
}

pub(crate) async fn add_link(
    connection: &mut Connection,
    tenant: &TenantId,
    link: Link,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let tenant_no = tenant_no(connection, tenant).await?;
    let count = sqlx::query_scalar::<Db, i64>("select count(*) from catalogue_links where tenant_no = $1");
    if count.bind(tenant_no).fetch_one(&mut *connection).await? >= i64::from(MAX_LINKS) {
        return Ok(false);
    }
    let added = sqlx::query::<Db>(
        "insert into catalogue_links (tenant_no, owner_kind, owner_id, member_kind, member_id)
         values ($1, $2, $3, $4, $5) on conflict do nothing",
    )
    .bind(tenant_no)
    .bind(link.owner.kind.as_str())
    .bind(link.owner.id)
    .bind(link.member.kind.as_str())
    .bind(link.member.id)
    .execute(&mut *connection)
    .await?;
    if added.rows_affected() > 0 {
        changed(connection, tenant, link.member.kind, now, renderer).await?;
    }
    Ok(true)
}

/// Links in one statement.
const LINKS_AT_ONCE: usize = 100;

pub(crate) async fn add_links(
    connection: &mut Connection,
    tenant: &TenantId,
    links: &[Link],
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<u64>> {
    let tenant_no = tenant_no(connection, tenant).await?;
    let known: HashSet<Link> = list_links(connection, tenant).await?.into_iter().collect();
    let new: BTreeSet<Link> = links.iter().filter(|link| !known.contains(link)).copied().collect();
    if known.len() + new.len() > MAX_LINKS as usize {
        return Ok(None);
    }
    let new: Vec<Link> = new.into_iter().collect();
    let mut added = 0;
    for chunk in new.chunks(LINKS_AT_ONCE) {
        let mut insert = QueryBuilder::<Db>::new(
            "insert into catalogue_links (tenant_no, owner_kind, owner_id, member_kind, member_id) ",
        );
        insert.push_values(chunk, |mut row, link| {
            row.push_bind(tenant_no).push_bind(link.owner.kind.as_str()).push_bind(link.owner.id);
            row.push_bind(link.member.kind.as_str()).push_bind(link.member.id);
        });
        insert.push(" on conflict do nothing");
        added += insert.build().persistent(false).execute(&mut *connection).await?.rows_affected();
    }
    let kinds: BTreeSet<EntryKind> = new.iter().map(|link| link.member.kind).collect();
    for kind in kinds {
        changed(connection, tenant, kind, now, renderer).await?;
    }
    Ok(Some(added))
}

pub(crate) async fn remove_link(
    connection: &mut Connection,
    tenant: &TenantId,
    link: Link,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<()> {
    let removed = sqlx::query::<Db>(
        "delete from catalogue_links
         where tenant_no = (select tenant_no from tenants where id = $1)
         and owner_kind = $2 and owner_id = $3 and member_kind = $4 and member_id = $5",
    )
    .bind(tenant.as_str())
    .bind(link.owner.kind.as_str())
    .bind(link.owner.id)
    .bind(link.member.kind.as_str())
    .bind(link.member.id)
    .execute(&mut *connection)
    .await?;
    if removed.rows_affected() > 0 {
        changed(connection, tenant, link.member.kind, now, renderer).await?;
    }
    Ok(())
}

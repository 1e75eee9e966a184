//! Changes of the catalogue with their rows of the audit.

use super::super::Connection;
use super::super::catalogue::{links, rows};
use super::accounts::changed;
use super::rows::note;
use crate::{AuditNote, NewEntry, Renderer, Result};
use milepost_domain::{Author, Entry, EntryRef, Link, TenantId, Timestamp};
use serde_json::{Value, json};

/// Its name and fields, without passwords: none is ever put there.
fn form(entry: &Entry) -> Value {
    let body: Value = serde_json::from_str(entry.body.as_str()).unwrap_or_default();
    json!({ "name": entry.name, "body": body })
}

fn entry_note(action: &'static str, entry: EntryRef, before: Option<Value>, after: Option<Value>) -> AuditNote {
    changed(action, entry.kind.as_str(), entry.id, before, after)
}

fn link_note(action: &'static str, link: Link) -> AuditNote {
    let member = json!({ "kind": link.member.kind.as_str(), "id": link.member.id });
    entry_note(action, link.owner, None, Some(member))
}

pub(crate) async fn put_entry(
    connection: &mut Connection,
    tenant: &TenantId,
    new: &NewEntry,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<Option<Entry>> {
    let entry = rows::put_entry(connection, tenant, new, now, renderer).await?;
    if let Some(entry) = &entry {
        let of = EntryRef { kind: entry.kind, id: entry.id };
        note(connection, author, tenant, || entry_note("catalogue.put", of, None, Some(form(entry)))).await?;
    }
    Ok(entry)
}

pub(crate) async fn update_entry(
    connection: &mut Connection,
    tenant: &TenantId,
    entry: &Entry,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<bool> {
    let of = EntryRef { kind: entry.kind, id: entry.id };
    let before = match author {
        Some(_) => rows::get_entry(connection, tenant, of).await?,
        None => None,
    };
    let is_changed = rows::update_entry(connection, tenant, entry, now, renderer).await?;
    if is_changed {
        let before = before.as_ref().map(form);
        note(connection, author, tenant, || entry_note("catalogue.update", of, before, Some(form(entry)))).await?;
    }
    Ok(is_changed)
}

pub(crate) async fn remove_entry(
    connection: &mut Connection,
    tenant: &TenantId,
    entry: EntryRef,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<bool> {
    let before = match author {
        Some(_) => rows::get_entry(connection, tenant, entry).await?,
        None => None,
    };
    let is_removed = rows::remove_entry(connection, tenant, entry, now, renderer).await?;
    if is_removed {
        let before = before.as_ref().map(form);
        note(connection, author, tenant, || entry_note("catalogue.delete", entry, before, None)).await?;
    }
    Ok(is_removed)
}

pub(crate) async fn add_link(
    connection: &mut Connection,
    tenant: &TenantId,
    link: Link,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<bool> {
    let has_room = links::add_link(connection, tenant, link, now, renderer).await?;
    if has_room {
        note(connection, author, tenant, || link_note("catalogue.link", link)).await?;
    }
    Ok(has_room)
}

/// One row for all of them: an import adds thousands.
pub(crate) async fn add_links(
    connection: &mut Connection,
    tenant: &TenantId,
    links: &[Link],
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<Option<u64>> {
    let added = links::add_links(connection, tenant, links, now, renderer).await?;
    if let Some(count) = added.filter(|count| *count > 0) {
        let imported = || changed("catalogue.link", "tenant", tenant, None, Some(json!({ "imported_links": count })));
        note(connection, author, tenant, imported).await?;
    }
    Ok(added)
}

pub(crate) async fn remove_link(
    connection: &mut Connection,
    tenant: &TenantId,
    link: Link,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<()> {
    links::remove_link(connection, tenant, link, now, renderer).await?;
    note(connection, author, tenant, || link_note("catalogue.unlink", link)).await
}

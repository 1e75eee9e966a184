//! Adds, lists and removes rows of the audit.

use super::super::{Connection, Db, DbRow, Writers, positions::timestamp, transaction::Transaction};
use crate::audit_seal::{START, content_hash, row_hash};
use crate::{AuditEntry, AuditFilter, AuditNote, Result, StoreError};
use milepost_domain::{AccessTokenId, Author, TenantId, Timestamp, UserId};
use serde_json::{Value, json};
use sqlx::{QueryBuilder, Row};

/// The bytes of `before` or `after`. A longer one is left out, and its length is shown.
const MAX_CONTENT_BYTES: usize = 16 * 1024;
/// Rows that one transaction removes.
const STEP_ROWS: i64 = 5_000;
/// Steps for each tenant in one round.
const STEPS: usize = 20;

/// Adds a row if there is an author. A transaction calls it last, after it has appended its facts: it locks the tenant's counter, as
/// they do, until the commit.
pub(crate) async fn note(
    connection: &mut Connection,
    author: Option<&Author>,
    tenant: &TenantId,
    note: impl FnOnce() -> AuditNote,
) -> Result<()> {
    match author {
        Some(author) => append(connection, tenant, author, &note()).await,
        None => Ok(()),
    }
}

pub(crate) async fn append(
    connection: &mut Connection,
    tenant: &TenantId,
    author: &Author,
    note: &AuditNote,
) -> Result<()> {
    let counter = sqlx::query::<Db>(
        "update event_counters set audit_last = audit_last + 1
         where tenant_no = (select tenant_no from tenants where id = $1)
         returning tenant_no, audit_last, audit_hash",
    )
    .bind(tenant.as_str())
    .fetch_optional(&mut *connection)
    .await?
    .ok_or(StoreError::NotFound("tenant"))?;
    let tenant_no: i64 = counter.try_get("tenant_no")?;
    let previous = counter.try_get::<Option<&[u8]>, _>("audit_hash")?.map_or(Ok(START), digest)?;
    let entry = AuditEntry {
        id: counter.try_get("audit_last")?,
        at: author.at,
        actor: author.user,
        access_token: author.access_token,
        action: note.action.to_owned(),
        subject: note.subject.clone(),
        before: note.before.as_ref().map(content),
        after: note.after.as_ref().map(content),
        address: author.address.map(|address| address.to_string()),
    };
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).expect("the operating system gives random bytes");
    let content = content_hash(&salt, entry.before.as_deref(), entry.after.as_deref());
    let hash = row_hash(&previous, tenant_no, &entry, &content);
    sqlx::query::<Db>(
        "insert into audit (tenant_no, id, at_ms, actor, access_token, action, subject, before, after, salt, content_hash,
         address, hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(tenant_no)
    .bind(entry.id)
    .bind(entry.at.unix_ms())
    .bind(entry.actor.map(UserId::get))
    .bind(entry.access_token.map(AccessTokenId::get))
    .bind(entry.action)
    .bind(entry.subject)
    .bind(entry.before)
    .bind(entry.after)
    .bind(salt.as_slice())
    .bind(content.as_slice())
    .bind(entry.address)
    .bind(hash.as_slice())
    .execute(&mut *connection)
    .await?;
    sqlx::query::<Db>("update event_counters set audit_hash = $1 where tenant_no = $2")
        .bind(hash.as_slice())
        .bind(tenant_no)
        .execute(connection)
        .await?;
    Ok(())
}

fn content(value: &Value) -> String {
    let text = value.to_string();
    if text.len() <= MAX_CONTENT_BYTES { text } else { json!({ "bytes": text.len() }).to_string() }
}

pub(crate) fn digest(bytes: &[u8]) -> Result<[u8; 32]> {
    bytes.try_into().map_err(|_| StoreError::Corrupt("a hash of the audit has another length".to_owned()))
}

/// Reads a row's columns, without its hashes.
pub(crate) fn entry(row: &DbRow) -> Result<AuditEntry> {
    Ok(AuditEntry {
        id: row.try_get("id")?,
        at: timestamp(row.try_get("at_ms")?)?,
        actor: row.try_get::<Option<i64>, _>("actor")?.map(UserId::new).transpose()?,
        access_token: row.try_get::<Option<i64>, _>("access_token")?.map(AccessTokenId::new).transpose()?,
        action: row.try_get("action")?,
        subject: row.try_get("subject")?,
        before: row.try_get("before")?,
        after: row.try_get("after")?,
        address: row.try_get("address")?,
    })
}

pub(crate) async fn list(
    connection: &mut Connection,
    tenant: &TenantId,
    filter: &AuditFilter,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<AuditEntry>> {
    let mut query = QueryBuilder::<Db>::new(
        "select id, at_ms, actor, access_token, action, subject, before, after, address from audit
         where tenant_no = (select tenant_no from tenants where id = ",
    );
    query.push_bind(tenant.as_str()).push(") and at_ms >= ").push_bind(filter.from.unix_ms());
    query.push(" and at_ms < ").push_bind(filter.to.unix_ms());
    if let Some(before) = before {
        query.push(" and id < ").push_bind(before);
    }
    if let Some(actor) = filter.actor {
        query.push(" and actor = ").push_bind(actor.get());
    }
    if let Some(subject) = &filter.subject {
        query.push(" and subject = ").push_bind(subject.as_str());
    }
    if let Some(action) = &filter.action {
        query.push(" and action = ").push_bind(action.as_str());
    }
    query.push(" order by id desc limit ").push_bind(i64::from(limit));
    query.build().fetch_all(connection).await?.iter().map(entry).collect()
}

/// Removes the rows of before `cutoff` at the beginning of each tenant's chain, in steps. The last removed row's hash is kept, so
/// that the rest can be checked. Returns true if there is more.
pub(crate) async fn prune(writers: &Writers, tenant_no: i64, cutoff: Timestamp, count: &mut u64) -> Result<bool> {
    for _ in 0..STEPS {
        let mut transaction = Transaction::begin(writers, None).await?;
        let removed = remove_step(transaction.connection(), tenant_no, cutoff).await;
        let removed = transaction.finish(removed).await?;
        *count += removed;
        if i64::try_from(removed).is_ok_and(|removed| removed < STEP_ROWS) {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn remove_step(connection: &mut Connection, tenant_no: i64, cutoff: Timestamp) -> Result<u64> {
    let (removed_to, last): (i64, i64) = sqlx::query_as::<Db, (i64, i64)>(
        "select audit_removed_to, audit_last from event_counters where tenant_no = $1",
    )
    .bind(tenant_no)
    .fetch_one(&mut *connection)
    .await?;
    let first_kept =
        sqlx::query_scalar::<Db, i64>("select id from audit where tenant_no = $1 and at_ms >= $2 order by id limit 1")
            .bind(tenant_no)
            .bind(cutoff.unix_ms())
            .fetch_optional(&mut *connection)
            .await?;
    let up_to = first_kept.map_or(last, |first| first - 1).min(removed_to + STEP_ROWS);
    if up_to <= removed_to {
        return Ok(0);
    }
    // A row that is missing was removed by hand. Its successor can't be checked then, and stays, so that the check finds it.
    let moved = sqlx::query::<Db>(
        "update event_counters set audit_removed_to = $2, audit_removed_hash =
            (select hash from audit where tenant_no = $1 and id = $2)
         where tenant_no = $1 and exists (select 1 from audit where tenant_no = $1 and id = $2)",
    )
    .bind(tenant_no)
    .bind(up_to)
    .execute(&mut *connection)
    .await?;
    if moved.rows_affected() == 0 {
        return Ok(0);
    }
    let removed = sqlx::query::<Db>("delete from audit where tenant_no = $1 and id <= $2")
        .bind(tenant_no)
        .bind(up_to)
        .execute(connection)
        .await?;
    Ok(removed.rows_affected())
}

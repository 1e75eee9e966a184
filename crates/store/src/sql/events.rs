//! Events: facts with a gapless number in each tenant, in the order of commit.

use super::{Connection, Db, webhooks};
use crate::{Result, StoreError, fact_code};
use milepost_domain::{Event, Fact, TenantId, Timestamp, WEBHOOK_KINDS};
use sqlx::Row;

/// Takes $1 ids of tenant $2; answers its number and the last id. The parameters stand in their order, because SQLite
/// itself numbers them so, whatever they are called.
pub(super) const TAKE_IDS: &str = "update event_counters set last = last + $1
    where tenant_no = (select tenant_no from tenants where id = $2)
    returning tenant_no, last";

pub(super) const INSERT_EVENT: &str =
    "insert into events (tenant_no, id, at_ms, kind, payload) values ($1, $2, $3, $4, $5)";

/// Appends facts and returns the last one's id. Must be the last thing that a transaction does: from here to the commit
/// it holds the tenant's counter, and whoever else appends to this tenant waits. That is what keeps ids in the order of
/// commit. Whoever appends to several tenants does so in ascending order, or two of them wait for each other forever.
/// Facts that webhooks may be told are stored as calls to them as well.
pub(super) async fn append_facts(
    connection: &mut Connection,
    tenant: &TenantId,
    facts: &[Fact],
    now: Timestamp,
) -> Result<i64> {
    let count = i64::try_from(facts.len()).expect("facts fit in memory");
    let counter = sqlx::query::<Db>(TAKE_IDS)
        .bind(count)
        .bind(tenant.as_str())
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(StoreError::NotFound("tenant"))?;
    let tenant_no: i64 = counter.try_get("tenant_no")?;
    let last: i64 = counter.try_get("last")?;
    for (id, fact) in (last - count + 1..).zip(facts) {
        let (kind, payload) = fact_code::encode(fact);
        sqlx::query::<Db>(INSERT_EVENT)
            .bind(tenant_no)
            .bind(id)
            .bind(now.unix_ms())
            .bind(kind)
            .bind(payload.as_str())
            .execute(&mut *connection)
            .await?;
        if WEBHOOK_KINDS.contains(&kind) {
            webhooks::call_webhooks(connection, tenant_no, id, kind, &payload, now).await?;
        }
    }
    Ok(last)
}

pub(super) async fn events_after(
    connection: &mut Connection,
    tenant: &TenantId,
    id: i64,
    limit: u32,
) -> Result<Vec<Event>> {
    let rows = sqlx::query::<Db>(
        "select id, at_ms, kind, payload from events
         where tenant_no = (select tenant_no from tenants where id = $1) and id > $2
         order by id limit $3",
    )
    .bind(tenant.as_str())
    .bind(id)
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Event {
                id: row.try_get("id")?,
                at: super::positions::timestamp(row.try_get("at_ms")?)?,
                fact: fact_code::decode(row.try_get("kind")?, row.try_get("payload")?)?,
            })
        })
        .collect()
}

pub(super) async fn newest_event_ids(connection: &mut Connection) -> Result<Vec<(TenantId, i64)>> {
    sqlx::query::<Db>("select t.id, c.last from event_counters c join tenants t on t.tenant_no = c.tenant_no")
        .fetch_all(connection)
        .await?
        .iter()
        .map(|row| Ok((TenantId::new(row.try_get("id")?)?, row.try_get("last")?)))
        .collect()
}

pub(super) async fn newest_event_id(connection: &mut Connection, tenant: &TenantId) -> Result<i64> {
    let last = sqlx::query_scalar::<Db, i64>(
        "select last from event_counters where tenant_no = (select tenant_no from tenants where id = $1)",
    )
    .bind(tenant.as_str())
    .fetch_optional(connection)
    .await?;
    Ok(last.unwrap_or(0))
}

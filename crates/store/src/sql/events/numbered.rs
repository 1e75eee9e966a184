//! Events: facts with a number without gaps in each tenant, in the order of commit.

use super::super::{Connection, Db, DbRow, outgoing::webhooks};
use super::fleet;
use crate::{Renderer, Result, StoreError, StoredEvents, event_payload};
use milepost_domain::{Audience, Event, Fact, TenantId, Timestamp};
use sqlx::{QueryBuilder, Row};

/// Events that one statement stores. The tenant's other writers then wait for a few round trips instead of one for each
/// event.
const ROWS_AT_ONCE: usize = 100;

/// Takes $1 ids of tenant $2. Returns the tenant's number and the last id. Parameters are listed in the order of their
/// numbers, because SQLite numbers them in that order whatever their names are.
const TAKE_IDS: &str = "update event_counters set last = last + $1
    where tenant_no = (select tenant_no from tenants where id = $2)
    returning tenant_no, last";

/// The audience of an event as column values: staff, a cadet, a user.
fn marks(fact: &Fact) -> (Option<bool>, Option<i64>, Option<i64>) {
    match fact.audience() {
        Audience::Internal => (None, None, None),
        Audience::Staff => (Some(true), None, None),
        Audience::Cadet(cadet) => (Some(true), Some(cadet.get()), None),
        Audience::User(user) => (None, None, Some(user.get())),
    }
}

/// Appends facts and returns the last one's id. It must be the last action of a transaction: it locks the tenant's
/// counter until the commit, and other writers of this tenant wait. This keeps ids in the order of commit. A
/// transaction that appends to several tenants does so in ascending order, or two of them could deadlock. Public facts
/// are also stored as calls to webhooks.
pub(crate) async fn append_facts(
    connection: &mut Connection,
    tenant: &TenantId,
    facts: &[Fact],
    now: Timestamp,
    renderer: &dyn Renderer,
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
    let ids: Vec<i64> = (last - count + 1..=last).collect();
    for (ids, facts) in ids.chunks(ROWS_AT_ONCE).zip(facts.chunks(ROWS_AT_ONCE)) {
        let coded: Vec<_> = facts.iter().map(event_payload::encode).collect();
        let mut insert = QueryBuilder::<Db>::new(
            "insert into events (tenant_no, id, at_ms, kind, payload, for_staff, for_cadet, for_user, for_fleet, for_driver) ",
        );
        insert.push_values(ids.iter().zip(facts).zip(&coded), |mut row, ((id, fact), (kind, payload))| {
            let (for_staff, for_cadet, for_user) = marks(fact);
            row.push_bind(tenant_no)
                .push_bind(*id)
                .push_bind(now.unix_ms())
                .push_bind(*kind)
                .push_bind(payload.as_str());
            row.push_bind(for_staff).push_bind(for_cadet).push_bind(for_user);
            let (for_fleet, for_driver) = fleet::marks(fact);
            row.push_bind(for_fleet).push_bind(for_driver);
        });
        // A separate statement for every number of facts would fill the connection's statement cache.
        let stays_in_cache = facts.len() <= 2 || facts.len() == ROWS_AT_ONCE;
        insert.build().persistent(stays_in_cache).execute(&mut *connection).await?;
        for (id, fact) in ids.iter().zip(facts) {
            if let Some(message) = renderer.webhook_message(*id, now, fact) {
                webhooks::call_webhooks(connection, tenant_no, &message, now).await?;
            }
        }
    }
    Ok(last)
}

pub(crate) async fn events_after(
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
    rows.iter().map(event).collect()
}

/// Reads an event from the columns `id, at_ms, kind, payload`.
pub(crate) fn event(row: &DbRow) -> Result<Event> {
    Ok(Event {
        id: row.try_get("id")?,
        at: super::super::positions::timestamp(row.try_get("at_ms")?)?,
        fact: event_payload::decode(row.try_get("kind")?, row.try_get("payload")?),
    })
}

pub(crate) async fn feed_name(connection: &mut Connection) -> Result<String> {
    Ok(sqlx::query_scalar::<Db, String>("select name from feed").fetch_one(connection).await?)
}

pub(crate) async fn newest_event_ids(connection: &mut Connection) -> Result<Vec<(TenantId, i64)>> {
    sqlx::query::<Db>("select t.id, c.last from event_counters c join tenants t on t.tenant_no = c.tenant_no")
        .fetch_all(connection)
        .await?
        .iter()
        .map(|row| Ok((TenantId::stored(row.try_get("id")?)?, row.try_get("last")?)))
        .collect()
}

pub(crate) async fn count_events_ever(connection: &mut Connection) -> Result<i64> {
    let count = sqlx::query_scalar::<Db, i64>("select coalesce(cast(sum(last) as bigint), 0) from event_counters");
    Ok(count.fetch_one(connection).await?)
}

pub(crate) async fn newest_event_id(connection: &mut Connection, tenant: &TenantId) -> Result<i64> {
    let last = sqlx::query_scalar::<Db, i64>(
        "select last from event_counters where tenant_no = (select tenant_no from tenants where id = $1)",
    )
    .bind(tenant.as_str())
    .fetch_optional(connection)
    .await?;
    Ok(last.unwrap_or(0))
}

pub(crate) async fn stored_events(connection: &mut Connection, tenant: &TenantId) -> Result<StoredEvents> {
    let row = sqlx::query::<Db>(
        "select last, (select min(id) from events e where e.tenant_no = c.tenant_no) as first from event_counters c
         where tenant_no = (select tenant_no from tenants where id = $1)",
    )
    .bind(tenant.as_str())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(StoredEvents { removed_to: 0, newest: 0 }) };
    let newest: i64 = row.try_get("last")?;
    let first: Option<i64> = row.try_get("first")?;
    Ok(StoredEvents { removed_to: first.map_or(newest, |first| first - 1), newest })
}

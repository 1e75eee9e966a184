//! Leases due calls to one node at a time.

use super::super::dialect::SELECT_DUE_CALLS;
use super::super::{Connection, Db, DbRow, positions::timestamp, push::subscriptions};
use super::calls;
use crate::{CallNo, DueCall, DuePush, DueWebhook, Result};
use milepost_domain::{TenantId, Timestamp};
use sqlx::{AssertSqlSafe, Row};

/// Calls to one target in one lease. Other targets get a share even if many calls wait for a receiver that does not
/// answer.
const TARGET_CALLS: i64 = 8;

/// Lists the targets with waiting calls. It reads one index entry for each target, however many calls wait.
macro_rules! targets {
    () => {
        "with recursive targets (target) as (
            select min(target) from outgoing_calls where next_attempt_ms is not null
            union all
            select (select min(c.target) from outgoing_calls c
                    where c.target > t.target and c.next_attempt_ms is not null)
            from targets t where t.target is not null
         )"
    };
}

pub(crate) async fn next_call_due(connection: &mut Connection) -> Result<Option<Timestamp>> {
    let due = sqlx::query_scalar::<Db, Option<i64>>(concat!(
        targets!(),
        " select min((select min(c.next_attempt_ms) from outgoing_calls c
                      where c.target = t.target and c.next_attempt_ms is not null)) from targets t"
    ))
    .fetch_one(connection)
    .await?;
    due.map(timestamp).transpose()
}

pub(crate) async fn release_calls(connection: &mut Connection, now: Timestamp) -> Result<u64> {
    let released = sqlx::query::<Db>("update outgoing_calls set next_attempt_ms = $1 where next_attempt_ms > $1")
        .bind(now.unix_ms())
        .execute(connection)
        .await?;
    Ok(released.rows_affected())
}

fn due_call(row: &DbRow) -> Result<DueCall> {
    Ok(DueCall {
        no: CallNo(row.try_get("call_no")?),
        tenant: TenantId::new(row.try_get("tenant")?)?,
        target: calls::target(row)?,
        webhook: match row.try_get::<Option<String>, _>("url")? {
            Some(url) => Some(DueWebhook {
                url,
                secret: row.try_get("secret")?,
                is_disabled: row.try_get::<Option<i64>, _>("disabled_ms")?.is_some(),
            }),
            None => None,
        },
        push: match row.try_get::<Option<String>, _>("endpoint")? {
            Some(endpoint) => Some(DuePush {
                endpoint,
                keys: subscriptions::keys(row)?,
                is_urgent: row.try_get("urgent")?,
                expires_at: row.try_get::<Option<i64>, _>("expires_ms")?.map(timestamp).transpose()?,
            }),
            None => None,
        },
        path: row.try_get("path")?,
        body: row.try_get("body")?,
        key: row.try_get("key")?,
        created_at: timestamp(row.try_get("created_ms")?)?,
        attempts: calls::attempts(row)?,
    })
}

/// A leased call is due again when its lease ends, so that a node that dies loses no calls.
pub(crate) async fn take_due_calls(
    connection: &mut Connection,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u32,
) -> Result<Vec<DueCall>> {
    let sql = format!(
        "{targets}, due as materialized ({SELECT_DUE_CALLS})
         update outgoing_calls set next_attempt_ms = $4 where call_no in (select call_no from due)
         returning call_no, target, webhook_no, push_no, path, body, key, created_ms, attempts,
         urgent, expires_ms, (select t.id from tenants t where t.tenant_no = outgoing_calls.tenant_no) as tenant,
         (select w.url from webhooks w where w.webhook_no = outgoing_calls.webhook_no) as url,
         (select w.secret from webhooks w where w.webhook_no = outgoing_calls.webhook_no) as secret,
         (select w.disabled_ms from webhooks w where w.webhook_no = outgoing_calls.webhook_no) as disabled_ms,
         (select s.endpoint from push_subscriptions s where s.push_no = outgoing_calls.push_no) as endpoint,
         (select s.p256dh from push_subscriptions s where s.push_no = outgoing_calls.push_no) as p256dh,
         (select s.auth from push_subscriptions s where s.push_no = outgoing_calls.push_no) as auth",
        targets = targets!()
    );
    let rows = sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(now.unix_ms())
        .bind(TARGET_CALLS)
        .bind(i64::from(limit))
        .bind(lease_until.unix_ms())
        .fetch_all(connection)
        .await?;
    let mut taken: Vec<DueCall> = rows.iter().map(due_call).collect::<Result<_>>()?;
    // The statement returns rows in any order.
    taken.sort_by_key(|call| call.no);
    Ok(taken)
}

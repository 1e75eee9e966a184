//! Finds the queues with due calls, and leases their calls to one node at a time.

use super::super::dialect::LOCK_FREE_CALLS;
use super::super::{Connection, Db, DbRow, positions::timestamp, push::subscriptions};
use super::{calls, mails, webhooks};
use crate::{CallNo, CallQueue, DueCall, DuePush, DueQueue, DueReceiver, DueWebhook, Result};
use milepost_domain::{Target, TenantId, Timestamp};
use sqlx::{AssertSqlSafe, Row};

/// Lists the queues with waiting calls, and when the first call of each is due: after the pause that its receiver asked
/// for, if any. Mails to a user keep their order, so that the oldest one counts, which may be on its way. It reads two index entries for each queue, however many calls wait. (SQLite does not use both columns of an
/// index to compare pairs with those of a recursive table, hence the two steps.)
macro_rules! waiting_queues {
    () => {
        "with recursive callers (tenant_no) as (
            select min(tenant_no) from outgoing_calls where next_attempt_ms is not null
            union all
            select (select min(c.tenant_no) from outgoing_calls c
                    where c.tenant_no > t.tenant_no and c.next_attempt_ms is not null)
            from callers t where t.tenant_no is not null
         ), queues (tenant_no, target) as (
            select t.tenant_no, (select min(c.target) from outgoing_calls c
                                 where c.tenant_no = t.tenant_no and c.next_attempt_ms is not null)
            from callers t where t.tenant_no is not null
            union all
            select q.tenant_no, (select min(c.target) from outgoing_calls c
                                 where c.tenant_no = q.tenant_no and c.target > q.target and c.next_attempt_ms is not null)
            from queues q where q.target is not null
         ), firsts as materialized (
            select q.tenant_no, q.target, p.until_ms,
                   case when q.target like 'mail/%' then
                       (select c.next_attempt_ms from outgoing_calls c
                        where c.tenant_no = q.tenant_no and c.target = q.target and c.next_attempt_ms is not null
                        order by c.call_no limit 1)
                   else
                       (select min(c.next_attempt_ms) from outgoing_calls c
                        where c.tenant_no = q.tenant_no and c.target = q.target and c.next_attempt_ms is not null)
                   end as first_ms
            from queues q left join outgoing_pauses p on p.target = q.target where q.target is not null
         ), waiting as (
            select f.tenant_no, f.target, case when f.until_ms > f.first_ms then f.until_ms else f.first_ms end as due_ms
            from firsts f where f.first_ms is not null
         )"
    };
}

pub(crate) async fn next_call_due(connection: &mut Connection) -> Result<Option<Timestamp>> {
    let due = sqlx::query_scalar::<Db, Option<i64>>(concat!(waiting_queues!(), " select min(w.due_ms) from waiting w"))
        .fetch_one(connection)
        .await?;
    due.map(timestamp).transpose()
}

/// Each tenant's first queue comes before any tenant's second one, so that a tenant with many receivers hides nobody.
pub(crate) async fn due_queues(connection: &mut Connection, now: Timestamp, limit: u32) -> Result<Vec<DueQueue>> {
    let rows = sqlx::query::<Db>(concat!(
        waiting_queues!(),
        ", chosen as (
            select w.tenant_no, w.target, w.due_ms,
                   row_number() over (partition by w.tenant_no order by w.due_ms, w.target) as place,
                   (select c.call_no from outgoing_calls c where c.tenant_no = w.tenant_no and c.target = w.target
                    and c.next_attempt_ms is not null order by c.next_attempt_ms, c.call_no limit 1) as call_no
            from waiting w where w.due_ms <= $1
            order by place, w.due_ms limit $2
         )
         select d.tenant_no, d.target as queue, t.id as tenant, c.target, w.id as webhook_id, s.id as push_id, w.url, s.endpoint
         from chosen d join tenants t on t.tenant_no = d.tenant_no join outgoing_calls c on c.call_no = d.call_no
         left join webhooks w on w.webhook_no = c.webhook_no left join push_subscriptions s on s.push_no = c.push_no
         order by d.place, d.due_ms"
    ))
    .bind(now.unix_ms())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter().map(due_queue).collect()
}

fn due_queue(row: &DbRow) -> Result<DueQueue> {
    Ok(DueQueue {
        queue: CallQueue::new(row.try_get("tenant_no")?, row.try_get("queue")?),
        tenant: TenantId::stored(row.try_get("tenant")?)?,
        receiver: match calls::target(row)? {
            Target::Orders => DueReceiver::Orders,
            Target::Notifications => DueReceiver::Notifications,
            Target::Webhook(_) => DueReceiver::Webhook { url: row.try_get("url")? },
            Target::Push(_) => DueReceiver::Push { endpoint: row.try_get("endpoint")? },
            Target::Mail(user) => DueReceiver::Mail { user },
        },
    })
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
        queue: CallQueue::new(row.try_get("tenant_no")?, row.try_get("target")?),
        tenant: TenantId::stored(row.try_get("tenant")?)?,
        target: calls::target(row)?,
        webhook: match row.try_get::<Option<String>, _>("url")? {
            Some(url) => Some(DueWebhook {
                url,
                secret: row.try_get("secret")?,
                old_secrets: webhooks::old_secrets(row.try_get("old_secrets")?)?,
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
        mail: None,
        path: row.try_get("path")?,
        body: row.try_get("body")?,
        key: row.try_get("key")?,
        created_at: timestamp(row.try_get("created_ms")?)?,
        attempts: calls::attempts(row)?,
        lease_until: timestamp(row.try_get("next_attempt_ms")?)?,
    })
}

/// A leased call is due again when its lease ends, so that a node that dies loses no calls.
pub(crate) async fn take_due_calls(
    connection: &mut Connection,
    queues: &[(CallQueue, u32)],
    now: Timestamp,
    lease_until: Timestamp,
) -> Result<Vec<DueCall>> {
    // PostgreSQL would repeat a select that is not materialized, and lock more calls than it takes.
    let sql = format!(
        "with due as materialized (
            select c.call_no from outgoing_calls c
            where c.tenant_no = $1 and c.target = $2 and c.next_attempt_ms <= $3
            and (c.mail_user_id is null or c.call_no =
                (select min(o.call_no) from outgoing_calls o
                 where o.mail_user_id = c.mail_user_id and o.next_attempt_ms is not null))
            order by c.next_attempt_ms, c.call_no limit $4 {LOCK_FREE_CALLS}
         )
         update outgoing_calls set next_attempt_ms = $5 where call_no in (select call_no from due)
         returning call_no, tenant_no, target, path, body, key, created_ms, attempts,
         next_attempt_ms, urgent, expires_ms, mail_user_id, mail_job_no, last_status, (select t.id from tenants t where t.tenant_no = outgoing_calls.tenant_no) as tenant,
         (select w.id from webhooks w where w.webhook_no = outgoing_calls.webhook_no) as webhook_id,
         (select s.id from push_subscriptions s where s.push_no = outgoing_calls.push_no) as push_id,
         (select w.url from webhooks w where w.webhook_no = outgoing_calls.webhook_no) as url,
         (select w.secret from webhooks w where w.webhook_no = outgoing_calls.webhook_no) as secret,
         (select w.old_secrets from webhooks w where w.webhook_no = outgoing_calls.webhook_no) as old_secrets,
         (select w.disabled_ms from webhooks w where w.webhook_no = outgoing_calls.webhook_no) as disabled_ms,
         (select s.endpoint from push_subscriptions s where s.push_no = outgoing_calls.push_no) as endpoint,
         (select s.p256dh from push_subscriptions s where s.push_no = outgoing_calls.push_no) as p256dh,
         (select s.auth from push_subscriptions s where s.push_no = outgoing_calls.push_no) as auth"
    );
    let mut taken: Vec<DueCall> = Vec::new();
    for (queue, count) in queues {
        let rows = sqlx::query::<Db>(AssertSqlSafe(sql.clone()))
            .bind(queue.tenant_no)
            .bind(queue.target.as_str())
            .bind(now.unix_ms())
            .bind(i64::from(*count))
            .bind(lease_until.unix_ms())
            .fetch_all(&mut *connection)
            .await?;
        for row in &rows {
            taken.push(DueCall { mail: mails::due_mail(connection, row).await?, ..due_call(row)? });
        }
    }
    // The statement returns rows in any order.
    taken.sort_by_key(|call| call.no);
    Ok(taken)
}

/// Calls whose lease has ended stay as they are: another node may have taken them.
pub(crate) async fn give_back_calls(
    connection: &mut Connection,
    calls: &[(CallNo, Timestamp)],
    due: Timestamp,
) -> Result<()> {
    for (no, lease_until) in calls {
        sqlx::query::<Db>("update outgoing_calls set next_attempt_ms = $3 where call_no = $1 and next_attempt_ms = $2")
            .bind(no.0)
            .bind(lease_until.unix_ms())
            .bind(due.unix_ms())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// A pause never gets shorter: several answers may ask for it at once.
pub(crate) async fn pause_queues(
    connection: &mut Connection,
    queues: &[CallQueue],
    until: Timestamp,
    now: Timestamp,
) -> Result<()> {
    sqlx::query::<Db>("delete from outgoing_pauses where until_ms <= $1")
        .bind(now.unix_ms())
        .execute(&mut *connection)
        .await?;
    // In one order, so that two nodes can't deadlock.
    let mut targets: Vec<&str> = queues.iter().map(|queue| queue.target.as_str()).collect();
    targets.sort_unstable();
    for target in targets {
        sqlx::query::<Db>(
            "insert into outgoing_pauses (target, until_ms) values ($1, $2) on conflict (target) do update
             set until_ms = excluded.until_ms where outgoing_pauses.until_ms < excluded.until_ms",
        )
        .bind(target)
        .bind(until.unix_ms())
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

//! Outgoing calls: stored with their cause, listed, and settled after a try.

use super::super::dialect::DUE_AT_ONCE;
use super::super::numbers::take_call_numbers;
use super::super::{Connection, Db, DbRow, positions::timestamp, push::subscriptions};
use super::{mails, webhooks};
use crate::failure::taken;
use crate::{CallId, CallNo, CallOutcome, CallState, Result, StoreError, StoredCall};
use milepost_domain::{OutgoingCall, PushId, Target, TenantId, Timestamp, WebhookId};
use sqlx::{AssertSqlSafe, Row};

/// The longest stored error message, in characters. It may come from the receiver.
const MAX_ERROR_CHARS: usize = 500;

/// Stores calls that are due at once. `Conflict("outgoing call")` if a call with its key exists.
pub(crate) async fn store_calls(
    connection: &mut Connection,
    tenant_no: i64,
    calls: &[OutgoingCall],
    now: Timestamp,
) -> Result<()> {
    if calls.is_empty() {
        return Ok(());
    }
    let last = take_call_numbers(connection, tenant_no, calls.len()).await?;
    let first = last - i64::try_from(calls.len()).expect("the calls fit in memory") + 1;
    let (from, to) = DUE_AT_ONCE;
    let sql = format!(
        "insert into outgoing_calls (tenant_no, target, path, body, key, created_ms, next_attempt_ms, id)
         values ($1, $2, $3, $4, $5, $6, {from}$6{to}, $7)"
    );
    for (call, id) in calls.iter().zip(first..) {
        sqlx::query::<Db>(AssertSqlSafe(sql.clone()))
            .bind(tenant_no)
            .bind(service_name(call.target).ok_or(StoreError::NotFound("receiver"))?)
            .bind(call.path.as_str())
            .bind(call.body.as_str())
            .bind(call.key.as_str())
            .bind(now.unix_ms())
            .bind(id)
            .execute(&mut *connection)
            .await
            .map_err(taken("outgoing call"))?;
    }
    Ok(())
}

/// The target of a service's calls. `None` for webhooks and browsers, whose calls the store makes itself.
const fn service_name(target: Target) -> Option<&'static str> {
    match target {
        Target::Orders => Some("orders"),
        Target::Notifications => Some("notifications"),
        Target::Webhook(_) | Target::Push(_) | Target::Mail(_) => None,
    }
}

/// The columns that [`stored_call`] reads.
pub(crate) const STORED_CALL: &str =
    "id, target, body, key, created_ms, attempts, next_attempt_ms, last_status, last_error,
    delivered_ms, dead_ms,
    (select w.id from webhooks w where w.webhook_no = outgoing_calls.webhook_no) as webhook_id,
    (select s.id from push_subscriptions s where s.push_no = outgoing_calls.push_no) as push_id";

/// The target of a webhook's calls. It names the tenant, because a receiver's pause is stored by the target alone.
pub(crate) fn webhook_target(tenant_no: i64, id: WebhookId) -> String {
    format!("webhook/{tenant_no}/{id}")
}

/// Reads the target of a call from the columns `target, webhook_id, push_id`.
pub(crate) fn target(row: &DbRow) -> Result<Target> {
    if let Some(id) = row.try_get::<Option<i64>, _>("webhook_id")? {
        return Ok(Target::Webhook(WebhookId(id)));
    }
    if let Some(id) = row.try_get::<Option<i64>, _>("push_id")? {
        return Ok(Target::Push(PushId::new(id)?));
    }
    match row.try_get("target")? {
        "orders" => Ok(Target::Orders),
        "notifications" => Ok(Target::Notifications),
        other => match mails::user_of_target(other) {
            Some(user) => Ok(Target::Mail(user)),
            None => Err(StoreError::Corrupt(format!("target {other} of an outgoing call"))),
        },
    }
}

/// Reads the number of tries.
pub(crate) fn attempts(row: &DbRow) -> Result<u32> {
    Ok(u32::try_from(row.try_get::<i64, _>("attempts")?).unwrap_or(u32::MAX))
}

/// Reads a call as its tenant sees it.
pub(crate) fn stored_call(row: &DbRow) -> Result<StoredCall> {
    let instant =
        |column| -> Result<Option<Timestamp>> { row.try_get::<Option<i64>, _>(column)?.map(timestamp).transpose() };
    let state = if let Some(at) = instant("delivered_ms")? {
        CallState::Delivered { at }
    } else if let Some(at) = instant("dead_ms")? {
        CallState::Dead { at }
    } else {
        let next_attempt_at =
            instant("next_attempt_ms")?.ok_or_else(|| StoreError::Corrupt("a call without a state".to_owned()))?;
        CallState::Pending { next_attempt_at }
    };
    Ok(StoredCall {
        id: CallId(row.try_get("id")?),
        target: target(row)?,
        body: row.try_get("body")?,
        key: row.try_get("key")?,
        created_at: timestamp(row.try_get("created_ms")?)?,
        attempts: attempts(row)?,
        last_status: row.try_get::<Option<i64>, _>("last_status")?.and_then(|status| u16::try_from(status).ok()),
        last_error: row.try_get("last_error")?,
        state,
    })
}

pub(crate) async fn list_calls(
    connection: &mut Connection,
    tenant: &TenantId,
    target: Option<Target>,
    before: Option<CallId>,
    limit: u32,
) -> Result<Vec<StoredCall>> {
    // Each of these columns has its own index. The rows are compared and sorted in the order of that index. Otherwise
    // PostgreSQL may estimate that scanning all tenants' calls finds the few calls of a quiet tenant sooner.
    const TENANT: &str = "(select tenant_no from tenants where id = $1)";
    let (key, of, within, order) = match target {
        None => ("tenant_no", TENANT.to_owned(), "true", "tenant_no desc"),
        Some(Target::Webhook(_)) => (
            "webhook_no",
            format!("(select webhook_no from webhooks where tenant_no = {TENANT} and id = $4)"),
            "webhook_no is not null",
            "webhook_no desc",
        ),
        Some(Target::Push(_)) => (
            "push_no",
            format!("(select push_no from push_subscriptions where tenant_no = {TENANT} and id = $4)"),
            "push_no is not null",
            "push_no desc",
        ),
        Some(_) => ("tenant_no, target", format!("{TENANT}, $4"), "webhook_no is null", "tenant_no desc, target desc"),
    };
    let sql = format!(
        "select {STORED_CALL} from outgoing_calls
         where ({key}, id) > ({of}, 0) and ({key}, id) < ({of}, $2) and {within}
         order by {order}, id desc limit $3"
    );
    let query = sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(tenant.as_str())
        .bind(before.map_or(i64::MAX, |before| before.0))
        .bind(i64::from(limit));
    let query = match target {
        None => query,
        Some(Target::Webhook(id)) => query.bind(id.0),
        Some(Target::Push(id)) => query.bind(id.get()),
        Some(Target::Mail(user)) => query.bind(mails::mail_target(user.get())),
        Some(service) => query.bind(service_name(service)),
    };
    query.fetch_all(connection).await?.iter().map(stored_call).collect()
}

/// A call that was settled by another node, or removed, stays as it is.
pub(crate) async fn settle_call(
    connection: &mut Connection,
    no: CallNo,
    outcome: &CallOutcome,
    now: Timestamp,
) -> Result<()> {
    let (next_attempt, delivered, dead, status, error) = match outcome {
        CallOutcome::Gone => return subscriptions::remove_of_call(connection, no.0).await,
        CallOutcome::Delivered { status } => (None, Some(now), None, Some(*status), None),
        CallOutcome::Retry { at, status, error } => (Some(*at), None, None, *status, Some(error)),
        CallOutcome::Unwanted { status, error } => {
            webhooks::disable_of_call(connection, no.0, now).await?;
            (None, None, Some(now), Some(*status), Some(error))
        }
        CallOutcome::AddressRefused { status, error } => {
            mails::refuse_address_of_call(connection, no.0, now).await?;
            (None, None, Some(now), Some(*status), Some(error))
        }
        CallOutcome::Dead { status, error } => (None, None, Some(now), *status, Some(error)),
    };
    sqlx::query::<Db>(
        "update outgoing_calls set attempts = attempts + 1, next_attempt_ms = $2, delivered_ms = $3, dead_ms = $4,
         last_status = $5, last_error = $6 where call_no = $1 and next_attempt_ms is not null",
    )
    .bind(no.0)
    .bind(next_attempt.map(Timestamp::unix_ms))
    .bind(delivered.map(Timestamp::unix_ms))
    .bind(dead.map(Timestamp::unix_ms))
    .bind(status.map(i64::from))
    .bind(error.map(|error| short_error(error)))
    .execute(connection)
    .await?;
    Ok(())
}

/// Shortens an error message. PostgreSQL refuses text with a NUL, and nobody reads a page of it.
fn short_error(error: &str) -> String {
    error.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_ERROR_CHARS).collect()
}

pub(crate) async fn revive_call(
    connection: &mut Connection,
    tenant: &TenantId,
    id: CallId,
    now: Timestamp,
) -> Result<bool> {
    webhooks::enable_of_call(connection, tenant, id).await?;
    let (from, to) = DUE_AT_ONCE;
    let sql = format!(
        "update outgoing_calls set attempts = 0, dead_ms = null, next_attempt_ms = {from}$3{to}
         where tenant_no = (select tenant_no from tenants where id = $1) and id = $2 and dead_ms is not null"
    );
    let revived = sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(tenant.as_str())
        .bind(id.0)
        .bind(now.unix_ms())
        .execute(connection)
        .await?;
    Ok(revived.rows_affected() > 0)
}

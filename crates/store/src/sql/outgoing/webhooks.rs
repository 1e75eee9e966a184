//! Webhooks, and the calls to them about facts.

use super::super::dialect::{DUE_AT_ONCE, KINDS_OF_WEBHOOK, LOCK_TENANT, RANDOM_KEY, SHARE_WEBHOOKS};
use super::super::numbers::{Numbered, take_call_numbers, take_number};
use super::super::{Connection, Db, DbRow, accounts::tenants, positions::timestamp};
use super::calls;
use crate::{CallId, NewWebhook, Result, StoreError, StoredCall, WebhookChange, WebhookMessage};
use milepost_domain::{OldSecret, TenantId, Timestamp, Webhook, WebhookId};
use serde_json::json;
use sqlx::{AssertSqlSafe, Row};

/// Calls of a removed webhook that one transaction deletes.
const STEP_ROWS: i64 = 5_000;

/// Replaced secrets of a webhook that still sign. The oldest one is dropped for a further one.
const MAX_OLD_SECRETS: usize = 4;

/// The target of calls to the webhook `w`: see [`calls::webhook_target`].
const TARGET_OF_WEBHOOK: &str = "'webhook/' || w.tenant_no || '/' || w.id";

macro_rules! select_webhooks {
    ($rest:literal) => {
        concat!(
            "select w.id, t.id as tenant, w.url, w.kinds, w.secret, w.old_secrets, w.created_ms, w.disabled_ms, w.version \
             from webhooks w join tenants t on t.tenant_no = w.tenant_no ",
            $rest
        )
    };
}

fn webhook(row: &DbRow) -> Result<Webhook> {
    Ok(Webhook {
        id: WebhookId(row.try_get("id")?),
        tenant: TenantId::stored(row.try_get("tenant")?)?,
        url: row.try_get("url")?,
        kinds: serde_json::from_str(row.try_get("kinds")?)
            .map_err(|error| StoreError::Corrupt(format!("kinds of a webhook: {error}")))?,
        secret: row.try_get("secret")?,
        old_secrets: old_secrets(row.try_get("old_secrets")?)?,
        created_at: timestamp(row.try_get("created_ms")?)?,
        disabled_at: row.try_get::<Option<i64>, _>("disabled_ms")?.map(timestamp).transpose()?,
        version: row.try_get("version")?,
    })
}

/// Reads the column of replaced secrets.
pub(crate) fn old_secrets(json: &str) -> Result<Vec<OldSecret>> {
    let pairs: Vec<(Vec<u8>, i64)> = serde_json::from_str(json)
        .map_err(|error| StoreError::Corrupt(format!("old secrets of a webhook: {error}")))?;
    pairs.into_iter().map(|(secret, ms)| Ok(OldSecret { secret, valid_until: timestamp(ms)? })).collect()
}

pub(crate) async fn add_webhook(
    connection: &mut Connection,
    new: &NewWebhook,
    most: u32,
    now: Timestamp,
) -> Result<Option<Webhook>> {
    // Locks the tenant, so that only one transaction at a time counts and adds its webhooks.
    let lock = format!("select tenant_no from tenants where id = $1 {LOCK_TENANT}");
    let tenant_no = sqlx::query_scalar::<Db, i64>(AssertSqlSafe(lock))
        .bind(new.tenant.as_str())
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(StoreError::NotFound("tenant"))?;
    let count = sqlx::query_scalar::<Db, i64>("select count(*) from webhooks where tenant_no = $1")
        .bind(tenant_no)
        .fetch_one(&mut *connection)
        .await?;
    if count >= i64::from(most) {
        return Ok(None);
    }
    let id = take_number(connection, tenant_no, Numbered::Webhook).await?;
    sqlx::query::<Db>(
        "insert into webhooks (tenant_no, id, url, kinds, secret, created_ms) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(tenant_no)
    .bind(id)
    .bind(new.url.as_str())
    .bind(json!(new.kinds).to_string())
    .bind(new.secret.as_slice())
    .bind(now.unix_ms())
    .execute(connection)
    .await?;
    Ok(Some(Webhook {
        id: WebhookId(id),
        tenant: new.tenant.clone(),
        url: new.url.clone(),
        kinds: new.kinds.clone(),
        secret: new.secret.clone(),
        old_secrets: Vec::new(),
        created_at: now,
        disabled_at: None,
        version: 1,
    }))
}

pub(crate) async fn change_webhook(
    connection: &mut Connection,
    tenant: &TenantId,
    id: WebhookId,
    version: i64,
    change: &WebhookChange,
    now: Timestamp,
) -> Result<Option<Webhook>> {
    let changed = sqlx::query::<Db>(
        "update webhooks set url = coalesce($3, url), kinds = coalesce($4, kinds),
         disabled_ms = case when $5 = 1 then null when $5 = 0 then coalesce(disabled_ms, $6) else disabled_ms end,
         version = $7 + 1
         where version = $7 and tenant_no = (select tenant_no from tenants where id = $1) and id = $2",
    )
    .bind(tenant.as_str())
    .bind(id.0)
    .bind(change.url.as_deref())
    .bind(change.kinds.as_ref().map(|kinds| json!(kinds).to_string()))
    .bind(change.active.map(i64::from))
    .bind(now.unix_ms())
    .bind(version)
    .execute(&mut *connection)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(None);
    }
    if change.url.is_some() {
        // The receiver at the old URL asked for it.
        let tenant_no = tenants::tenant_no(connection, tenant).await?;
        sqlx::query::<Db>("delete from outgoing_pauses where target = $1")
            .bind(calls::webhook_target(tenant_no, id))
            .execute(&mut *connection)
            .await?;
    }
    get_webhook(connection, tenant, id).await
}

pub(crate) async fn replace_secret(
    connection: &mut Connection,
    tenant: &TenantId,
    id: WebhookId,
    secret: &[u8],
    old_valid_until: Timestamp,
    now: Timestamp,
) -> Result<Option<Webhook>> {
    // Changes nothing, but locks the webhook: two replacements at once both keep their secrets.
    sqlx::query::<Db>(
        "update webhooks set created_ms = created_ms
         where tenant_no = (select tenant_no from tenants where id = $1) and id = $2",
    )
    .bind(tenant.as_str())
    .bind(id.0)
    .execute(&mut *connection)
    .await?;
    let Some(before) = get_webhook(connection, tenant, id).await? else { return Ok(None) };
    let mut old = vec![OldSecret { secret: before.secret, valid_until: old_valid_until }];
    old.extend(before.old_secrets.into_iter().map(|one| {
        // «From now on the new one alone» means the older ones too.
        OldSecret { valid_until: one.valid_until.min(old_valid_until), ..one }
    }));
    old.retain(|one| one.valid_until > now);
    old.truncate(MAX_OLD_SECRETS);
    let pairs: Vec<_> = old.iter().map(|one| json!([one.secret, one.valid_until.unix_ms()])).collect();
    sqlx::query::<Db>(
        "update webhooks set secret = $3, old_secrets = $4, version = version + 1
         where tenant_no = (select tenant_no from tenants where id = $1) and id = $2",
    )
    .bind(tenant.as_str())
    .bind(id.0)
    .bind(secret)
    .bind(json!(pairs).to_string())
    .execute(&mut *connection)
    .await?;
    get_webhook(connection, tenant, id).await
}

/// Stores one call to the webhook, whatever kinds it gets.
pub(crate) async fn store_test_call(
    connection: &mut Connection,
    tenant: &TenantId,
    id: WebhookId,
    body: &str,
    now: Timestamp,
) -> Result<Option<StoredCall>> {
    let tenant_no = tenants::tenant_no(connection, tenant).await?;
    let number = take_call_numbers(connection, tenant_no, 1).await?;
    let (from, to) = DUE_AT_ONCE;
    let sql = format!(
        "insert into outgoing_calls (tenant_no, target, webhook_no, path, body, key, created_ms, next_attempt_ms, id)
         select w.tenant_no, {TARGET_OF_WEBHOOK}, w.webhook_no, '', $3, {RANDOM_KEY}, $4, {from}$4{to}, $5
         from webhooks w where w.tenant_no = $1 and w.id = $2 and w.disabled_ms is null {SHARE_WEBHOOKS}
         returning {}",
        calls::STORED_CALL
    );
    let row = sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(tenant_no)
        .bind(id.0)
        .bind(body)
        .bind(now.unix_ms())
        .bind(number)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(calls::stored_call).transpose()
}

pub(crate) async fn get_webhook(
    connection: &mut Connection,
    tenant: &TenantId,
    id: WebhookId,
) -> Result<Option<Webhook>> {
    let row = sqlx::query::<Db>(select_webhooks!("where t.id = $1 and w.id = $2"))
        .bind(tenant.as_str())
        .bind(id.0)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(webhook).transpose()
}

pub(crate) async fn list_webhooks(
    connection: &mut Connection,
    tenant: &TenantId,
    after: Option<WebhookId>,
    limit: u32,
) -> Result<Vec<Webhook>> {
    sqlx::query::<Db>(select_webhooks!("where t.id = $1 and w.id > $2 order by w.id limit $3"))
        .bind(tenant.as_str())
        .bind(after.map_or(0, |after| after.0))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?
        .iter()
        .map(webhook)
        .collect()
}

/// Deletes some of a webhook's calls, including waiting ones. Returns true if there may be more.
pub(crate) async fn remove_calls(
    connection: &mut Connection,
    tenant: &TenantId,
    id: WebhookId,
    version: Option<i64>,
) -> Result<bool> {
    let removed = sqlx::query::<Db>(
        "delete from outgoing_calls where call_no in
            (select call_no from outgoing_calls where webhook_no =
                (select w.webhook_no from webhooks w join tenants t on t.tenant_no = w.tenant_no
                 where t.id = $1 and w.id = $2 and w.version = coalesce($3, w.version)) order by id limit $4)",
    )
    .bind(tenant.as_str())
    .bind(id.0)
    .bind(version)
    .bind(STEP_ROWS)
    .execute(connection)
    .await?;
    Ok(i64::try_from(removed.rows_affected()).is_ok_and(|removed| removed == STEP_ROWS))
}

/// Removes the webhook together with calls that were stored in the meantime.
pub(crate) async fn remove_webhook(
    connection: &mut Connection,
    tenant: &TenantId,
    id: WebhookId,
    version: Option<i64>,
) -> Result<bool> {
    let removed = sqlx::query::<Db>(
        "delete from webhooks where tenant_no = (select tenant_no from tenants where id = $1) and id = $2
         and version = coalesce($3, version)",
    )
    .bind(tenant.as_str())
    .bind(id.0)
    .bind(version)
    .execute(connection)
    .await?;
    Ok(removed.rows_affected() > 0)
}

/// Disables the webhook of a waiting call. It must run before the call is changed, because removing a webhook locks the
/// webhook first and then its calls.
pub(crate) async fn disable_of_call(connection: &mut Connection, call_no: i64, now: Timestamp) -> Result<()> {
    sqlx::query::<Db>(
        "update webhooks set disabled_ms = $1, version = version + 1 where disabled_ms is null and webhook_no =
            (select webhook_no from outgoing_calls where call_no = $2 and next_attempt_ms is not null)",
    )
    .bind(now.unix_ms())
    .bind(call_no)
    .execute(connection)
    .await?;
    Ok(())
}

/// Enables the webhook of a tenant's dead call. It must run before the call is changed.
pub(crate) async fn enable_of_call(connection: &mut Connection, tenant: &TenantId, id: CallId) -> Result<()> {
    sqlx::query::<Db>(
        "update webhooks set disabled_ms = null, version = version + 1 where disabled_ms is not null and webhook_no =
            (select webhook_no from outgoing_calls where dead_ms is not null
             and tenant_no = (select tenant_no from tenants where id = $1) and id = $2)",
    )
    .bind(tenant.as_str())
    .bind(id.0)
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores a call for each of the tenant's webhooks that get the kind, by one statement. The caller holds the tenant's counters, from
/// which the calls get their numbers. The webhooks are locked until
/// the commit, so that one that is removed at the same time is skipped and the transaction succeeds.
pub(crate) async fn call_webhooks(
    connection: &mut Connection,
    tenant_no: i64,
    message: &WebhookMessage,
    now: Timestamp,
) -> Result<()> {
    let (from, to) = DUE_AT_ONCE;
    // PostgreSQL locks no rows of a select that numbers them.
    let sql = format!(
        "insert into outgoing_calls (tenant_no, target, webhook_no, path, body, key, created_ms, next_attempt_ms, id)
         select w.tenant_no, {TARGET_OF_WEBHOOK}, w.webhook_no, '', $2, {RANDOM_KEY}, $3, {from}$3{to},
                (select calls from event_counters where tenant_no = $1) + row_number() over (order by w.webhook_no)
         from (select w.tenant_no, w.id, w.webhook_no from webhooks w where w.tenant_no = $1 and w.disabled_ms is null
               and (w.kinds = '[]' or $4 in {KINDS_OF_WEBHOOK}) {SHARE_WEBHOOKS}) w"
    );
    let stored = sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(tenant_no)
        .bind(message.body.as_str())
        .bind(now.unix_ms())
        .bind(message.kind)
        .execute(&mut *connection)
        .await?
        .rows_affected();
    if stored > 0 {
        let count = usize::try_from(stored).expect("a tenant has few webhooks");
        take_call_numbers(connection, tenant_no, count).await?;
    }
    Ok(())
}

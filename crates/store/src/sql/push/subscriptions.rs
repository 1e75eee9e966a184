//! Push subscriptions of users.

use super::super::dialect::{LOCK_SUBSCRIPTIONS, LOCK_TENANT};
use super::super::numbers::{Numbered, take_number};
use super::super::{Connection, Db, positions::timestamp};
use crate::{MAX_PUSH_SUBSCRIPTIONS, NewPushSubscription, Result, StoreError};
use milepost_domain::{PushId, PushKeys, PushSubscription, TenantId, Timestamp, UserId};
use sqlx::{AssertSqlSafe, Row};

pub(crate) async fn add_subscription(
    connection: &mut Connection,
    new: &NewPushSubscription,
    now: Timestamp,
) -> Result<(PushSubscription, bool)> {
    // Locks the tenant, so that only one transaction at a time counts and adds a user's subscriptions.
    let lock = format!("select tenant_no from tenants where id = $1 {LOCK_TENANT}");
    let tenant_no = sqlx::query_scalar::<Db, i64>(AssertSqlSafe(lock))
        .bind(new.tenant.as_str())
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(StoreError::NotFound("tenant"))?;
    let of = |id: i64, created_at: Timestamp| -> Result<PushSubscription> {
        Ok(PushSubscription {
            id: PushId::new(id)?,
            tenant: new.tenant.clone(),
            user_id: new.user_id,
            endpoint: new.endpoint.clone(),
            keys: new.keys,
            created_at,
        })
    };
    let refreshed = sqlx::query::<Db>(
        "update push_subscriptions set p256dh = $4, auth = $5, refreshed_ms = $6
         where endpoint = $1 and tenant_no = $2 and user_id = $3 returning id, created_ms",
    )
    .bind(new.endpoint.as_str())
    .bind(tenant_no)
    .bind(new.user_id.get())
    .bind(new.keys.p256dh.as_slice())
    .bind(new.keys.auth.as_slice())
    .bind(now.unix_ms())
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(row) = refreshed {
        return Ok((of(row.try_get("id")?, timestamp(row.try_get("created_ms")?)?)?, false));
    }
    sqlx::query::<Db>("delete from push_subscriptions where endpoint = $1")
        .bind(new.endpoint.as_str())
        .execute(&mut *connection)
        .await?;
    let id = take_number(connection, tenant_no, Numbered::Push).await?;
    let push_no = sqlx::query_scalar::<Db, i64>(
        "insert into push_subscriptions (tenant_no, user_id, endpoint, p256dh, auth, created_ms, refreshed_ms, id)
         values ($1, $2, $3, $4, $5, $6, $6, $7) returning push_no",
    )
    .bind(tenant_no)
    .bind(new.user_id.get())
    .bind(new.endpoint.as_str())
    .bind(new.keys.p256dh.as_slice())
    .bind(new.keys.auth.as_slice())
    .bind(now.unix_ms())
    .bind(id)
    .fetch_one(&mut *connection)
    .await?;
    // The new one is never removed, whatever another node's clock said.
    sqlx::query::<Db>(
        "delete from push_subscriptions where tenant_no = $1 and user_id = $2 and push_no <> $3 and push_no not in
            (select push_no from push_subscriptions where tenant_no = $1 and user_id = $2 and push_no <> $3
             order by refreshed_ms desc, push_no desc limit $4)",
    )
    .bind(tenant_no)
    .bind(new.user_id.get())
    .bind(push_no)
    .bind(i64::from(MAX_PUSH_SUBSCRIPTIONS) - 1)
    .execute(connection)
    .await?;
    Ok((of(id, now)?, true))
}

pub(crate) async fn list_subscriptions(
    connection: &mut Connection,
    tenant: &TenantId,
    user: UserId,
) -> Result<Vec<PushSubscription>> {
    let rows = sqlx::query::<Db>(
        "select id, endpoint, p256dh, auth, created_ms from push_subscriptions
         where tenant_no = (select tenant_no from tenants where id = $1) and user_id = $2 order by push_no limit $3",
    )
    .bind(tenant.as_str())
    .bind(user.get())
    .bind(i64::from(MAX_PUSH_SUBSCRIPTIONS))
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(PushSubscription {
                id: PushId::new(row.try_get("id")?)?,
                tenant: tenant.clone(),
                user_id: user,
                endpoint: row.try_get("endpoint")?,
                keys: keys(row)?,
                created_at: timestamp(row.try_get("created_ms")?)?,
            })
        })
        .collect()
}

pub(crate) async fn remove_subscription(
    connection: &mut Connection,
    tenant: &TenantId,
    user: UserId,
    id: PushId,
) -> Result<bool> {
    let removed = sqlx::query::<Db>(
        "delete from push_subscriptions
         where tenant_no = (select tenant_no from tenants where id = $1) and user_id = $2 and id = $3",
    )
    .bind(tenant.as_str())
    .bind(user.get())
    .bind(id.get())
    .execute(connection)
    .await?;
    Ok(removed.rows_affected() > 0)
}

/// Removes all subscriptions of a user, in every tenant. They are locked in the order of their numbers, as callers lock
/// them; without an order the database may choose any.
pub(crate) async fn remove_of_user(connection: &mut Connection, user: UserId) -> Result<()> {
    let sql = format!(
        "delete from push_subscriptions where push_no in
            (select s.push_no from push_subscriptions s where s.user_id = $1 order by s.push_no {LOCK_SUBSCRIPTIONS})"
    );
    sqlx::query::<Db>(AssertSqlSafe(sql)).bind(user.get()).execute(connection).await?;
    Ok(())
}

/// Reads the keys from the columns `p256dh` and `auth`.
pub(crate) fn keys(row: &<Db as sqlx::Database>::Row) -> Result<PushKeys> {
    Ok(PushKeys::new(row.try_get("p256dh")?, row.try_get("auth")?)?)
}

/// Removes the subscription of a waiting call with all its calls, because its push service does not know it any more.
pub(crate) async fn remove_of_call(connection: &mut Connection, call_no: i64) -> Result<()> {
    sqlx::query::<Db>(
        "delete from push_subscriptions where push_no =
            (select push_no from outgoing_calls where call_no = $1 and next_attempt_ms is not null)",
    )
    .bind(call_no)
    .execute(connection)
    .await?;
    Ok(())
}

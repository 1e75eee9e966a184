//! Idempotency keys.

use super::{Connection, Db};
use crate::idempotency::abandoned_before;
use crate::{Digest, Idempotency, IdempotencyKey, Result, StoreError};
use milepost_domain::Timestamp;
use sqlx::Row;

pub(super) async fn begin_idempotent(
    connection: &mut Connection,
    key: &IdempotencyKey,
    request: &Digest,
    now: Timestamp,
) -> Result<Idempotency> {
    // One statement decides who does the work: the row is new, or its worker is gone.
    let claimed = sqlx::query::<Db>(
        "insert into idempotency_keys (tenant, caller, key, request_hash, started_ms) values ($1, $2, $3, $4, $5)
         on conflict (tenant, caller, key) do update set started_ms = excluded.started_ms
         where idempotency_keys.status is null and idempotency_keys.started_ms < $6
         and idempotency_keys.request_hash = excluded.request_hash",
    )
    .bind(key.tenant.as_str())
    .bind(key.caller.as_str())
    .bind(key.key.as_str())
    .bind(request.as_slice())
    .bind(now.unix_ms())
    .bind(abandoned_before(now))
    .execute(&mut *connection)
    .await?;
    if claimed.rows_affected() > 0 {
        return Ok(Idempotency::New);
    }
    let row = sqlx::query::<Db>(
        "select request_hash, status, body from idempotency_keys where tenant = $1 and caller = $2 and key = $3",
    )
    .bind(key.tenant.as_str())
    .bind(key.caller.as_str())
    .bind(key.key.as_str())
    .fetch_optional(connection)
    .await?;
    // Abandoned or forgotten between the two statements: whoever asks again will get it.
    let Some(row) = row else { return Ok(Idempotency::InProgress) };
    if row.try_get::<&[u8], _>("request_hash")? != request.as_slice() {
        return Ok(Idempotency::Mismatch);
    }
    match row.try_get::<Option<i64>, _>("status")? {
        None => Ok(Idempotency::InProgress),
        Some(status) => Ok(Idempotency::Done {
            status: u16::try_from(status).map_err(|_| StoreError::Corrupt(format!("idempotent status {status}")))?,
            body: row.try_get::<Option<Vec<u8>>, _>("body")?.unwrap_or_default(),
        }),
    }
}

pub(super) async fn finish_idempotent(
    connection: &mut Connection,
    key: &IdempotencyKey,
    status: u16,
    body: &[u8],
) -> Result<()> {
    sqlx::query::<Db>(
        "update idempotency_keys set status = $4, body = $5
         where tenant = $1 and caller = $2 and key = $3 and status is null",
    )
    .bind(key.tenant.as_str())
    .bind(key.caller.as_str())
    .bind(key.key.as_str())
    .bind(i64::from(status))
    .bind(body)
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn abandon_idempotent(connection: &mut Connection, key: &IdempotencyKey) -> Result<()> {
    sqlx::query::<Db>("delete from idempotency_keys where tenant = $1 and caller = $2 and key = $3 and status is null")
        .bind(key.tenant.as_str())
        .bind(key.caller.as_str())
        .bind(key.key.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

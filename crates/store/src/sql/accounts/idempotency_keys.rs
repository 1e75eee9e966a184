//! Idempotency keys and their claims.

use super::super::{Connection, Db};
use crate::idempotency::abandoned_before;
use crate::{Claim, Digest, Idempotency, IdempotencyKey, KeptAnswer, Result, StoreError};
use milepost_domain::{TenantId, Timestamp};
use sqlx::Row;

/// Answers that one transaction removes to make room.
const REMOVED_ROWS: i64 = 16;

/// Transactions that one request makes room with. The next request goes on.
pub(crate) const REMOVALS: usize = 16;

/// What the keys and answers of a tenant take.
pub(crate) struct TenantUsage {
    pub(crate) bytes: u64,
    /// The caller whose repeatable answers take the most, if there are any.
    pub(crate) greediest: Option<String>,
}

/// Also returns what the caller's keys and answers take, if the claim is new.
pub(crate) async fn begin_idempotent(
    connection: &mut Connection,
    key: &IdempotencyKey,
    request: &Digest,
    now: Timestamp,
) -> Result<(Idempotency, u64)> {
    // One statement decides who does the work: the row is new, or its worker is gone. A worker that is only slow can't
    // store an answer any more, because its number is an old one.
    let claimed = sqlx::query_scalar::<Db, i64>(
        "insert into idempotency_keys (tenant, caller, key, request_hash, started_ms, claim_no)
         values ($1, $2, $3, $4, $5, 1)
         on conflict (tenant, caller, key)
         do update set started_ms = excluded.started_ms, claim_no = idempotency_keys.claim_no + 1
         where idempotency_keys.status is null and idempotency_keys.started_ms < $6
         and idempotency_keys.request_hash = excluded.request_hash
         returning claim_no",
    )
    .bind(key.tenant.as_str())
    .bind(key.caller.as_str())
    .bind(key.key.as_str())
    .bind(request.as_slice())
    .bind(now.unix_ms())
    .bind(abandoned_before(now))
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(no) = claimed {
        let used =
            sqlx::query_scalar::<Db, i64>("select bytes from idempotency_usage where tenant = $1 and caller = $2")
                .bind(key.tenant.as_str())
                .bind(key.caller.as_str())
                .fetch_one(connection)
                .await?;
        return Ok((Idempotency::New(Claim::new(key.clone(), no)), u64::try_from(used).unwrap_or_default()));
    }
    Ok((earlier_claim(connection, key, request).await?, 0))
}

async fn earlier_claim(connection: &mut Connection, key: &IdempotencyKey, request: &Digest) -> Result<Idempotency> {
    let row = sqlx::query::<Db>(
        "select request_hash, status, body from idempotency_keys where tenant = $1 and caller = $2 and key = $3",
    )
    .bind(key.tenant.as_str())
    .bind(key.caller.as_str())
    .bind(key.key.as_str())
    .fetch_optional(connection)
    .await?;
    // The key was abandoned or deleted between the two statements. The next request gets it.
    let Some(row) = row else { return Ok(Idempotency::InProgress) };
    if row.try_get::<&[u8], _>("request_hash")? != request.as_slice() {
        return Ok(Idempotency::Mismatch);
    }
    match row.try_get::<Option<i64>, _>("status")? {
        None => Ok(Idempotency::InProgress),
        Some(status) => Ok(Idempotency::Done(KeptAnswer {
            status: u16::try_from(status).map_err(|_| StoreError::Corrupt(format!("idempotent status {status}")))?,
            body: row.try_get::<Option<Vec<u8>>, _>("body")?.unwrap_or_default(),
        })),
    }
}

/// `is_repeatable` says that the request may be carried out again. Returns false if the claim does not hold any more or has
/// an answer.
pub(crate) async fn finish_idempotent(
    connection: &mut Connection,
    claim: &Claim,
    answer: &KeptAnswer,
    is_repeatable: bool,
) -> Result<bool> {
    let kept = sqlx::query::<Db>(
        "update idempotency_keys set status = $5, body = $6, is_repeatable = $7
         where tenant = $1 and caller = $2 and key = $3 and claim_no = $4 and status is null",
    )
    .bind(claim.key.tenant.as_str())
    .bind(claim.key.caller.as_str())
    .bind(claim.key.key.as_str())
    .bind(claim.no)
    .bind(i64::from(answer.status))
    .bind(answer.body.as_slice())
    .bind(is_repeatable)
    .execute(connection)
    .await?;
    Ok(kept.rows_affected() > 0)
}

pub(crate) async fn abandon_idempotent(connection: &mut Connection, claim: &Claim) -> Result<()> {
    sqlx::query::<Db>(
        "delete from idempotency_keys
         where tenant = $1 and caller = $2 and key = $3 and claim_no = $4 and status is null",
    )
    .bind(claim.key.tenant.as_str())
    .bind(claim.key.caller.as_str())
    .bind(claim.key.key.as_str())
    .bind(claim.no)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the oldest answers of a caller whose requests may be carried out again, and returns their bytes.
pub(crate) async fn remove_repeatable(connection: &mut Connection, tenant: &TenantId, caller: &str) -> Result<u64> {
    let usage = "select bytes from idempotency_usage where tenant = $1 and caller = $2";
    let usage = || sqlx::query_scalar::<Db, i64>(usage).bind(tenant.as_str()).bind(caller);
    let before = usage().fetch_optional(&mut *connection).await?.unwrap_or_default();
    sqlx::query::<Db>(
        "delete from idempotency_keys where (tenant, caller, key) in
            (select tenant, caller, key from idempotency_keys where tenant = $1 and caller = $2 and is_repeatable
             order by started_ms limit $3)",
    )
    .bind(tenant.as_str())
    .bind(caller)
    .bind(REMOVED_ROWS)
    .execute(&mut *connection)
    .await?;
    let after = usage().fetch_optional(connection).await?.unwrap_or_default();
    Ok(u64::try_from(before - after).unwrap_or_default())
}

pub(crate) async fn tenant_usage(connection: &mut Connection, tenant: &TenantId) -> Result<TenantUsage> {
    let bytes = sqlx::query_scalar::<Db, i64>(
        "select cast(coalesce(sum(bytes), 0) as bigint) from idempotency_usage where tenant = $1",
    )
    .bind(tenant.as_str())
    .fetch_one(&mut *connection)
    .await?;
    let greediest = sqlx::query_scalar::<Db, String>(
        "select caller from idempotency_usage where tenant = $1 and repeatable_bytes > 0
         order by repeatable_bytes desc limit 1",
    )
    .bind(tenant.as_str())
    .fetch_optional(connection)
    .await?;
    Ok(TenantUsage { bytes: u64::try_from(bytes).unwrap_or_default(), greediest })
}

pub(crate) async fn release_claims(connection: &mut Connection, now: Timestamp) -> Result<u64> {
    // Older ones are free already, so that only the newest are read, along the index. The rows stay and keep counting
    // claims.
    let released =
        sqlx::query::<Db>("update idempotency_keys set started_ms = 0 where started_ms >= $1 and status is null")
            .bind(abandoned_before(now))
            .execute(connection)
            .await?;
    Ok(released.rows_affected())
}

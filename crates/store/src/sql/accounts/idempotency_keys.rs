//! Idempotency keys and their claims.

use super::super::{Connection, Db};
use crate::idempotency::abandoned_before;
use crate::{Claim, Digest, Idempotency, IdempotencyKey, KeptAnswer, Result, StoreError};
use milepost_domain::Timestamp;
use sqlx::Row;

pub(crate) async fn begin_idempotent(
    connection: &mut Connection,
    key: &IdempotencyKey,
    request: &Digest,
    now: Timestamp,
) -> Result<Idempotency> {
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
        return Ok(Idempotency::New(Claim::new(key.clone(), no)));
    }
    let row = sqlx::query::<Db>(
        "select request_hash, status, body, version from idempotency_keys where tenant = $1 and caller = $2 and key = $3",
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
            version: row.try_get("version")?,
        })),
    }
}

/// Returns false if the claim does not hold any more or has an answer.
pub(crate) async fn finish_idempotent(connection: &mut Connection, claim: &Claim, answer: &KeptAnswer) -> Result<bool> {
    let kept = sqlx::query::<Db>(
        "update idempotency_keys set status = $5, body = $6, version = $7
         where tenant = $1 and caller = $2 and key = $3 and claim_no = $4 and status is null",
    )
    .bind(claim.key.tenant.as_str())
    .bind(claim.key.caller.as_str())
    .bind(claim.key.key.as_str())
    .bind(claim.no)
    .bind(i64::from(answer.status))
    .bind(answer.body.as_slice())
    .bind(answer.version)
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

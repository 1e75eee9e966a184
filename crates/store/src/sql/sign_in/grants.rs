//! What lets this server ask an identity provider again about the users of its sessions.

use super::super::{Connection, Db};
use crate::{Digest, Grant, Result, StoreError};
use milepost_domain::{Timestamp, UserId};
use sqlx::Row;

pub(crate) async fn set_grant(
    connection: &mut Connection,
    session: &Digest,
    sealed: &[u8],
    check_at: Timestamp,
) -> Result<()> {
    sqlx::query::<Db>(
        "insert into provider_grants (token_hash, user_id, sealed, check_ms)
         select s.token_hash, s.user_id, $2, $3 from sessions s where s.token_hash = $1
         on conflict (token_hash) do update set sealed = excluded.sealed, check_ms = excluded.check_ms",
    )
    .bind(session.as_slice())
    .bind(sealed)
    .bind(check_at.unix_ms())
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn has_due(connection: &mut Connection, now: Timestamp) -> Result<bool> {
    let due = sqlx::query_scalar::<Db, i64>("select user_id from provider_grants where check_ms <= $1 limit 1");
    Ok(due.bind(now.unix_ms()).fetch_optional(connection).await?.is_some())
}

pub(crate) async fn take_grants(
    connection: &mut Connection,
    now: Timestamp,
    next: Timestamp,
    limit: u32,
) -> Result<Vec<Grant>> {
    let rows = sqlx::query::<Db>(
        "update provider_grants set check_ms = $2 where check_ms <= $1 and token_hash in
            (select token_hash from provider_grants where check_ms <= $1 order by check_ms limit $3)
         returning token_hash, user_id, sealed",
    )
    .bind(now.unix_ms())
    .bind(next.unix_ms())
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            let session = row.try_get::<Vec<u8>, _>("token_hash")?.try_into();
            Ok(Grant {
                session: session
                    .map_err(|_| StoreError::Corrupt("a session's digest has another length".to_owned()))?,
                user: UserId::new(row.try_get("user_id")?)?,
                sealed: row.try_get("sealed")?,
            })
        })
        .collect()
}

pub(crate) async fn set_grant_due(connection: &mut Connection, session: &Digest, check_at: Timestamp) -> Result<()> {
    sqlx::query::<Db>("update provider_grants set check_ms = $1 where token_hash = $2")
        .bind(check_at.unix_ms())
        .bind(session.as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn remove_grant(connection: &mut Connection, session: &Digest) -> Result<()> {
    sqlx::query::<Db>("delete from provider_grants where token_hash = $1")
        .bind(session.as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

//! Login sessions.

use super::super::{Connection, Db, events, positions::timestamp};
use super::users;
use crate::failure::taken_or_missing;
use crate::{Digest, Renderer, Result};
use milepost_domain::{Fact, Timestamp, UserId};
use sqlx::Row;

pub(crate) async fn add_session(
    connection: &mut Connection,
    token_hash: &Digest,
    user: UserId,
    expires_at: Timestamp,
) -> Result<()> {
    sqlx::query::<Db>("insert into sessions (token_hash, user_id, expires_ms) values ($1, $2, $3)")
        .bind(token_hash.as_slice())
        .bind(user.get())
        .bind(expires_at.unix_ms())
        .execute(connection)
        .await
        .map_err(taken_or_missing("session", "user"))?;
    Ok(())
}

pub(crate) async fn find_session(
    connection: &mut Connection,
    token_hash: &Digest,
    now: Timestamp,
) -> Result<Option<(UserId, Timestamp)>> {
    let row = sqlx::query::<Db>("select user_id, expires_ms from sessions where token_hash = $1 and expires_ms > $2")
        .bind(token_hash.as_slice())
        .bind(now.unix_ms())
        .fetch_optional(connection)
        .await?;
    row.map(|row| Ok((UserId::new(row.try_get("user_id")?)?, timestamp(row.try_get("expires_ms")?)?))).transpose()
}

pub(crate) async fn remove_session(
    connection: &mut Connection,
    token_hash: &Digest,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<UserId>> {
    let removed = sqlx::query_scalar::<Db, i64>("delete from sessions where token_hash = $1 returning user_id")
        .bind(token_hash.as_slice())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(user_id) = removed.map(UserId::new).transpose()? else { return Ok(None) };
    if let Some(user) = users::get_user(connection, user_id).await? {
        events::append_facts(connection, &user.tenant, &[Fact::SessionEnded { user_id }], now, renderer).await?;
    }
    Ok(Some(user_id))
}

pub(crate) async fn remove_user_sessions(connection: &mut Connection, user: UserId) -> Result<u64> {
    let removed =
        sqlx::query::<Db>("delete from sessions where user_id = $1").bind(user.get()).execute(connection).await?;
    Ok(removed.rows_affected())
}

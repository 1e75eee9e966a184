//! Login sessions.

use super::super::accounts::users;
use super::super::{Connection, Db, DbRow, events, positions::timestamp};
use crate::failure::taken_or_missing;
use crate::sign_in_store::MAX_SESSIONS;
use crate::{Digest, Provenance, Renderer, Result, Session, SessionKind, StoreError};
use milepost_domain::{Fact, Timestamp, UserId};
use sqlx::Row;

pub(crate) async fn add_session(connection: &mut Connection, session: &Session, renderer: &dyn Renderer) -> Result<()> {
    sqlx::query::<Db>(
        "insert into sessions (token_hash, user_id, kind, address, created_ms, last_seen_ms, expires_ms, issuer,
         issuer_sid) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(session.token_hash.as_slice())
    .bind(session.user.get())
    .bind(session.kind.as_str())
    .bind(session.address.map(|address| address.to_string()))
    .bind(session.created_at.unix_ms())
    .bind(session.last_seen_at.unix_ms())
    .bind(session.expires_at.unix_ms())
    .bind(session.provenance.as_ref().map(|provenance| provenance.issuer.as_str()))
    .bind(session.provenance.as_ref().and_then(|provenance| provenance.sid.as_deref()))
    .execute(&mut *connection)
    .await
    .map_err(taken_or_missing("session", "user"))?;
    end_surplus(connection, session, renderer).await
}

/// Ends the sessions of the user that were not seen for the longest time, so that [`MAX_SESSIONS`] are left.
async fn end_surplus(connection: &mut Connection, added: &Session, renderer: &dyn Renderer) -> Result<()> {
    let ended = sqlx::query::<Db>(
        "delete from sessions where user_id = $1 and token_hash <> $2 and token_hash not in
            (select token_hash from sessions where user_id = $1 order by last_seen_ms desc, created_ms desc, token_hash limit $3)",
    )
    .bind(added.user.get())
    .bind(added.token_hash.as_slice())
    .bind(i64::from(MAX_SESSIONS))
    .execute(&mut *connection)
    .await?;
    if ended.rows_affected() > 0 {
        append_ended(connection, added.user, added.created_at, renderer).await?;
    }
    Ok(())
}

fn session(row: &DbRow) -> Result<Session> {
    let token_hash: Vec<u8> = row.try_get("token_hash")?;
    Ok(Session {
        token_hash: token_hash.try_into().map_err(|_| StoreError::Corrupt("the digest of a session".to_owned()))?,
        user: UserId::new(row.try_get("user_id")?)?,
        kind: SessionKind::parse(row.try_get("kind")?),
        address: row.try_get::<Option<String>, _>("address")?.and_then(|address| address.parse().ok()),
        created_at: timestamp(row.try_get("created_ms")?)?,
        last_seen_at: timestamp(row.try_get("last_seen_ms")?)?,
        confirmed_at: row.try_get::<Option<i64>, _>("confirmed_ms")?.map(timestamp).transpose()?,
        expires_at: timestamp(row.try_get("expires_ms")?)?,
        provenance: match row.try_get::<Option<String>, _>("issuer")? {
            Some(issuer) => Some(Provenance { issuer, sid: row.try_get("issuer_sid")? }),
            None => None,
        },
    })
}

pub(crate) async fn find_session(
    connection: &mut Connection,
    token_hash: &Digest,
    now: Timestamp,
) -> Result<Option<Session>> {
    let row = sqlx::query::<Db>(
        "select token_hash, user_id, kind, address, created_ms, last_seen_ms, confirmed_ms, expires_ms, issuer, issuer_sid from sessions
         where token_hash = $1 and expires_ms > $2",
    )
    .bind(token_hash.as_slice())
    .bind(now.unix_ms())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(session).transpose()
}

pub(crate) async fn list_sessions(connection: &mut Connection, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
    let rows = sqlx::query::<Db>(
        "select token_hash, user_id, kind, address, created_ms, last_seen_ms, confirmed_ms, expires_ms, issuer, issuer_sid from sessions
         where user_id = $1 and expires_ms > $2 order by created_ms desc, token_hash",
    )
    .bind(user.get())
    .bind(now.unix_ms())
    .fetch_all(connection)
    .await?;
    rows.iter().map(session).collect()
}

pub(crate) async fn note_session_seen(connection: &mut Connection, token_hash: &Digest, now: Timestamp) -> Result<()> {
    sqlx::query::<Db>("update sessions set last_seen_ms = $1 where token_hash = $2 and last_seen_ms < $1")
        .bind(now.unix_ms())
        .bind(token_hash.as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn confirm_session(connection: &mut Connection, token_hash: &Digest, now: Timestamp) -> Result<()> {
    sqlx::query::<Db>("update sessions set confirmed_ms = $1 where token_hash = $2")
        .bind(now.unix_ms())
        .bind(token_hash.as_slice())
        .execute(connection)
        .await?;
    Ok(())
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
    append_ended(connection, user_id, now, renderer).await?;
    Ok(Some(user_id))
}

/// Appends the event by which nodes end the connections of a user's ended sessions.
pub(super) async fn append_ended(
    connection: &mut Connection,
    user_id: UserId,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<()> {
    if let Some(user) = users::get_user(connection, user_id).await? {
        events::append_facts(connection, &user.tenant, &[Fact::SessionEnded { user_id }], now, renderer).await?;
    }
    Ok(())
}

pub(crate) async fn remove_user_sessions(connection: &mut Connection, user: UserId) -> Result<u64> {
    let removed =
        sqlx::query::<Db>("delete from sessions where user_id = $1").bind(user.get()).execute(connection).await?;
    Ok(removed.rows_affected())
}

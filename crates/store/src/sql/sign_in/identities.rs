//! People as an identity provider knows them, and the sessions that it opened.

use super::super::accounts::{tenants, users};
use super::super::{Connection, Db};
use super::sessions;
use crate::failure::taken_or_missing;
use crate::{NewLogin, Renderer, Result};
use milepost_domain::{Timestamp, User, UserId};

pub(crate) async fn find_identity(connection: &mut Connection, issuer: &str, subject: &str) -> Result<Option<UserId>> {
    let user = sqlx::query_scalar::<Db, i64>("select user_id from identities where issuer = $1 and subject = $2")
        .bind(issuer)
        .bind(subject)
        .fetch_optional(connection)
        .await?;
    Ok(user.map(UserId::new).transpose()?)
}

/// `Conflict("identity")` if the subject has a user, or the user a subject of this issuer.
pub(crate) async fn add_identity(connection: &mut Connection, issuer: &str, subject: &str, user: UserId) -> Result<()> {
    sqlx::query::<Db>("insert into identities (issuer, subject, user_id) values ($1, $2, $3)")
        .bind(issuer)
        .bind(subject)
        .bind(user.get())
        .execute(connection)
        .await
        .map_err(taken_or_missing("identity", "user"))?;
    Ok(())
}

pub(crate) async fn add_user_of_identity(
    connection: &mut Connection,
    issuer: &str,
    subject: &str,
    new: &NewLogin,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<User> {
    tenants::tenant_no(connection, &new.tenant).await?;
    let user = users::add_user(connection, new, now, renderer).await?;
    add_identity(connection, issuer, subject, user.id).await?;
    Ok(user)
}

/// Ends the sessions of one provider's session, or without one all that the provider opened for a user. Returns their users.
pub(crate) async fn remove_sessions_of_issuer(
    connection: &mut Connection,
    issuer: &str,
    sid: Option<&str>,
    subject: Option<&str>,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Vec<UserId>> {
    let user = match subject {
        Some(subject) => match find_identity(connection, issuer, subject).await? {
            Some(user) => Some(user),
            // Nobody here has this subject.
            None => return Ok(Vec::new()),
        },
        None => None,
    };
    let removed = sqlx::query_scalar::<Db, i64>(
        "delete from sessions where issuer = $1 and ($2 is null or issuer_sid = $2) and ($3 is null or user_id = $3)
         returning user_id",
    )
    .bind(issuer)
    .bind(sid)
    .bind(user.map(UserId::get))
    .fetch_all(&mut *connection)
    .await?;
    let mut users = removed.into_iter().map(UserId::new).collect::<std::result::Result<Vec<_>, _>>()?;
    users.sort_unstable();
    users.dedup();
    for user in &users {
        sessions::append_ended(connection, *user, now, renderer).await?;
    }
    Ok(users)
}

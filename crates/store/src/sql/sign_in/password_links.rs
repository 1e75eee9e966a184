//! Links with which users set their passwords, and confirm their addresses.

use super::super::accounts::users;
use super::super::{Connection, Db};
use crate::failure::taken_or_missing;
use crate::sign_in_store::MAX_PASSWORD_LINKS;
use crate::{Digest, PasswordLink, Renderer, Result, StoreError};
use milepost_domain::{Contact, EmailAddress, Timestamp, User, UserId};
use sqlx::Row;

pub(crate) async fn add_password_link(connection: &mut Connection, link: &PasswordLink) -> Result<()> {
    sqlx::query::<Db>("insert into password_links (secret_hash, user_id, expires_ms, email) values ($1, $2, $3, $4)")
        .bind(link.secret_hash.as_slice())
        .bind(link.user.get())
        .bind(link.expires_at.unix_ms())
        .bind(link.email.as_ref().map(EmailAddress::as_str))
        .execute(&mut *connection)
        .await
        .map_err(taken_or_missing("link", "user"))?;
    sqlx::query::<Db>(
        "delete from password_links where user_id = $1 and secret_hash <> $2 and secret_hash not in
            (select secret_hash from password_links where user_id = $1 order by expires_ms desc, secret_hash limit $3)",
    )
    .bind(link.user.get())
    .bind(link.secret_hash.as_slice())
    .bind(i64::from(MAX_PASSWORD_LINKS))
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn find_password_link(
    connection: &mut Connection,
    secret_hash: &Digest,
    now: Timestamp,
) -> Result<Option<UserId>> {
    let user = sqlx::query_scalar::<Db, i64>(
        "select user_id from password_links where secret_hash = $1 and expires_ms > $2 and email is null",
    )
    .bind(secret_hash.as_slice())
    .bind(now.unix_ms())
    .fetch_optional(connection)
    .await?;
    Ok(user.map(UserId::new).transpose()?)
}

/// Deleting the link comes first: of two that redeem it at once, one finds it.
pub(crate) async fn redeem_password_link(
    connection: &mut Connection,
    secret_hash: &Digest,
    new_password_hash: &str,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<UserId>> {
    // The user's row first, as everybody who changes a user does: two links of one user, each of which ends the other, would block each
    // other otherwise.
    sqlx::query::<Db>(
        "update users set version = version where id = (select user_id from password_links where secret_hash = $1)",
    )
    .bind(secret_hash.as_slice())
    .execute(&mut *connection)
    .await?;
    let user = sqlx::query_scalar::<Db, i64>(
        "delete from password_links where secret_hash = $1 and expires_ms > $2 and email is null returning user_id",
    )
    .bind(secret_hash.as_slice())
    .bind(now.unix_ms())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(id) = user.map(UserId::new).transpose()? else { return Ok(None) };
    let Some(user) = users::get_user(connection, id).await? else { return Ok(None) };
    let changed = User { version: user.version + 1, ..user };
    if users::update_user(connection, &changed, Some(new_password_hash), now, renderer).await? {
        Ok(Some(id))
    } else {
        // Somebody else changed the user meanwhile: done again from the beginning.
        Err(StoreError::Contended("the user of a password link changed".to_owned()))
    }
}

/// As [`redeem_password_link`]. The address counts as its owner's, and is good again if it was refused.
pub(crate) async fn redeem_email_link(
    connection: &mut Connection,
    secret_hash: &Digest,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<UserId>> {
    sqlx::query::<Db>(
        "update users set version = version where id = (select user_id from password_links where secret_hash = $1)",
    )
    .bind(secret_hash.as_slice())
    .execute(&mut *connection)
    .await?;
    let link = sqlx::query::<Db>(
        "delete from password_links where secret_hash = $1 and expires_ms > $2 and email is not null
         returning user_id, email",
    )
    .bind(secret_hash.as_slice())
    .bind(now.unix_ms())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(link) = link else { return Ok(None) };
    let (id, email) = (UserId::new(link.try_get("user_id")?)?, EmailAddress::new(link.try_get("email")?)?);
    let Some(user) = users::get_user(connection, id).await?.filter(User::may_enter) else { return Ok(None) };
    let contact = Contact { email: Some(email), refused_at: None, ..user.contact.clone() };
    let changed = User { contact, version: user.version + 1, ..user };
    if users::update_user(connection, &changed, None, now, renderer).await? {
        Ok(Some(id))
    } else {
        Err(StoreError::Contended("the user of a link changed".to_owned()))
    }
}

/// Ends all links of a user: its password, its address or its right to enter has changed.
pub(crate) async fn remove_of_user(connection: &mut Connection, user: UserId) -> Result<()> {
    sqlx::query::<Db>("delete from password_links where user_id = $1").bind(user.get()).execute(connection).await?;
    Ok(())
}

//! Changes of logins with their rows of the audit.

use super::super::Connection;
use super::super::accounts::users;
use super::super::sign_in::{identities, passkeys, password_links, second_factors};
use super::accounts::changed;
use super::rows::note;
use crate::audit_form as form;
use crate::{AuditNote, Digest, NewLogin, NewPasskey, PasskeyAdded, Renderer, Result};
use milepost_domain::{Author, Role, TenantId, Timestamp, User, UserId};
use serde_json::{Value, json};

/// Notes what was done to a user.
async fn note_user(
    connection: &mut Connection,
    author: Option<&Author>,
    user: UserId,
    action: &'static str,
    after: Option<Value>,
) -> Result<()> {
    let Some(author) = author else { return Ok(()) };
    let Some(stored) = users::get_user(connection, user).await? else { return Ok(()) };
    let done = || AuditNote { after, ..AuditNote::of(action, Some(format!("user:{user}"))) };
    note(connection, Some(author), &stored.tenant, done).await
}

/// Whoever has the link is its user.
pub(crate) async fn redeem_password_link(
    connection: &mut Connection,
    secret_hash: &Digest,
    new_password_hash: &str,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<Option<UserId>> {
    let user = password_links::redeem_password_link(connection, secret_hash, new_password_hash, now, renderer).await?;
    if let Some(user) = user {
        let author = author.map(|author| Author { user: Some(user), ..author.clone() });
        note_user(connection, author.as_ref(), user, "user.set_password", None).await?;
    }
    Ok(user)
}

/// Whoever has the link is its user.
pub(crate) async fn redeem_email_link(
    connection: &mut Connection,
    secret_hash: &Digest,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<Option<UserId>> {
    let user = password_links::redeem_email_link(connection, secret_hash, now, renderer).await?;
    if let Some(user) = user {
        let author = author.map(|author| Author { user: Some(user), ..author.clone() });
        note_user(connection, author.as_ref(), user, "user.confirm_email", None).await?;
    }
    Ok(user)
}

pub(crate) async fn add_identity(
    connection: &mut Connection,
    issuer: &str,
    subject: &str,
    user: UserId,
    author: Option<&Author>,
) -> Result<()> {
    identities::add_identity(connection, issuer, subject, user).await?;
    note_user(connection, author, user, "user.link", Some(json!({ "issuer": issuer }))).await
}

pub(crate) async fn add_user_of_identity(
    connection: &mut Connection,
    issuer: &str,
    subject: &str,
    new: &NewLogin,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<User> {
    let user = identities::add_user_of_identity(connection, issuer, subject, new, now, renderer).await?;
    let mut after = form::user(&user);
    after["issuer"] = issuer.into();
    note_user(connection, author, user.id, "user.create", Some(after)).await?;
    Ok(user)
}

pub(crate) async fn confirm_totp(
    connection: &mut Connection,
    user: UserId,
    step: i64,
    recovery_codes: &[Digest],
    now: Timestamp,
    author: Option<&Author>,
) -> Result<bool> {
    let is_confirmed = second_factors::confirm_totp(connection, user, step, recovery_codes, now).await?;
    if is_confirmed {
        note_user(connection, author, user, "second_factor.create", Some(json!({ "kind": "totp" }))).await?;
    }
    Ok(is_confirmed)
}

pub(crate) async fn remove_totp(connection: &mut Connection, user: UserId, author: Option<&Author>) -> Result<bool> {
    let is_removed = second_factors::remove_totp(connection, user).await?;
    if is_removed {
        note_user(connection, author, user, "second_factor.delete", Some(json!({ "kind": "totp" }))).await?;
    }
    Ok(is_removed)
}

pub(crate) async fn add_passkey(
    connection: &mut Connection,
    passkey: &NewPasskey,
    recovery_codes: &[Digest],
    now: Timestamp,
    author: Option<&Author>,
) -> Result<PasskeyAdded> {
    let added = passkeys::add_passkey(connection, passkey, recovery_codes, now).await?;
    if matches!(added, PasskeyAdded::Added { .. }) {
        note_user(connection, author, passkey.user, "second_factor.create", Some(json!({ "kind": "passkey" }))).await?;
    }
    Ok(added)
}

pub(crate) async fn remove_passkeys(
    connection: &mut Connection,
    user: UserId,
    number: Option<i64>,
    author: Option<&Author>,
) -> Result<u64> {
    let removed = passkeys::remove_passkeys(connection, user, number).await?;
    if removed > 0 {
        note_user(connection, author, user, "second_factor.delete", Some(json!({ "kind": "passkey" }))).await?;
    }
    Ok(removed)
}

pub(crate) async fn set_second_factor_roles(
    connection: &mut Connection,
    tenant: &TenantId,
    roles: &[Role],
    author: Option<&Author>,
) -> Result<()> {
    let before = second_factors::second_factor_roles(connection, tenant).await?;
    second_factors::set_second_factor_roles(connection, tenant, roles).await?;
    let shown = |roles: &[Role]| Some(json!({ "roles": roles.iter().map(|role| role.as_str()).collect::<Vec<_>>() }));
    let change = || changed("second_factor.require", "tenant", tenant, shown(&before), shown(roles));
    note(connection, author, tenant, change).await
}

//! Changes of accounts with their rows of the audit. The state of before is read in the same transaction, and the change checks its
//! version.

use super::super::access_tokens::rows as access_tokens;
use super::super::accounts::{devices, tenants, users};
use super::super::{Connection, outgoing::webhooks};
use super::rows::note;
use crate::audit_form as form;
use crate::{AuditNote, Digest, NewAccessToken, NewLogin, NewWebhook, Renderer, Result, WebhookChange};
use milepost_domain::{
    AccessToken, AccessTokenId, Author, Device, DeviceId, Tenant, TenantId, Timestamp, User, UserId, Webhook, WebhookId,
};
use serde_json::{Value, json};

/// A change of one kind of thing.
pub(crate) fn changed(
    action: &'static str,
    kind: &str,
    id: impl std::fmt::Display,
    before: Option<Value>,
    after: Option<Value>,
) -> AuditNote {
    AuditNote { action, subject: Some(format!("{kind}:{id}")), before, after }
}

pub(crate) async fn add_tenant(connection: &mut Connection, tenant: &Tenant, author: Option<&Author>) -> Result<()> {
    tenants::add_tenant(connection, tenant).await?;
    let added = || changed("tenant.create", "tenant", &tenant.id, None, Some(form::tenant(tenant)));
    note(connection, author, &tenant.id, added).await
}

pub(crate) async fn add_user(
    connection: &mut Connection,
    new: &NewLogin,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<User> {
    let user = users::add_user(connection, new, now, renderer).await?;
    let added = || {
        let mut after = form::user(&user);
        after["password"] = form::has_password(new).into();
        changed("user.create", "user", user.id, None, Some(after))
    };
    note(connection, author, &user.tenant, added).await?;
    Ok(user)
}

pub(crate) async fn update_user(
    connection: &mut Connection,
    user: &User,
    new_password_hash: Option<&str>,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<bool> {
    let before = match author {
        Some(_) => users::get_user(connection, user.id).await?,
        None => None,
    };
    let is_changed = users::update_user(connection, user, new_password_hash, now, renderer).await?;
    if is_changed {
        let change = || {
            let mut after = form::user(user);
            if new_password_hash.is_some() {
                after["password_changed"] = true.into();
            }
            changed("user.update", "user", user.id, before.as_ref().map(form::user), Some(after))
        };
        note(connection, author, &user.tenant, change).await?;
    }
    Ok(is_changed)
}

pub(crate) async fn remove_user(
    connection: &mut Connection,
    id: UserId,
    version: Option<i64>,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<bool> {
    let before = match author {
        Some(_) => users::get_user(connection, id).await?,
        None => None,
    };
    let is_removed = users::remove_user(connection, id, version, now, renderer).await?;
    if let Some(before) = before.filter(|_| is_removed) {
        let removal = || changed("user.delete", "user", id, Some(form::user(&before)), None);
        note(connection, author, &before.tenant, removal).await?;
    }
    Ok(is_removed)
}

pub(crate) async fn add_device(
    connection: &mut Connection,
    device: &Device,
    key_hash: &Digest,
    author: Option<&Author>,
) -> Result<()> {
    devices::add_device(connection, device, key_hash).await?;
    let added = || changed("device.create", "device", &device.id, None, Some(form::device(device)));
    note(connection, author, &device.tenant, added).await
}

pub(crate) async fn update_device(
    connection: &mut Connection,
    device: &Device,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<bool> {
    let before = match author {
        Some(_) => devices::get_device(connection, &device.tenant, &device.id).await?,
        None => None,
    };
    let is_changed = devices::update_device(connection, device, now, renderer).await?;
    if is_changed {
        let (before, after) = (before.as_ref().map(form::device), form::device(device));
        let change = || changed("device.update", "device", &device.id, before, Some(after));
        note(connection, author, &device.tenant, change).await?;
    }
    Ok(is_changed)
}

pub(crate) async fn remove_device(
    connection: &mut Connection,
    tenant: &TenantId,
    id: &DeviceId,
    version: Option<i64>,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<bool> {
    let before = match author {
        Some(_) => devices::get_device(connection, tenant, id).await?,
        None => None,
    };
    let is_removed = devices::remove_device(connection, tenant, id, version, now, renderer).await?;
    if is_removed {
        let removal = || changed("device.delete", "device", id, before.as_ref().map(form::device), None);
        note(connection, author, tenant, removal).await?;
    }
    Ok(is_removed)
}

pub(crate) async fn add_webhook(
    connection: &mut Connection,
    new: &NewWebhook,
    most: u32,
    now: Timestamp,
    author: Option<&Author>,
) -> Result<Option<Webhook>> {
    let webhook = webhooks::add_webhook(connection, new, most, now).await?;
    if let Some(webhook) = &webhook {
        let added = || changed("webhook.create", "webhook", webhook.id, None, Some(form::webhook(webhook)));
        note(connection, author, &new.tenant, added).await?;
    }
    Ok(webhook)
}

pub(crate) async fn change_webhook(
    connection: &mut Connection,
    tenant: &TenantId,
    id: WebhookId,
    version: i64,
    change: &WebhookChange,
    now: Timestamp,
    author: Option<&Author>,
) -> Result<Option<Webhook>> {
    let before = match author {
        Some(_) => webhooks::get_webhook(connection, tenant, id).await?,
        None => None,
    };
    let webhook = webhooks::change_webhook(connection, tenant, id, version, change, now).await?;
    if let Some(webhook) = &webhook {
        let (before, after) = (before.as_ref().map(form::webhook), form::webhook(webhook));
        note(connection, author, tenant, || changed("webhook.update", "webhook", id, before, Some(after))).await?;
    }
    Ok(webhook)
}

pub(crate) async fn replace_webhook_secret(
    connection: &mut Connection,
    tenant: &TenantId,
    id: WebhookId,
    secret: &[u8],
    old_valid_until: Timestamp,
    now: Timestamp,
    author: Option<&Author>,
) -> Result<Option<Webhook>> {
    let webhook = webhooks::replace_secret(connection, tenant, id, secret, old_valid_until, now).await?;
    if webhook.is_some() {
        let after = json!({ "old_secret_valid_until": old_valid_until.to_string() });
        let replaced = || changed("webhook.rotate_secret", "webhook", id, None, Some(after));
        note(connection, author, tenant, replaced).await?;
    }
    Ok(webhook)
}

pub(crate) async fn remove_webhook(
    connection: &mut Connection,
    tenant: &TenantId,
    id: WebhookId,
    version: Option<i64>,
    author: Option<&Author>,
) -> Result<bool> {
    let before = match author {
        Some(_) => webhooks::get_webhook(connection, tenant, id).await?,
        None => None,
    };
    let is_removed = webhooks::remove_webhook(connection, tenant, id, version).await?;
    if is_removed {
        let removal = || changed("webhook.delete", "webhook", id, before.as_ref().map(form::webhook), None);
        note(connection, author, tenant, removal).await?;
    }
    Ok(is_removed)
}

pub(crate) async fn add_access_token(
    connection: &mut Connection,
    new: &NewAccessToken,
    most: u32,
    now: Timestamp,
    author: Option<&Author>,
) -> Result<Option<AccessToken>> {
    let token = access_tokens::add_access_token(connection, new, most, now).await?;
    if let Some(token) = &token {
        let after = form::access_token(token);
        let added = || changed("access_token.create", "access_token", token.id, None, Some(after));
        note(connection, author, &new.tenant, added).await?;
    }
    Ok(token)
}

pub(crate) async fn remove_access_token(
    connection: &mut Connection,
    tenant: &TenantId,
    id: AccessTokenId,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<bool> {
    let after_previous = AccessTokenId::new(id.get() - 1).ok();
    let before = match author {
        Some(_) => access_tokens::list_access_tokens(connection, tenant, after_previous, 1).await?.pop(),
        None => None,
    };
    let is_removed = access_tokens::remove_access_token(connection, tenant, id, now, renderer).await?;
    if is_removed {
        let before = before.as_ref().map(form::access_token);
        let removal = || changed("access_token.delete", "access_token", id, before, None);
        note(connection, author, tenant, removal).await?;
    }
    Ok(is_removed)
}

//! Changes of shares with their rows of the audit.

use super::super::Connection;
use super::super::shares::rows as shares;
use super::accounts::changed;
use super::rows::note;
use crate::audit_form as form;
use crate::{NewShare, Renderer, Result};
use milepost_domain::{Author, Share, ShareId, TenantId, Timestamp};

pub(crate) async fn add_share(
    connection: &mut Connection,
    new: &NewShare,
    most: u32,
    now: Timestamp,
    author: Option<&Author>,
) -> Result<Option<Share>> {
    let share = shares::add_share(connection, new, most, now).await?;
    if let Some(share) = &share {
        let added = || changed("share.create", "share", share.id, None, Some(form::share(share)));
        note(connection, author, &new.tenant, added).await?;
    }
    Ok(share)
}

pub(crate) async fn recall_share(
    connection: &mut Connection,
    tenant: &TenantId,
    id: ShareId,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<bool> {
    let before = match author {
        Some(_) => shares::list_shares(connection, tenant, ShareId::new(id.get() - 1).ok(), 1).await?.pop(),
        None => None,
    };
    let is_recalled = shares::recall_share(connection, tenant, id, now, renderer).await?;
    if is_recalled {
        let before = before.as_ref().map(form::share);
        note(connection, author, tenant, || changed("share.delete", "share", id, before, None)).await?;
    }
    Ok(is_recalled)
}

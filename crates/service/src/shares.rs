//! Makes, lists and recalls shares, by which guests see some vehicles until a time.

use crate::tenants::ensure_tenant;
use crate::{Request, ServiceError};
use milepost_access::{Access, CloseReason, Holder, SHARE_PREFIX, hash_secret, random_secret};
use milepost_domain::{
    Action, Caller, Invalid, Label, Share, ShareId, ShareState, TenantId, Timestamp, VehicleId, may,
};
use milepost_store::{Once, Store};
use std::sync::Arc;

/// The shares of one tenant that have not ended. More are a mistake, and are refused with 409.
pub const MAX_SHARES: u32 = 1_000;
/// The vehicles of one share.
pub const MAX_SHARED_VEHICLES: usize = 100;
/// The longest life of a share.
pub const MAX_SHARE_MS: i64 = 366 * 86_400_000;
/// The openings of one share within this time count as one, so that its guests can't make the database busy.
const OPENING_COUNTS_EVERY_MS: i64 = 1_000;

/// What the use cases of shares need.
pub struct Shares {
    store: Arc<dyn Store>,
    access: Arc<Access>,
}

impl Shares {
    pub(crate) fn new(store: Arc<dyn Store>, access: Arc<Access>) -> Self {
        Self { store, access }
    }
}

/// A share to be made.
#[derive(Debug, Clone)]
pub struct ShareRequest {
    /// Name for people.
    pub name: Label,
    /// The vehicles.
    pub vehicle_ids: Vec<VehicleId>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A share with its token, which is not shown again.
#[derive(Clone)]
pub struct MadeShare {
    /// The share.
    pub share: Share,
    /// What the guest sends.
    pub token: String,
}

/// Makes a share.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::Invalid`] for an end in the past or more than a year ahead and for no or too many
/// vehicles, [`ServiceError::NotFound`] for a vehicle that is not there, [`ServiceError::Conflict`] when the tenant has [`MAX_SHARES`].
pub async fn add_share(
    shares: &Shares,
    request: &Request,
    tenant: &TenantId,
    new: ShareRequest,
    once: &Once<'_, Share>,
) -> Result<MadeShare, ServiceError> {
    require(&request.caller, tenant)?;
    let lifetime_ms = new.expires_at.ms_since(request.now);
    if !(1..=MAX_SHARE_MS).contains(&lifetime_ms) {
        return Err(Invalid::new("expires_at", "must be in the future, and within 366 days").into());
    }
    let mut vehicle_ids = new.vehicle_ids;
    vehicle_ids.sort_unstable();
    vehicle_ids.dedup();
    if !(1..=MAX_SHARED_VEHICLES).contains(&vehicle_ids.len()) {
        return Err(Invalid::new("vehicle_ids", "must name 1 to 100 vehicles").into());
    }
    ensure_tenant(&*shares.store, tenant).await?;
    let token = random_secret(SHARE_PREFIX);
    let stored = milepost_store::NewShare {
        tenant: tenant.clone(),
        name: new.name,
        hash: hash_secret(&token),
        vehicle_ids,
        created_by: request.caller.user_id(),
        expires_at: new.expires_at,
    };
    let added =
        shares.store.by(request.author()).add_share(&stored, MAX_SHARES, request.now, &once.map(Option::clone)).await?;
    let Some(share) = added else {
        return Err(ServiceError::Conflict(format!("a tenant may have {MAX_SHARES} shares, recall one first")));
    };
    // Somebody may have tried the token a moment ago.
    shares.access.forget_key(&stored.hash);
    tracing::info!(share.id = %share.id, tenant.id = %tenant, by = request.caller.log_name(), "vehicles shared");
    Ok(MadeShare { share, token })
}

/// Shares in the order of their numbers. Those that have ended are listed for a month.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn list_shares(
    shares: &Shares,
    request: &Request,
    tenant: &TenantId,
    after: Option<ShareId>,
    limit: u32,
) -> Result<Vec<Share>, ServiceError> {
    require(&request.caller, tenant)?;
    Ok(shares.store.list_shares(tenant, after, limit).await?)
}

/// Recalls a share. Its token is refused from now on, and its connections end.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn remove_share(
    shares: &Shares,
    request: &Request,
    tenant: &TenantId,
    id: ShareId,
) -> Result<(), ServiceError> {
    require(&request.caller, tenant)?;
    if !shares.store.by(request.author()).recall_share(tenant, id, request.now).await? {
        return Err(ServiceError::NotFound("share"));
    }
    shares.access.end_connections(Holder::Share(tenant, id), CloseReason::Revoked);
    tracing::info!(share.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "share recalled");
    Ok(())
}

/// Finds the share of a guest's token, whatever became of it, and counts an opening if its guests are let in.
///
/// # Errors
/// [`ServiceError::NotAuthenticated`] for the token of no share, and for one that ended more than a month ago.
pub async fn open_share(shares: &Shares, token: &str, now: Timestamp) -> Result<Share, ServiceError> {
    const UNKNOWN: ServiceError = ServiceError::NotAuthenticated("there is no such shared link");
    if !token.starts_with(SHARE_PREFIX) {
        return Err(UNKNOWN);
    }
    // Not from the cache: a page asks right after its share was recalled.
    let share = shares.store.find_share(&hash_secret(token)).await?.ok_or(UNKNOWN)?;
    let is_due = share.opened_at.is_none_or(|last| now.ms_since(last) >= OPENING_COUNTS_EVERY_MS);
    if is_due && share.state(now) == ShareState::Open {
        shares.store.count_opening(&share.tenant, share.id, now).await?;
    }
    Ok(share)
}

fn require(caller: &Caller, tenant: &TenantId) -> Result<(), ServiceError> {
    if may(caller, Action::ManageShares, tenant) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only an admin or a manager of the tenant may share its vehicles"))
    }
}

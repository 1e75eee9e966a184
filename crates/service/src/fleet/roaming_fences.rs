//! Adds, lists, changes and removes roaming fences, and lists the encounters within them.

use super::{Fleet, require_geofences};
use crate::tenants::ensure_tenant;
use crate::{Request, ServiceError};
use milepost_domain::{
    Action, Encounter, ExpectedVersion, MAX_ROAMING_FENCES, RoamingFence, RoamingFenceDescription, RoamingFenceId,
    TenantId,
};
use milepost_store::{EncounterCursor, Once};

/// Attempts when others change the same fence at the same time. A failed one means that another change was stored first.
const TRIES: usize = 5;

/// Encounters of a roaming fence, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncounterPage {
    /// The encounters.
    pub encounters: Vec<Encounter>,
    /// What to continue after, if there may be more.
    pub next: Option<EncounterCursor>,
}

/// Adds a roaming fence, which applies at once: vehicles that are near each other already meet.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::Conflict`] when the tenant has [`MAX_ROAMING_FENCES`].
pub async fn add_roaming_fence(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    description: &RoamingFenceDescription,
    once: &Once<'_, RoamingFence>,
) -> Result<RoamingFence, ServiceError> {
    require_geofences(&request.caller, Action::ManageGeofences, tenant)?;
    ensure_tenant(&*fleet.store, tenant).await?;
    let once = once.map(Option::clone);
    let added = fleet.store.by(request.author()).add_roaming_fence(tenant, description, request.now, &once).await?;
    let added = added.ok_or_else(|| {
        ServiceError::Conflict(format!("a tenant may have {MAX_ROAMING_FENCES} roaming fences, remove one first"))
    })?;
    fleet.roaming_changed(tenant);
    tracing::info!(roaming_fence.id = %added.id, tenant.id = %tenant, by = request.caller.log_name(), "roaming fence added");
    Ok(added)
}

/// One roaming fence.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::NotFound`] also for another tenant's.
pub async fn get_roaming_fence(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    id: RoamingFenceId,
) -> Result<RoamingFence, ServiceError> {
    require_geofences(&request.caller, Action::SeeGeofences, tenant)?;
    fleet.store.get_roaming_fence(tenant, id).await?.ok_or(ServiceError::NotFound("roaming fence"))
}

/// A tenant's roaming fences after `after`, in the order of their ids.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn list_roaming_fences(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    after: Option<RoamingFenceId>,
    limit: u32,
) -> Result<Vec<RoamingFence>, ServiceError> {
    require_geofences(&request.caller, Action::SeeGeofences, tenant)?;
    Ok(fleet.store.list_roaming_fences(tenant, after, limit).await?)
}

/// Changes a roaming fence. What others change at the same time stays. Encounters that it does not concern any more end, without an
/// alert.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::Changed`], [`ServiceError::Conflict`] when others keep
/// changing it.
pub async fn change_roaming_fence(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    id: RoamingFenceId,
    expected: &ExpectedVersion,
    change: impl Fn(RoamingFenceDescription) -> RoamingFenceDescription + Send + Sync,
) -> Result<RoamingFence, ServiceError> {
    require_geofences(&request.caller, Action::ManageGeofences, tenant)?;
    for _ in 0..TRIES {
        let before = read_expected(fleet, tenant, id, expected).await?;
        let after = change(before.description.clone());
        if after == before.description {
            return Ok(before);
        }
        let store = fleet.store.by(request.author());
        if let Some(changed) = store.update_roaming_fence(tenant, id, before.version, &after, request.now).await? {
            fleet.roaming_changed(tenant);
            tracing::info!(roaming_fence.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "roaming fence changed");
            return Ok(changed);
        }
    }
    Err(being_changed())
}

/// Removes a roaming fence with its encounters. Alerts stay.
///
/// # Errors
/// As [`change_roaming_fence`].
pub async fn remove_roaming_fence(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    id: RoamingFenceId,
    expected: &ExpectedVersion,
) -> Result<(), ServiceError> {
    require_geofences(&request.caller, Action::ManageGeofences, tenant)?;
    for _ in 0..TRIES {
        let version = read_expected(fleet, tenant, id, expected).await?.version;
        if fleet.store.by(request.author()).remove_roaming_fence(tenant, id, Some(version), request.now).await? {
            fleet.roaming_changed(tenant);
            tracing::info!(roaming_fence.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "roaming fence removed");
            return Ok(());
        }
    }
    Err(being_changed())
}

/// The encounters of a roaming fence in which vehicles met, newest first.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn list_encounters(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    id: RoamingFenceId,
    before: Option<EncounterCursor>,
    limit: u32,
) -> Result<EncounterPage, ServiceError> {
    get_roaming_fence(fleet, request, tenant, id).await?;
    let listed = fleet.store.list_encounters(tenant, id, before, limit).await?;
    let next = if listed.len() < limit as usize { None } else { listed.last().map(|(cursor, _)| *cursor) };
    Ok(EncounterPage { encounters: listed.into_iter().map(|(_, encounter)| encounter).collect(), next })
}

async fn read_expected(
    fleet: &Fleet,
    tenant: &TenantId,
    id: RoamingFenceId,
    expected: &ExpectedVersion,
) -> Result<RoamingFence, ServiceError> {
    let found = fleet.store.get_roaming_fence(tenant, id).await?.ok_or(ServiceError::NotFound("roaming fence"))?;
    if expected.allows(found.version) { Ok(found) } else { Err(ServiceError::Changed("roaming fence")) }
}

fn being_changed() -> ServiceError {
    ServiceError::Conflict("the roaming fence is being changed by others, try again".to_owned())
}

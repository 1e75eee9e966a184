//! Adds a geofence.

use super::{Fleet, require_geofences};
use crate::tenants::ensure_tenant;
use crate::{Request, ServiceError};
use milepost_domain::{Action, Geofence, GeofenceDescription, MAX_GEOFENCES, TenantId};
use milepost_store::Once;

/// Adds a geofence, which applies to the next position.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::Conflict`] when the tenant has [`MAX_GEOFENCES`].
pub async fn add_geofence(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    description: &GeofenceDescription,
    once: &Once<'_, Geofence>,
) -> Result<Geofence, ServiceError> {
    require_geofences(&request.caller, Action::ManageGeofences, tenant)?;
    ensure_tenant(&*fleet.store, tenant).await?;
    let once = once.map(Option::clone);
    let added =
        fleet.store.by(request.author()).add_geofence(tenant, description, request.now, &once).await?.ok_or_else(
            || ServiceError::Conflict(format!("a tenant may have {MAX_GEOFENCES} geofences, remove one first")),
        )?;
    fleet.rules_changed(tenant);
    tracing::info!(geofence.id = %added.id, tenant.id = %tenant, by = request.caller.log_name(), "geofence added");
    Ok(added)
}

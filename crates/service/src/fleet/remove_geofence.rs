//! Removes a geofence.

use super::{Fleet, require_geofences};
use crate::{Request, ServiceError};
use milepost_domain::{GeofenceId, TenantId};

/// Removes a geofence. Its recorded visits stay.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::NotFound`] also for another tenant's.
pub async fn remove_geofence(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    id: GeofenceId,
) -> Result<(), ServiceError> {
    require_geofences(&request.caller, tenant)?;
    if !fleet.store.remove_geofence(tenant, id, request.now).await? {
        return Err(ServiceError::NotFound("geofence"));
    }
    fleet.rules_changed(tenant);
    tracing::info!(geofence.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "geofence removed");
    Ok(())
}

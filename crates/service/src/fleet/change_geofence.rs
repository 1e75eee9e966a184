//! Changes a geofence.

use super::{Fleet, require_geofences};
use crate::{Request, ServiceError};
use milepost_domain::{Geofence, GeofenceDescription, GeofenceId, TenantId, Timestamp};

/// Changes a geofence's description. `change` may refuse the description, and may block for long. A description without
/// a difference is not stored.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], and what `change` refuses.
pub async fn change_geofence<R: From<ServiceError> + Send + 'static>(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    id: GeofenceId,
    change: impl FnOnce(GeofenceDescription) -> Result<GeofenceDescription, R> + Send + 'static,
) -> Result<Geofence, R> {
    let before = get_geofence(fleet, request, tenant, id).await?;
    let description = before.description.clone();
    // Checking ten thousand corners takes a tenth of a second, which is too long for a thread that serves sockets.
    let changing = tokio::task::spawn_blocking(move || change(description));
    let after = changing.await.map_err(|error| {
        tracing::error!(%error, "a geofence could not be changed");
        ServiceError::Internal
    })??;
    if after == before.description {
        return Ok(before);
    }
    let changed = write_geofence(fleet, tenant, id, &after, request.now).await?;
    tracing::info!(geofence.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "geofence changed");
    Ok(changed)
}

async fn write_geofence(
    fleet: &Fleet,
    tenant: &TenantId,
    id: GeofenceId,
    description: &GeofenceDescription,
    now: Timestamp,
) -> Result<Geofence, ServiceError> {
    let changed = fleet.store.update_geofence(tenant, id, description, now).await?;
    let changed = changed.ok_or(ServiceError::NotFound("geofence"))?;
    fleet.rules_changed(tenant);
    Ok(changed)
}

/// One geofence.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::NotFound`] also for another tenant's.
pub async fn get_geofence(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    id: GeofenceId,
) -> Result<Geofence, ServiceError> {
    require_geofences(&request.caller, tenant)?;
    fleet.store.get_geofence(tenant, id).await?.ok_or(ServiceError::NotFound("geofence"))
}

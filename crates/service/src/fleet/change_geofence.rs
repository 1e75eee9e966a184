//! Changes a geofence.

use super::{Fleet, require_geofences};
use crate::{LargeBodies, Request, ServiceError};
use milepost_domain::{Action, ExpectedVersion, Geofence, GeofenceDescription, GeofenceId, TenantId};
use std::sync::Arc;

/// Attempts when others change the same geofence at the same time. A failed one means that another change was stored first.
const TRIES: usize = 5;

/// Changes a geofence's description. `change` may refuse the description, and may block for long. A description without
/// a difference is not stored. What others change at the same time stays.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::Changed`], [`ServiceError::Conflict`] when others keep
/// changing it, and what `change` refuses.
pub async fn change_geofence<R: From<ServiceError> + Send + 'static>(
    fleet: &Fleet,
    bodies: &LargeBodies,
    request: &Request,
    tenant: &TenantId,
    id: GeofenceId,
    expected: &ExpectedVersion,
    change: impl Fn(GeofenceDescription) -> Result<GeofenceDescription, R> + Send + Sync + 'static,
) -> Result<Geofence, R> {
    require_geofences(&request.caller, Action::ManageGeofences, tenant)?;
    let change = Arc::new(change);
    for _ in 0..TRIES {
        let before = get_geofence(fleet, request, tenant, id).await?;
        if !expected.allows(before.version) {
            return Err(ServiceError::Changed("geofence").into());
        }
        let (change, description) = (Arc::clone(&change), before.description.clone());
        // Checking ten thousand corners takes a tenth of a second, which is too long for a thread that serves sockets.
        let after = bodies.compute(tenant, &request.caller, move || change(description)).await??;
        if after == before.description {
            return Ok(before);
        }
        let changed =
            fleet.store.by(request.author()).update_geofence(tenant, id, before.version, &after, request.now).await;
        if let Some(changed) = changed.map_err(ServiceError::from)? {
            fleet.rules_changed(tenant);
            tracing::info!(geofence.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "geofence changed");
            return Ok(changed);
        }
    }
    Err(ServiceError::Conflict("the geofence is being changed by others, try again".to_owned()).into())
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
    require_geofences(&request.caller, Action::SeeGeofences, tenant)?;
    fleet.store.get_geofence(tenant, id).await?.ok_or(ServiceError::NotFound("geofence"))
}

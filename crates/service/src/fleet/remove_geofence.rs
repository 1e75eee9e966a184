//! Removes a geofence.

use super::{Fleet, get_geofence, require_geofences};
use crate::{Request, ServiceError};
use milepost_domain::{Action, ExpectedVersion, GeofenceId, TenantId};

/// Attempts when others change the same geofence at the same time.
const TRIES: usize = 5;

/// Removes a geofence. Its recorded visits stay.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::NotFound`] also for another tenant's; [`ServiceError::Changed`];
/// [`ServiceError::Conflict`] when others keep changing it.
pub async fn remove_geofence(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    id: GeofenceId,
    expected: &ExpectedVersion,
) -> Result<(), ServiceError> {
    require_geofences(&request.caller, Action::ManageGeofences, tenant)?;
    for _ in 0..TRIES {
        let before = get_geofence(fleet, request, tenant, id).await?;
        if !expected.allows(before.version) {
            return Err(ServiceError::Changed("geofence"));
        }
        if fleet.store.by(request.author()).remove_geofence(tenant, id, Some(before.version), request.now).await? {
            fleet.rules_changed(tenant);
            tracing::info!(geofence.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "geofence removed");
            return Ok(());
        }
    }
    Err(ServiceError::Conflict("the geofence is being changed by others, try again".to_owned()))
}

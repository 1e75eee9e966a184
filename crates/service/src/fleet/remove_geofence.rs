//! Removes a geofence.

use super::require_geofences;
use crate::{Service, ServiceError};
use milepost_domain::{Caller, GeofenceId, TenantId};

impl Service {
    /// Removes a geofence; what vehicles did there stays told.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`]; [`ServiceError::NotFound`] also for another tenant's.
    pub async fn remove_geofence(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        id: GeofenceId,
    ) -> Result<(), ServiceError> {
        require_geofences(caller, tenant)?;
        if !self.store.remove_geofence(tenant, id, self.now()).await? {
            return Err(ServiceError::NotFound("geofence"));
        }
        self.ground_stored(tenant);
        tracing::info!(geofence.id = %id, tenant.id = %tenant, by = caller.log_name(), "geofence removed");
        Ok(())
    }
}

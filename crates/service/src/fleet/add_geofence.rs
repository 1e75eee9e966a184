//! Adds a geofence.

use super::require_geofences;
use crate::{Service, ServiceError};
use milepost_domain::{Caller, Geofence, GeofenceDescription, MAX_GEOFENCES, TenantId};
use milepost_store::Once;

impl Service {
    /// Adds a geofence; from the next position on vehicles are told to cross it.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`]; [`ServiceError::Conflict`] when the tenant has [`MAX_GEOFENCES`].
    pub async fn add_geofence(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        description: &GeofenceDescription,
        once: &Once<'_, Geofence>,
    ) -> Result<Geofence, ServiceError> {
        require_geofences(caller, tenant)?;
        self.ensure_tenant(tenant).await?;
        let once = once.map(Option::clone);
        let added = self.store.add_geofence(tenant, description, self.now(), &once).await?.ok_or_else(|| {
            ServiceError::Conflict(format!("a tenant may have {MAX_GEOFENCES} geofences, remove one first"))
        })?;
        self.ground_stored(tenant);
        tracing::info!(geofence.id = %added.id, tenant.id = %tenant, by = caller.log_name(), "geofence added");
        Ok(added)
    }
}

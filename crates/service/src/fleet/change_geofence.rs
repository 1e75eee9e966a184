//! Changes a geofence.

use super::require_geofences;
use crate::{Service, ServiceError};
use milepost_domain::{Caller, Geofence, GeofenceDescription, GeofenceId, TenantId};

impl Service {
    /// Changes a geofence's description; `change` may refuse what does not go with the rest of it, and may take its time.
    /// What makes no difference is not stored.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], and whatever `change` refuses.
    pub async fn change_geofence<R: From<ServiceError> + Send + 'static>(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        id: GeofenceId,
        change: impl FnOnce(GeofenceDescription) -> Result<GeofenceDescription, R> + Send + 'static,
    ) -> Result<Geofence, R> {
        let before = self.get_geofence(caller, tenant, id).await?;
        let description = before.description.clone();
        // Ten thousand corners are looked at for a tenth of a second: not on a thread that serves sockets.
        let changing = tokio::task::spawn_blocking(move || change(description));
        let after = changing.await.map_err(|error| {
            tracing::error!(%error, "a geofence could not be changed");
            ServiceError::Internal
        })??;
        if after == before.description {
            return Ok(before);
        }
        let changed = self.write_geofence(tenant, id, &after).await?;
        tracing::info!(geofence.id = %id, tenant.id = %tenant, by = caller.log_name(), "geofence changed");
        Ok(changed)
    }

    async fn write_geofence(
        &self,
        tenant: &TenantId,
        id: GeofenceId,
        description: &GeofenceDescription,
    ) -> Result<Geofence, ServiceError> {
        let changed = self.store.update_geofence(tenant, id, description, self.now()).await?;
        let changed = changed.ok_or(ServiceError::NotFound("geofence"))?;
        self.ground_stored(tenant);
        Ok(changed)
    }

    /// One geofence.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`]; [`ServiceError::NotFound`] also for another tenant's.
    pub async fn get_geofence(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        id: GeofenceId,
    ) -> Result<Geofence, ServiceError> {
        require_geofences(caller, tenant)?;
        self.store.get_geofence(tenant, id).await?.ok_or(ServiceError::NotFound("geofence"))
    }
}

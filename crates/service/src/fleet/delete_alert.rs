//! Deletes an alert.

use super::require_viewer;
use crate::{Service, ServiceError};
use milepost_domain::{Action, AlertId, Caller, TenantId, may};

impl Service {
    /// Deletes an alert, for all who may see it; they are told. Whom one is addressed to may delete it, beside those who
    /// manage alerts. Its subject is not raised again before it would have expired.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] also for another tenant's and another user's; [`ServiceError::Forbidden`] for whom no
    /// alert can be.
    pub async fn delete_alert(&self, caller: &Caller, tenant: &TenantId, id: &AlertId) -> Result<(), ServiceError> {
        let viewer = require_viewer(caller, tenant)?;
        let now = self.now();
        let found = self.store.get_alert(tenant, viewer, id, now).await?.ok_or(ServiceError::NotFound("alert"))?;
        if found.user_id.is_none() && !may(caller, Action::ManageAlerts, tenant) {
            return Err(ServiceError::Forbidden("only an admin or manager of the tenant may delete its alerts"));
        }
        if !self.store.delete_alert(tenant, viewer, id, now).await? {
            return Err(ServiceError::NotFound("alert"));
        }
        self.fleet_stored();
        tracing::info!(alert.id = %id, tenant.id = %tenant, by = caller.log_name(), "alert deleted");
        Ok(())
    }
}

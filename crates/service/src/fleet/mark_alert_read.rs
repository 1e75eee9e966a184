//! Marks an alert read.

use super::require_viewer;
use crate::{Service, ServiceError};
use milepost_domain::{Alert, AlertId, Caller, TenantId};
use milepost_store::{AlertReadOutcome, Once};

impl Service {
    /// Marks an alert read, for all who may see it; they are told. Read before, it is left as it is.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] also for another tenant's and another user's; [`ServiceError::Forbidden`] for whom no
    /// alert can be.
    pub async fn mark_alert_read(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        id: &AlertId,
        once: &Once<'_, Alert>,
    ) -> Result<Alert, ServiceError> {
        let viewer = require_viewer(caller, tenant)?;
        let once = once.map(alert_of);
        match self.store.read_alert(tenant, viewer, id, caller.user_id(), self.now(), &once).await? {
            Some(AlertReadOutcome::Marked(alert)) => {
                self.fleet_stored();
                Ok(alert)
            }
            Some(AlertReadOutcome::WasRead(alert)) => Ok(alert),
            None => Err(ServiceError::NotFound("alert")),
        }
    }
}

fn alert_of(outcome: &Option<AlertReadOutcome>) -> Option<Alert> {
    let (AlertReadOutcome::Marked(alert) | AlertReadOutcome::WasRead(alert)) = outcome.as_ref()?;
    Some(alert.clone())
}

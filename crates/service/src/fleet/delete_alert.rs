//! Deletes an alert.

use super::{Fleet, require_viewer};
use crate::{Request, ServiceError};
use milepost_domain::{Action, AlertId, TenantId, may};

/// Deletes an alert for all who may see it, and publishes the deletion. Admins and managers may delete any alert, and a
/// user the alerts addressed to it. An alert with the same subject is not raised before this one would have expired.
///
/// # Errors
/// [`ServiceError::NotFound`] also for another tenant's and another user's; [`ServiceError::Forbidden`] for callers
/// that get no alerts.
pub async fn delete_alert(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    id: &AlertId,
) -> Result<(), ServiceError> {
    let viewer = require_viewer(&request.caller, tenant)?;
    let now = request.now;
    let found = fleet.store.get_alert(tenant, viewer, id, now).await?.ok_or(ServiceError::NotFound("alert"))?;
    if found.user_id.is_none() && !may(&request.caller, Action::ManageAlerts, tenant) {
        return Err(ServiceError::Forbidden("only an admin or manager of the tenant may delete its alerts"));
    }
    if !fleet.store.delete_alert(tenant, viewer, id, now).await? {
        return Err(ServiceError::NotFound("alert"));
    }
    fleet.wakers.wake_all(tenant);
    tracing::debug!(alert.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "alert deleted");
    Ok(())
}

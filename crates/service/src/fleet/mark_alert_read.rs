//! Marks an alert read.

use super::{Fleet, require_viewer};
use crate::{Request, ServiceError};
use milepost_domain::{Action, Alert, AlertId, Principal, TenantId, may};
use milepost_store::{AlertReadOutcome, Once};

/// Marks an alert read for all who may see it, and publishes the change. A program needs the right to manage alerts. An alert that was read before stays as it is.
///
/// # Errors
/// [`ServiceError::NotFound`] also for another tenant's and another user's; [`ServiceError::Forbidden`] for callers
/// that get no alerts.
pub async fn mark_alert_read(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    id: &AlertId,
    once: &Once<'_, Alert>,
) -> Result<Alert, ServiceError> {
    let viewer = require_viewer(&request.caller, tenant)?;
    if matches!(request.caller.principal, Principal::Program { .. })
        && !may(&request.caller, Action::ManageAlerts, tenant)
    {
        return Err(ServiceError::Forbidden("a program needs the scope «manage» to mark alerts read"));
    }
    let once = once.map(alert_of);
    match fleet.store.read_alert(tenant, viewer, id, request.caller.user_id(), request.now, &once).await? {
        Some(AlertReadOutcome::Marked(alert)) => {
            fleet.wakers.wake_all(tenant);
            Ok(alert)
        }
        Some(AlertReadOutcome::WasRead(alert)) => Ok(alert),
        None => Err(ServiceError::NotFound("alert")),
    }
}

fn alert_of(outcome: &Option<AlertReadOutcome>) -> Option<Alert> {
    let (AlertReadOutcome::Marked(alert) | AlertReadOutcome::WasRead(alert)) = outcome.as_ref()?;
    Some(alert.clone())
}

//! Raises an alert by hand.

use super::Fleet;
use crate::tenants::ensure_tenant;
use crate::{Request, ServiceError};
use milepost_domain::{
    Action, Alert, AlertId, AlertKind, AlertSubject, AlertTitle, Invalid, JsonObject, NotificationText, Position,
    Severity, TenantId, Timestamp, UserId, VehicleId, may,
};
use milepost_store::Once;
use uuid::Uuid;

/// An alert to be raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAlert {
    /// The tenant that gets the alert.
    pub tenant: TenantId,
    /// The kind of the alert.
    pub kind: AlertKind,
    /// How serious the alert is.
    pub severity: Severity,
    /// The only user that gets the alert. `None` is for all users that see the whole fleet.
    pub user_id: Option<UserId>,
    /// The vehicle that the alert is about.
    pub vehicle_id: Option<VehicleId>,
    /// The driver of the vehicle.
    pub driver_id: Option<UserId>,
    /// A few words for lists.
    pub title: AlertTitle,
    /// The full text.
    pub message: NotificationText,
    /// Data for programs.
    pub data: Option<JsonObject>,
    /// Alerts with the same subject are raised once while the first has not expired.
    pub subject: Option<AlertSubject>,
    /// When it happened. `None` is now.
    pub at: Option<Timestamp>,
    /// When the alert expires. `None` is the configured lifetime from now.
    pub expires_at: Option<Timestamp>,
}

/// Raises an alert, and publishes it to the users that may see it.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::Invalid`] for a vehicle of another tenant, and for
/// impossible times; [`ServiceError::Conflict`] while an alert with the same subject has not expired.
pub async fn raise_alert(
    fleet: &Fleet,
    request: &Request,
    new: NewAlert,
    once: &Once<'_, Alert>,
) -> Result<Alert, ServiceError> {
    if !may(&request.caller, Action::ManageAlerts, &new.tenant) {
        return Err(ServiceError::Forbidden("only an admin or manager of the tenant may raise alerts"));
    }
    let now = request.now;
    let (at, expires_at) = alert_times(&new, now, fleet.alert_expiry_ms)?;
    if let Some(vehicle) = &new.vehicle_id
        && fleet.store.get_vehicle(&new.tenant, vehicle).await?.is_none()
    {
        return Err(Invalid::new("vehicle_id", "must be a vehicle of the tenant").into());
    }
    ensure_tenant(&*fleet.store, &new.tenant).await?;
    let alert = Alert {
        id: AlertId::new(&Uuid::now_v7().to_string())?,
        tenant: new.tenant,
        kind: new.kind,
        severity: new.severity,
        user_id: new.user_id,
        vehicle_id: new.vehicle_id,
        driver_id: new.driver_id,
        title: new.title,
        message: new.message,
        data: new.data,
        subject: new.subject,
        at,
        expires_at,
        read: None,
    };
    let raised = |is_raised: &bool| is_raised.then(|| alert.clone());
    if !fleet.store.raise_alert(&alert, now, &once.map(raised)).await? {
        return Err(ServiceError::Conflict("an alert with this subject was raised and has not expired".to_owned()));
    }
    fleet.wakers.wake_all(&alert.tenant);
    tracing::debug!(alert.id = %alert.id, tenant.id = %alert.tenant, by = request.caller.log_name(), "alert raised");
    Ok(alert)
}

fn alert_times(new: &NewAlert, now: Timestamp, expiry_ms: i64) -> Result<(Timestamp, Timestamp), ServiceError> {
    let at = new.at.unwrap_or(now);
    Position::check_time(at, now)?;
    let expires_at = new.expires_at.unwrap_or_else(|| now.plus_ms(expiry_ms));
    if expires_at > now { Ok((at, expires_at)) } else { Err(Invalid::new("expires_at", "must lie ahead").into()) }
}

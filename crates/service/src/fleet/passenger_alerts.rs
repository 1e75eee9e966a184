//! Alerts that staff addressed to passengers.

use super::Fleet;
use crate::ServiceError;
use milepost_domain::{Alert, TenantId, Timestamp};

/// Alerts of a tenant that are shown to passengers. Older ones are not.
const MAX_PASSENGER_ALERTS: u32 = 200;

/// The unexpired alerts of the whole fleet whose data has this key, newest first. Hold a permit for a large read.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn passenger_alerts(
    fleet: &Fleet,
    tenant: &TenantId,
    key: &str,
    now: Timestamp,
) -> Result<Vec<Alert>, ServiceError> {
    Ok(fleet.store.list_alerts_with_key(tenant, key, MAX_PASSENGER_ALERTS, now).await?)
}

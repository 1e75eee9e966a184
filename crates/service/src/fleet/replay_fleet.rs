//! Reads the events of a fleet that a client missed.

use super::Fleet;
use crate::ServiceError;
use milepost_domain::{Event, FleetViewer, TenantId};

/// The events with `after < id <= up_to` that `viewer` may see, oldest first. Fewer than `limit` means that there are
/// no more.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn fleet_events(
    fleet: &Fleet,
    tenant: &TenantId,
    viewer: FleetViewer,
    after: i64,
    up_to: i64,
    limit: u32,
) -> Result<Vec<Event>, ServiceError> {
    Ok(fleet.store.fleet_events(tenant, viewer, after, up_to, limit).await?)
}

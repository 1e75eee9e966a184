//! Reads again what somebody who was away has missed of a fleet.

use crate::{Service, ServiceError};
use milepost_domain::{Event, FleetViewer, TenantId};

impl Service {
    /// Events of a fleet above `after` and up to `up_to` that `viewer` may see, oldest first; fewer than `limit` when
    /// there are no more.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn fleet_events(
        &self,
        tenant: &TenantId,
        viewer: FleetViewer,
        after: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Event>, ServiceError> {
        Ok(self.store.fleet_events(tenant, viewer, after, up_to, limit).await?)
    }
}

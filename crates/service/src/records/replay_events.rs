//! Reads again what somebody who was away has missed.

use crate::{Service, ServiceError};
use milepost_domain::{Event, RecordViewer, TenantId};

impl Service {
    /// The newest event's id of a tenant, 0 if it never had one.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn newest_event_id(&self, tenant: &TenantId) -> Result<i64, ServiceError> {
        Ok(self.store.newest_event_id(tenant).await?)
    }

    /// Events above `after` and up to `up_to` that `viewer` may see, oldest first; fewer than `limit` when there are no
    /// more.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn visible_events(
        &self,
        tenant: &TenantId,
        viewer: RecordViewer,
        after: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Event>, ServiceError> {
        Ok(self.store.visible_events(tenant, viewer, after, up_to, limit).await?)
    }
}

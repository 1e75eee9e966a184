//! Reads the events that a client missed.

use super::Records;
use crate::ServiceError;
use milepost_domain::{Event, RecordViewer, TenantId};
use milepost_store::StoredEvents;

/// The id of a tenant's newest event, or 0 if it never had one.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn newest_event_id(records: &Records, tenant: &TenantId) -> Result<i64, ServiceError> {
    Ok(records.store.newest_event_id(tenant).await?)
}

/// The name of the event log of this database. After a backup was restored it has another one.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn feed_name(records: &Records) -> Result<String, ServiceError> {
    Ok(records.store.feed_name().await?)
}

/// Which of a tenant's events are still stored.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn stored_events(records: &Records, tenant: &TenantId) -> Result<StoredEvents, ServiceError> {
    Ok(records.store.stored_events(tenant).await?)
}

/// The events with `after < id <= up_to` that `viewer` may see, oldest first. Fewer than `limit` means that there are
/// no more.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn visible_events(
    records: &Records,
    tenant: &TenantId,
    viewer: RecordViewer,
    after: i64,
    up_to: i64,
    limit: u32,
) -> Result<Vec<Event>, ServiceError> {
    Ok(records.store.visible_events(tenant, viewer, after, up_to, limit).await?)
}

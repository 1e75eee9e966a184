//! Publishes an event that a caller wrote.

use super::Records;
use crate::tenants::ensure_tenant;
use crate::{Request, ServiceError};
use milepost_domain::{Action, CadetId, Event, EventType, Fact, Invalid, JsonObject, ManualEvent, TenantId, may};
use milepost_store::Once;

/// An event to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewManualEvent {
    /// Its tenant.
    pub tenant: TenantId,
    /// The `type` of its message.
    pub event_type: EventType,
    /// The cadet that gets the event, besides staff.
    pub cadet_id: Option<CadetId>,
    /// The `data` of its message.
    pub payload: JsonObject,
}

/// Publishes an event to a cadet and staff, or to staff alone. It changes no record.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::Invalid`] for a cadet that the tenant does not have.
pub async fn publish_sync_event(
    records: &Records,
    request: &Request,
    new: NewManualEvent,
    once: &Once<'_, Event>,
) -> Result<Event, ServiceError> {
    let NewManualEvent { tenant, event_type, cadet_id, payload } = new;
    if !may(&request.caller, Action::ManageRecords, &tenant) {
        return Err(ServiceError::Forbidden("only an admin or training staff may publish events"));
    }
    if let Some(id) = cadet_id
        && records.store.get_cadet(&tenant, id).await?.is_none()
    {
        return Err(Invalid::new("cadet_id", "must be a cadet of the tenant").into());
    }
    ensure_tenant(&*records.store, &tenant).await?;
    let fact = Fact::ManualEvent(Box::new(ManualEvent { event_type, cadet_id, payload }));
    let at = request.now;
    let stored = |id: &i64| Some(Event { id: *id, at, fact: fact.clone() });
    let id = records.store.append_facts(&tenant, std::slice::from_ref(&fact), at, &once.map(stored)).await?;
    records.wakers.wake_all(&tenant);
    tracing::debug!(event.id = id, tenant.id = %tenant, by = request.caller.log_name(), "event published by hand");
    Ok(Event { id, at, fact })
}

//! Tells an event by hand.

use crate::{Service, ServiceError};
use milepost_domain::{
    Action, CadetId, Caller, Event, EventType, Fact, Invalid, JsonObject, ManualEvent, TenantId, may,
};
use milepost_store::Once;

/// An event to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewManualEvent {
    /// In which tenant.
    pub tenant: TenantId,
    /// The `type` of its message.
    pub event_type: EventType,
    /// Whom it concerns, beside staff.
    pub cadet_id: Option<CadetId>,
    /// The `data` of its message.
    pub payload: JsonObject,
}

impl Service {
    /// Tells an event to a cadet and staff, or to staff alone. It changes no record.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`]; [`ServiceError::Invalid`] for a cadet that the tenant does not have.
    pub async fn tell_sync_event(
        &self,
        caller: &Caller,
        new: NewManualEvent,
        once: &Once<'_, Event>,
    ) -> Result<Event, ServiceError> {
        let NewManualEvent { tenant, event_type, cadet_id, payload } = new;
        if !may(caller, Action::ManageRecords, &tenant) {
            return Err(ServiceError::Forbidden("only an admin or training staff may tell events"));
        }
        if let Some(id) = cadet_id {
            let cadet = self.store.get_cadet(id).await?;
            if cadet.is_none_or(|cadet| cadet.tenant != tenant) {
                return Err(Invalid::new("cadet_id", "must be a cadet of the tenant").into());
            }
        }
        self.ensure_tenant(&tenant).await?;
        let fact = Fact::ManualEvent(Box::new(ManualEvent { event_type, cadet_id, payload }));
        let at = self.now();
        let stored = |id: &i64| Some(Event { id: *id, at, fact: fact.clone() });
        let id = self.store.append_facts(&tenant, std::slice::from_ref(&fact), at, &once.map(stored)).await?;
        self.records_stored();
        tracing::info!(event.id = id, tenant.id = %tenant, by = caller.log_name(), "event told by hand");
        Ok(Event { id, at, fact })
    }
}

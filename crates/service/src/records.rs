//! Records of cadets, and notices to users. Each write is stored with its event, which the event feed publishes.

mod add_cadet;
mod change_scores;
mod give_grade;
mod publish_sync_event;
mod read_notice;
mod read_records;
mod record_attendance;
mod replay_events;
mod send_messages;
mod send_notices;
mod send_notifications;
mod take_back_grade;

pub use add_cadet::add_cadet;
pub use change_scores::change_scores;
pub use give_grade::give_grade;
pub use milepost_store::{NewCadet, NoticeFilter};
pub use publish_sync_event::{NewManualEvent, publish_sync_event};
pub use read_notice::{list_notices, read_notice};
pub use read_records::{CadetPage, get_cadet, list_attendance, list_cadets, list_grades};
pub use record_attendance::record_attendance;
pub use replay_events::{feed_name, newest_event_id, stored_events, visible_events};
pub use send_messages::send_messages;
pub use send_notices::{Addressees, MAX_ADDRESSEES};
pub use send_notifications::send_notifications;
pub use take_back_grade::take_back_grade;

use crate::wakers::Wakers;
use crate::{Request, ServiceError};
use milepost_domain::{Action, Cadet, CadetId, TenantId, may_with_cadet};
use milepost_store::Store;
use std::sync::Arc;

/// What the use cases of records and notices need.
pub struct Records {
    store: Arc<dyn Store>,
    wakers: Wakers,
}

impl Records {
    pub(crate) fn new(store: Arc<dyn Store>, wakers: Wakers) -> Self {
        Self { store, wakers }
    }

    /// A cadet, if the caller may do `action` to it. A cadet of another tenant is answered as if it did not exist.
    async fn find_cadet(
        &self,
        request: &Request,
        action: Action,
        (tenant, id): (&TenantId, CadetId),
        refusal: &'static str,
    ) -> Result<Cadet, ServiceError> {
        let caller = &request.caller;
        if *tenant != caller.tenant && !caller.is_superadmin() {
            return Err(ServiceError::NotFound("cadet"));
        }
        let cadet = self.store.get_cadet(tenant, id).await?.ok_or(ServiceError::NotFound("cadet"))?;
        if may_with_cadet(caller, action, tenant, id) { Ok(cadet) } else { Err(ServiceError::Forbidden(refusal)) }
    }

    /// A cadet whose records the caller may change.
    async fn find_cadet_to_change(
        &self,
        request: &Request,
        tenant: &TenantId,
        id: CadetId,
    ) -> Result<Cadet, ServiceError> {
        let refusal = "only an admin or training staff may change records";
        self.find_cadet(request, Action::ManageRecords, (tenant, id), refusal).await
    }

    /// A cadet whose records the caller may see.
    async fn find_cadet_to_see(
        &self,
        request: &Request,
        tenant: &TenantId,
        id: CadetId,
    ) -> Result<Cadet, ServiceError> {
        let refusal = "only the cadet itself, an admin or training staff may see this";
        self.find_cadet(request, Action::SeeRecords, (tenant, id), refusal).await
    }
}

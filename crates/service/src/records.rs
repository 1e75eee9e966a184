//! Records of cadets, and what is told to users: each write is stored with its event, which is told on in the order of commit.

mod add_cadet;
mod change_scores;
mod give_grade;
mod read_notice;
mod read_records;
mod record_attendance;
mod replay_events;
mod send_messages;
mod send_notices;
mod send_notifications;
mod take_back_grade;
mod tell_sync_event;

pub use milepost_store::{NewCadet, NoticeFilter};
pub use read_records::CadetPage;
pub use send_notices::{Addressees, MAX_ADDRESSEES};
pub use tell_sync_event::NewManualEvent;

use crate::{Service, ServiceError};
use milepost_domain::{Action, Cadet, CadetId, Caller, may_with_cadet};

impl Service {
    /// A cadet, if the caller may do `action` to it. Another tenant's is as unknown as one that does not exist.
    async fn find_cadet(
        &self,
        caller: &Caller,
        action: Action,
        id: CadetId,
        refusal: &'static str,
    ) -> Result<Cadet, ServiceError> {
        let cadet = self.store.get_cadet(id).await?.ok_or(ServiceError::NotFound("cadet"))?;
        if cadet.tenant != caller.tenant && !caller.is_superadmin() {
            return Err(ServiceError::NotFound("cadet"));
        }
        if may_with_cadet(caller, action, &cadet.tenant, id) {
            Ok(cadet)
        } else {
            Err(ServiceError::Forbidden(refusal))
        }
    }

    /// A cadet whose records the caller may change.
    async fn find_cadet_to_change(&self, caller: &Caller, id: CadetId) -> Result<Cadet, ServiceError> {
        self.find_cadet(caller, Action::ManageRecords, id, "only an admin or training staff may change records").await
    }

    /// A cadet whose records the caller may see.
    async fn find_cadet_to_see(&self, caller: &Caller, id: CadetId) -> Result<Cadet, ServiceError> {
        self.find_cadet(
            caller,
            Action::SeeRecords,
            id,
            "only the cadet itself, an admin or training staff may see this",
        )
        .await
    }

    /// After every commit that stored records: whoever is connected is told at once, and so are other programs.
    fn records_stored(&self) {
        self.wake_events();
        self.wake_outbox();
    }
}

//! Sends messages: whatever fields their sender gives them.

use super::Addressees;
use crate::{Service, ServiceError};
use milepost_domain::{Caller, JsonObject, Notice, NoticeContent, TenantId};
use milepost_store::Once;

impl Service {
    /// Sends a message from the caller to each of some users; each is kept until its user reads it, and after.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`]; [`ServiceError::Invalid`] for a stored user of another tenant.
    pub async fn send_messages(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        to: &Addressees,
        fields: JsonObject,
        once: &Once<'_, Vec<Notice>>,
    ) -> Result<Vec<Notice>, ServiceError> {
        let content = NoticeContent::Message { sender_id: caller.user_id(), fields };
        self.send_notices(caller, tenant, to, &content, once).await
    }
}

//! Sends notifications: a text with a kind.

use super::Addressees;
use crate::{Service, ServiceError};
use milepost_domain::{Caller, Notice, NoticeContent, NotificationKind, NotificationText, TenantId};
use milepost_store::Once;

impl Service {
    /// Sends a notification to each of some users; each is kept until its user reads it, and after.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`]; [`ServiceError::Invalid`] for a stored user of another tenant.
    pub async fn send_notifications(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        to: &Addressees,
        message: NotificationText,
        kind: NotificationKind,
        once: &Once<'_, Vec<Notice>>,
    ) -> Result<Vec<Notice>, ServiceError> {
        self.send_notices(caller, tenant, to, &NoticeContent::Notification { message, kind }, once).await
    }
}

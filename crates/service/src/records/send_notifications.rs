//! Sends notifications: texts with a kind.

use super::send_notices::send_notices;
use super::{Addressees, Records};
use crate::{Request, ServiceError};
use milepost_domain::{Notice, NoticeContent, NotificationKind, NotificationText, TenantId};
use milepost_store::Once;

/// Sends a notification to each of the users. Notifications stay stored after they were read.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::Invalid`] for a stored user of another tenant.
pub async fn send_notifications(
    records: &Records,
    request: &Request,
    tenant: &TenantId,
    to: &Addressees,
    message: NotificationText,
    kind: NotificationKind,
    once: &Once<'_, Vec<Notice>>,
) -> Result<Vec<Notice>, ServiceError> {
    send_notices(records, request, tenant, to, &NoticeContent::Notification { message, kind }, once).await
}

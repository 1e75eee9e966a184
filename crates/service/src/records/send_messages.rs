//! Sends messages, with the fields that their sender gives them.

use super::send_notices::send_notices;
use super::{Addressees, Records};
use crate::{Request, ServiceError};
use milepost_domain::{JsonObject, Notice, NoticeContent, TenantId};
use milepost_store::Once;

/// Sends a message from the caller to each of some users. They are kept, read or not.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::Invalid`] for a stored user of another tenant.
pub async fn send_messages(
    records: &Records,
    request: &Request<'_>,
    tenant: &TenantId,
    to: &Addressees,
    fields: JsonObject,
    once: &Once<'_, Vec<Notice>>,
) -> Result<Vec<Notice>, ServiceError> {
    let content = NoticeContent::Message { sender_id: request.caller.user_id(), fields };
    send_notices(records, request, tenant, to, &content, once).await
}

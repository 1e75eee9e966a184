//! Sends messages, whose fields are chosen by the sender.

use super::send_notices::send_notices;
use super::{Addressees, Records};
use crate::{Request, ServiceError};
use milepost_domain::{JsonObject, Notice, NoticeContent, TenantId};
use milepost_store::Once;

/// Sends a message from the caller to each of the users. Messages stay stored after they were read.
///
/// # Errors
/// [`ServiceError::Forbidden`]; [`ServiceError::Invalid`] for a stored user of another tenant.
pub async fn send_messages(
    records: &Records,
    request: &Request,
    tenant: &TenantId,
    to: &Addressees,
    fields: JsonObject,
    once: &Once<'_, Vec<Notice>>,
) -> Result<Vec<Notice>, ServiceError> {
    let content = NoticeContent::Message { sender_id: request.caller.user_id(), fields };
    send_notices(records, request, tenant, to, &content, once).await
}

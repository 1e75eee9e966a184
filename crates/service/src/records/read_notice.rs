//! Lists a user's notifications and messages, and marks them read.

use super::Records;
use crate::{Request, ServiceError};
use milepost_domain::{Caller, Notice, NoticeId, UserId};
use milepost_store::{NoticeFilter, Once, ReadOutcome};

/// The caller's own notifications or messages, newest first.
///
/// # Errors
/// [`ServiceError::Forbidden`] for callers without a user number, which can't get notices.
pub async fn list_notices(
    records: &Records,
    request: &Request,
    filter: NoticeFilter,
    before: Option<NoticeId>,
    limit: u32,
) -> Result<Vec<Notice>, ServiceError> {
    let user = addressee(&request.caller)?;
    Ok(records.store.list_notices(&request.caller.tenant, user, filter, before, limit).await?)
}

/// Marks one of the caller's own notifications or messages read, and publishes that to its other connections. One that
/// was read before stays as it is.
///
/// # Errors
/// [`ServiceError::NotFound`] also for another user's, and for a message where a notification is expected;
/// [`ServiceError::Forbidden`] for callers without a user number.
pub async fn read_notice(
    records: &Records,
    request: &Request,
    id: NoticeId,
    is_message: bool,
    once: &Once<'_, Notice>,
) -> Result<Notice, ServiceError> {
    let user = addressee(&request.caller)?;
    let once = once.map(notice_of);
    match records.store.read_notice(&request.caller.tenant, user, id, is_message, request.now, &once).await? {
        Some(ReadOutcome::Marked(notice)) => {
            records.wakers.wake_all(&request.caller.tenant);
            Ok(notice)
        }
        Some(ReadOutcome::WasRead(notice)) => Ok(notice),
        None => Err(ServiceError::NotFound(if is_message { "message" } else { "notification" })),
    }
}

fn notice_of(outcome: &Option<ReadOutcome>) -> Option<Notice> {
    let (ReadOutcome::Marked(notice) | ReadOutcome::WasRead(notice)) = outcome.as_ref()?;
    Some(notice.clone())
}

fn addressee(caller: &Caller) -> Result<UserId, ServiceError> {
    caller.user_id().ok_or(ServiceError::Forbidden("only users with a number get notifications and messages"))
}

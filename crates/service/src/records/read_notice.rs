//! Shows users what was told to them, and marks it read.

use crate::{Service, ServiceError};
use milepost_domain::{Caller, Notice, NoticeId, UserId};
use milepost_store::{NoticeFilter, Once, ReadOutcome};

impl Service {
    /// The caller's own notifications or messages, newest first.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] for who is no user with a number: nothing can be addressed to it.
    pub async fn list_notices(
        &self,
        caller: &Caller,
        filter: NoticeFilter,
        before: Option<NoticeId>,
        limit: u32,
    ) -> Result<Vec<Notice>, ServiceError> {
        let user = addressee(caller)?;
        Ok(self.store.list_notices(&caller.tenant, user, filter, before, limit).await?)
    }

    /// Marks one of the caller's own notifications or messages read; its other connections are told. Read before, it is
    /// left as it is.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] also for another user's, and for a message where a notification is meant;
    /// [`ServiceError::Forbidden`] for who is no user with a number.
    pub async fn read_notice(
        &self,
        caller: &Caller,
        id: NoticeId,
        is_message: bool,
        once: &Once<'_, Notice>,
    ) -> Result<Notice, ServiceError> {
        let user = addressee(caller)?;
        let once = once.map(notice_of);
        match self.store.read_notice(&caller.tenant, user, id, is_message, self.now(), &once).await? {
            Some(ReadOutcome::Marked(notice)) => {
                self.records_stored();
                Ok(notice)
            }
            Some(ReadOutcome::WasRead(notice)) => Ok(notice),
            None => Err(ServiceError::NotFound(if is_message { "message" } else { "notification" })),
        }
    }
}

fn notice_of(outcome: &Option<ReadOutcome>) -> Option<Notice> {
    let (ReadOutcome::Marked(notice) | ReadOutcome::WasRead(notice)) = outcome.as_ref()?;
    Some(notice.clone())
}

fn addressee(caller: &Caller) -> Result<UserId, ServiceError> {
    caller.user_id().ok_or(ServiceError::Forbidden("only users with a number get notifications and messages"))
}

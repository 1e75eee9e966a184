//! Sends notices: the part that notifications and messages share.

use super::Records;
use crate::tenants::ensure_tenant;
use crate::{Request, ServiceError};
use milepost_domain::{Action, Invalid, Notice, NoticeContent, TenantId, UserId, may};
use milepost_store::Once;

/// Users that one call may address. More are refused, because each gets a notice and an event in the same transaction,
/// and the tenant's other writes wait for it.
pub const MAX_ADDRESSEES: usize = 1_000;

/// The users that get a notice: 1 to [`MAX_ADDRESSEES`] users, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressees(Vec<UserId>);

impl Addressees {
    /// Removes repeated users, and keeps the order.
    ///
    /// # Errors
    /// [`Invalid`] for no users, or more than [`MAX_ADDRESSEES`] with repeated ones.
    pub fn new(mut users: Vec<UserId>) -> Result<Self, Invalid> {
        if !(1..=MAX_ADDRESSEES).contains(&users.len()) {
            return Err(Invalid::new("user_ids", "must name 1 to 1000 users"));
        }
        let mut seen = std::collections::HashSet::new();
        users.retain(|user| seen.insert(*user));
        Ok(Self(users))
    }

    /// The users.
    pub fn users(&self) -> &[UserId] {
        &self.0
    }
}

/// Stores one notice for each user, all or none, and publishes them to the users that are connected.
pub(super) async fn send_notices(
    records: &Records,
    request: &Request,
    tenant: &TenantId,
    to: &Addressees,
    content: &NoticeContent,
    once: &Once<'_, Vec<Notice>>,
) -> Result<Vec<Notice>, ServiceError> {
    if !may(&request.caller, Action::SendNotices, tenant) {
        return Err(ServiceError::Forbidden("only an admin or training staff may send notifications and messages"));
    }
    // A number that no user of the tenant has may be a user of another issuer, who is not stored. That of another tenant's user is
    // accepted too, so that nobody learns which numbers other tenants have: the notice is this tenant's, and that user never sees it.
    ensure_tenant(&*records.store, tenant).await?;
    let sent = records.store.send_notices(tenant, to.users(), content, request.now, once).await?;
    records.wakers.wake_all(tenant);
    let what = if content.is_message() { "messages sent" } else { "notifications sent" };
    tracing::debug!(count = sent.len(), tenant.id = %tenant, by = request.caller.log_name(), "{what}");
    Ok(sent)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn users(numbers: impl IntoIterator<Item = i64>) -> Vec<UserId> {
        numbers.into_iter().map(|number| UserId::new(number).unwrap()).collect()
    }

    #[test]
    fn each_user_is_addressed_once_in_the_order_given() {
        assert_eq!(Addressees::new(users([7, 3, 7, 5, 3])).unwrap().users(), users([7, 3, 5]));
    }

    #[test]
    fn nobody_and_too_many_are_refused() {
        assert!(Addressees::new(Vec::new()).is_err());
        assert!(Addressees::new(users(1..=1_000)).is_ok());
        assert!(Addressees::new(users(1..=1_001)).is_err());
    }
}

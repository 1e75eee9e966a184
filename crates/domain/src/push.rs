//! Web Push: how a user's browsers are reached while no page is open.

use crate::ids::number_id;
use crate::{Invalid, TenantId, Timestamp, UserId};
use std::fmt;

number_id!(
    /// A push subscription's number, unique in its tenant, from 1.
    PushId,
    "id"
);

/// The keys of a browser: only it can read what is encrypted for them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PushKeys {
    /// A point of the curve P-256, uncompressed: 4, x, y.
    pub p256dh: [u8; 65],
    /// A secret that it shares with this server.
    pub auth: [u8; 16],
}

impl PushKeys {
    /// Does not check that the point lies on the curve; encryption does.
    ///
    /// # Errors
    /// [`Invalid`] for another length or form.
    pub fn new(p256dh: &[u8], auth: &[u8]) -> Result<Self, Invalid> {
        match (<[u8; 65]>::try_from(p256dh), <[u8; 16]>::try_from(auth)) {
            (Ok(p256dh @ [4, ..]), Ok(auth)) => Ok(Self { p256dh, auth }),
            (Ok([4, ..]), Err(_)) => Err(Invalid::new("keys.auth", "must be 16 bytes in base64url or base64")),
            _ => {
                Err(Invalid::new("keys.p256dh", "must be a point of P-256 in base64url or base64, 65 bytes from 4 on"))
            }
        }
    }
}

/// One browser of a user.
#[derive(Clone, PartialEq, Eq)]
pub struct PushSubscription {
    /// Unique in its tenant.
    pub id: PushId,
    /// The tenant of its user.
    pub tenant: TenantId,
    /// The user of the browser.
    pub user_id: UserId,
    /// The push service's URL for it. A secret, because it allows unwanted messages: only its user sees it, and it is never
    /// logged.
    pub endpoint: String,
    /// For encrypting messages.
    pub keys: PushKeys,
    /// When it was added.
    pub created_at: Timestamp,
}

// By hand, so that neither keys nor an endpoint ever reach a log line.
impl fmt::Debug for PushKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushKeys").finish_non_exhaustive()
    }
}

impl fmt::Debug for PushSubscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushSubscription")
            .field("id", &self.id)
            .field("tenant", &self.tenant)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{PushId, PushKeys, PushSubscription};
    use crate::{TenantId, Timestamp, UserId};

    #[test]
    fn a_subscription_shows_neither_its_keys_nor_its_endpoint() {
        let mut point = [201; 65];
        point[0] = 4;
        let subscription = PushSubscription {
            id: PushId::new(5).unwrap(),
            tenant: TenantId::default_tenant(),
            user_id: UserId::new(8).unwrap(),
            endpoint: "https://push.example/s3cret".to_owned(),
            keys: PushKeys::new(&point, &[202; 16]).unwrap(),
            created_at: Timestamp::from_unix_ms(0).unwrap(),
        };
        let shown = format!("{subscription:?} {:?}", subscription.keys);
        assert!(["201", "202", "s3cret"].iter().all(|secret| !shown.contains(secret)), "{shown}");
        assert!(shown.contains('8') && shown.contains("default"), "{shown}");
    }
}

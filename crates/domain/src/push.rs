//! Where a user's browsers are reached while no page is open: Web Push.

use crate::cadet::number_id;
use crate::{Invalid, TenantId, Timestamp, UserId};
use std::fmt;

number_id!(
    /// A push subscription's number, unique over all tenants, from 1.
    PushId,
    "id"
);

/// What a browser gave so that only it can read what is pushed to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushKeys {
    /// A point of the curve P-256, uncompressed: 4, x, y.
    pub p256dh: [u8; 65],
    /// A secret that it shares with this server.
    pub auth: [u8; 16],
}

impl PushKeys {
    /// Whether the point lies on the curve is seen by whoever calculates with it.
    ///
    /// # Errors
    /// [`Invalid`] for what has another length or form.
    pub fn new(p256dh: &[u8], auth: &[u8]) -> Result<Self, Invalid> {
        match (<[u8; 65]>::try_from(p256dh), <[u8; 16]>::try_from(auth)) {
            (Ok(p256dh @ [4, ..]), Ok(auth)) => Ok(Self { p256dh, auth }),
            (Ok([4, ..]), Err(_)) => Err(Invalid::new("keys.auth", "must be the base64url of 16 bytes")),
            _ => Err(Invalid::new("keys.p256dh", "must be the base64url of a point of P-256, 65 bytes from 4 on")),
        }
    }
}

/// One browser of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushSubscription {
    /// Its number.
    pub id: PushId,
    /// Where its user is.
    pub tenant: TenantId,
    /// Whose browser.
    pub user_id: UserId,
    /// The push service's URL for it. Whoever knows it can be a nuisance: it is shown to its user alone, and never logged.
    pub endpoint: String,
    /// Encrypt what is pushed.
    pub keys: PushKeys,
    /// When it was added.
    pub created_at: Timestamp,
}

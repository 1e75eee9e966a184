//! Push subscriptions.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The key that pages subscribe with.
#[derive(Serialize, ToSchema)]
pub(crate) struct PushKeyJson {
    /// `applicationServerKey` of `pushManager.subscribe`: 65 bytes in base64url.
    pub public_key: String,
}

/// A browser's subscription, as its `toJSON()` gives it. Other fields are ignored.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewPushSubscriptionJson {
    /// The push service's URL for this browser.
    #[schema(example = "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV")]
    pub endpoint: String,
    /// The keys that encrypt pushes to it.
    pub keys: PushKeysJson,
}

/// The keys that encrypt pushes to a browser.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PushKeysJson {
    /// The browser's public key: 65 bytes in base64url or base64.
    pub p256dh: String,
    /// The secret that it shares with the server: 16 bytes in base64url or base64.
    pub auth: String,
}

/// A browser of the caller.
#[derive(Serialize, ToSchema)]
pub(crate) struct PushSubscriptionJson {
    pub id: i64,
    /// The push service's URL for this browser.
    pub endpoint: String,
    /// When it was added.
    pub created_at: String,
}

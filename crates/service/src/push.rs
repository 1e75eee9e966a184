//! Push subscriptions: a user's browsers that are told of its notices and alerts while no page is open. Every user acts for
//! itself.

use crate::{Service, ServiceError};
use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use milepost_domain::{Caller, Invalid, PushId, PushKeys, PushSubscription, UserId};
use milepost_store::{NewPushSubscription, Once};

/// Base64url as browsers write it, without padding, and as some libraries do, with it.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A browser's subscription as its page hands it over.
#[derive(Clone, Default)]
pub struct PushRequest {
    /// The push service's URL for it.
    pub endpoint: String,
    /// The browser's public key, base64url.
    pub p256dh: String,
    /// The secret that it shares, base64url.
    pub auth: String,
}

impl Service {
    /// The key that pages subscribe with.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] for devices and users without a number, [`ServiceError::NotFound`] when this server pushes
    /// nothing.
    pub fn push_key(&self, caller: &Caller) -> Result<&str, ServiceError> {
        user_of(caller)?;
        self.outgoing.push_key.as_deref().ok_or(ServiceError::NotFound("push key"))
    }

    /// Adds a browser of the caller, and whether it is a new one; with too many of them the one longest not refreshed goes.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`] as [`Self::push_key`], [`ServiceError::Invalid`].
    pub async fn add_push_subscription(
        &self,
        caller: &Caller,
        request: PushRequest,
        once: &Once<'_, (PushSubscription, bool)>,
    ) -> Result<(PushSubscription, bool), ServiceError> {
        self.push_key(caller)?;
        let user_id = user_of(caller)?;
        let keys = PushKeys::new(&read("keys.p256dh", &request.p256dh)?, &read("keys.auth", &request.auth)?)?;
        (self.outgoing.check_push)(&request.endpoint, &keys)?;
        self.ensure_tenant(&caller.tenant).await?;
        let new = NewPushSubscription { tenant: caller.tenant.clone(), user_id, endpoint: request.endpoint, keys };
        let (added, is_new) = self.store.add_push_subscription(&new, self.now(), once).await?;
        if is_new {
            tracing::info!(push.id = %added.id, tenant.id = %caller.tenant, by = caller.log_name(), "browser subscribed");
        }
        Ok((added, is_new))
    }

    /// The caller's browsers in the order in which they were added.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`].
    pub async fn list_push_subscriptions(&self, caller: &Caller) -> Result<Vec<PushSubscription>, ServiceError> {
        Ok(self.store.list_push_subscriptions(&caller.tenant, user_of(caller)?).await?)
    }

    /// Forgets a browser of the caller, with what was still to be pushed to it.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
    pub async fn remove_push_subscription(&self, caller: &Caller, id: PushId) -> Result<(), ServiceError> {
        if self.store.remove_push_subscription(&caller.tenant, user_of(caller)?, id).await? {
            Ok(())
        } else {
            Err(ServiceError::NotFound("push subscription"))
        }
    }
}

fn user_of(caller: &Caller) -> Result<UserId, ServiceError> {
    caller.user_id().ok_or(ServiceError::Forbidden("only a user with a number can be pushed to"))
}

fn read(field: &'static str, text: &str) -> Result<Vec<u8>, Invalid> {
    BASE64URL.decode(text).map_err(|_| Invalid::new(field, "must be base64url"))
}

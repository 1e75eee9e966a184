//! Requests that carry a key so that sending them twice does their work once.

use crate::{Service, ServiceError};
use milepost_domain::Caller;
use milepost_store::{Idempotency, IdempotencyKey};

impl Service {
    /// Claims a key for a request whose hash is `request`.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn begin_idempotent(
        &self,
        key: &IdempotencyKey,
        request: &[u8; 32],
    ) -> Result<Idempotency, ServiceError> {
        Ok(self.store.begin_idempotent(key, request, self.now()).await?)
    }

    /// Keeps the final answer.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn finish_idempotent(&self, key: &IdempotencyKey, status: u16, body: &[u8]) -> Result<(), ServiceError> {
        Ok(self.store.finish_idempotent(key, status, body).await?)
    }

    /// Lets go of a key whose request may be sent again.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn abandon_idempotent(&self, key: &IdempotencyKey) -> Result<(), ServiceError> {
        Ok(self.store.abandon_idempotent(key).await?)
    }

    /// The login name of a caller that Milepost knows.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn username_of(&self, caller: &Caller) -> Result<Option<String>, ServiceError> {
        let Some(id) = caller.user_id() else { return Ok(None) };
        Ok(self.known_user(id).await?.map(|user| user.username.as_str().to_owned()))
    }
}

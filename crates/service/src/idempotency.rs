//! Requests that carry a key so that sending them twice does their work once.

use crate::{Service, ServiceError};
use milepost_store::{Claim, Idempotency, IdempotencyKey, KeptAnswer};

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

    /// Keeps the final answer of a request that changed nothing, or whose work is idempotent by itself. That of any other
    /// is kept by the transaction that does its work, see [`milepost_store::answering`].
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn finish_idempotent(&self, claim: &Claim, answer: &KeptAnswer) -> Result<(), ServiceError> {
        // Taken over or answered meanwhile: those who come again are told what the other one did.
        self.store.finish_idempotent(claim, answer).await?;
        Ok(())
    }

    /// Lets go of a claim whose request may be sent again.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn abandon_idempotent(&self, claim: &Claim) -> Result<(), ServiceError> {
        Ok(self.store.abandon_idempotent(claim).await?)
    }
}

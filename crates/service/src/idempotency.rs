//! Requests that carry a key so that sending them twice does their work once.

use crate::ServiceError;
use milepost_domain::Timestamp;
use milepost_store::{Claim, Idempotency, IdempotencyKey, KeptAnswer, Store};
use std::sync::Arc;

/// What requests with an `Idempotency-Key` need.
pub struct IdempotencyKeys {
    store: Arc<dyn Store>,
}

impl IdempotencyKeys {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }
}

/// Claims a key for a request with this hash.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn begin_idempotent(
    keys: &IdempotencyKeys,
    key: &IdempotencyKey,
    request_hash: &[u8; 32],
    now: Timestamp,
) -> Result<Idempotency, ServiceError> {
    Ok(keys.store.begin_idempotent(key, request_hash, now).await?)
}

/// Keeps the final answer of a request that changed nothing, or whose work is idempotent by itself. That of any other
/// is kept by the transaction that does its work, see [`milepost_store::Once`].
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn finish_idempotent(keys: &IdempotencyKeys, claim: &Claim, answer: &KeptAnswer) -> Result<(), ServiceError> {
    // A claim that another request took over or answered meanwhile keeps the other's answer.
    keys.store.finish_idempotent(claim, answer).await?;
    Ok(())
}

/// Lets go of a claim whose request may be sent again.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn abandon_idempotent(keys: &IdempotencyKeys, claim: &Claim) -> Result<(), ServiceError> {
    Ok(keys.store.abandon_idempotent(claim).await?)
}

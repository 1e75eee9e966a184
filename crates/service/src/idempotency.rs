//! Stores the answers of requests with an `Idempotency-Key`, so that a repeated request does its work once.

use crate::ServiceError;
use milepost_domain::Timestamp;
use milepost_store::{Claim, Idempotency, IdempotencyKey, KeptAnswer, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What requests with an `Idempotency-Key` need.
pub struct IdempotencyKeys {
    store: Arc<dyn Store>,
    refused: AtomicU64,
}

impl IdempotencyKeys {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, refused: AtomicU64::new(0) }
    }

    /// Requests that were refused because too many answers are kept, for metrics.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
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
    let begun = keys.store.begin_idempotent(key, request_hash, now).await?;
    if begun == Idempotency::Full {
        keys.refused.fetch_add(1, Ordering::Relaxed);
    }
    Ok(begun)
}

/// Stores the final answer of a request that changed nothing, or whose work is idempotent by itself. The answer of any
/// other request is stored by the transaction that does its work, see [`milepost_store::Once`].
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn finish_idempotent(keys: &IdempotencyKeys, claim: &Claim, answer: &KeptAnswer) -> Result<(), ServiceError> {
    // If another request has replaced or answered the claim meanwhile, the other answer stays.
    keys.store.finish_idempotent(claim, answer).await?;
    Ok(())
}

/// Releases a claim, so that its request may be sent again.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn abandon_idempotent(keys: &IdempotencyKeys, claim: &Claim) -> Result<(), ServiceError> {
    Ok(keys.store.abandon_idempotent(claim).await?)
}

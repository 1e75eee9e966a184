//! Requests that carry a key so that sending them twice does their work once.

use milepost_domain::{TenantId, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Answers are kept this long.
pub const IDEMPOTENCY_KEEP_MS: i64 = 24 * 60 * 60 * 1000;

/// A request still without an answer after this time was abandoned (its node died); the next one takes over. If it was
/// only slow, its work is undone, see [`crate::StoreError::Superseded`].
pub const IDEMPOTENCY_ABANDONED_MS: i64 = 60 * 1000;

/// One request's key, which belongs to one caller of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Of which tenant; need not exist.
    pub tenant: TenantId,
    /// Who sent it, in a form that no other caller of the tenant shares.
    pub caller: String,
    /// The header's value.
    pub key: String,
}

/// One request's right to do the work of a key. The request that takes over an abandoned key gets the next number.
#[derive(Debug, Clone)]
pub struct Claim {
    /// On what.
    pub key: IdempotencyKey,
    /// Counts the claims on this key.
    pub(crate) no: i64,
    /// Shared by all copies.
    is_kept: Arc<AtomicBool>,
}

impl Claim {
    pub(crate) fn new(key: IdempotencyKey, no: i64) -> Self {
        Self { key, no, is_kept: Arc::new(AtomicBool::new(false)) }
    }

    /// Did a transaction that did the request's work keep its answer?
    pub fn is_kept(&self) -> bool {
        self.is_kept.load(Ordering::Acquire)
    }

    /// Called after the commit.
    pub(crate) fn note_kept(&self) {
        self.is_kept.store(true, Ordering::Release);
    }
}

impl PartialEq for Claim {
    fn eq(&self, other: &Self) -> bool {
        (&self.key, self.no) == (&other.key, other.no)
    }
}

impl Eq for Claim {}

/// What a request was answered, for those that come again with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// HTTP status.
    pub status: u16,
    /// Body as sent, without what is shown once.
    pub body: Vec<u8>,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Idempotency {
    /// Never seen, or abandoned: do the work with a [`crate::Once`] of this claim, then `finish_idempotent` unless
    /// [`Claim::is_kept`]. The key is in progress from now on.
    New(Claim),
    /// Another request with this key is being worked on: 409, try again.
    InProgress,
    /// Answered before: give the same answer.
    Done(KeptAnswer),
    /// The key came before with another request: 422.
    Mismatch,
}

/// When a row that started at `started` is no longer in progress.
pub(crate) const fn abandoned_before(now: Timestamp) -> i64 {
    now.unix_ms().saturating_sub(IDEMPOTENCY_ABANDONED_MS)
}

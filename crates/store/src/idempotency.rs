//! Requests that carry a key so that sending them twice does their work once.

use milepost_domain::{TenantId, Timestamp};

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

/// One request's right to do the work of a key. Whoever takes an abandoned key over has the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// On what.
    pub key: IdempotencyKey,
    /// Counts the claims on this key.
    pub(crate) no: i64,
}

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
    /// Never seen, or abandoned: do the work by [`Claim::carry_out`], then `finish_idempotent` unless its transaction
    /// kept the answer. It is in progress from now on.
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

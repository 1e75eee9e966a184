//! Requests that carry a key so that sending them twice does their work once.

use milepost_domain::{TenantId, Timestamp};

/// Answers are kept this long.
pub const IDEMPOTENCY_KEEP_MS: i64 = 24 * 60 * 60 * 1000;

/// A request still without an answer after this time was abandoned (its node died); the next one takes over.
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

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Idempotency {
    /// Never seen, or abandoned: do the work, then `finish_idempotent`. It is in progress from now on.
    New,
    /// Another request with this key is being worked on: 409, try again.
    InProgress,
    /// Answered before: give the same answer.
    Done {
        /// HTTP status.
        status: u16,
        /// Body as sent.
        body: Vec<u8>,
    },
    /// The key came before with another request: 422.
    Mismatch,
}

/// When a row that started at `started` is no longer in progress.
pub(crate) const fn abandoned_before(now: Timestamp) -> i64 {
    now.unix_ms().saturating_sub(IDEMPOTENCY_ABANDONED_MS)
}

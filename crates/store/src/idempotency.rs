//! Idempotency keys: a request that is sent twice does its work once.

use milepost_domain::{TenantId, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How long answers are kept.
pub const IDEMPOTENCY_KEEP_MS: i64 = 24 * 60 * 60 * 1000;

/// After this time a request without an answer counts as abandoned, because its node died, and the next request takes
/// over. If it was only slow, its work is rolled back: see [`crate::StoreError::Superseded`].
pub const IDEMPOTENCY_ABANDONED_MS: i64 = 60 * 1000;

/// What the keys and answers of one caller may take. Its oldest repeatable answers are removed then; a request that finds
/// none of them is refused.
const CALLER_ANSWERS_BYTES: u64 = 64 * 1024 * 1024;

/// What those of one tenant may take. The repeatable answers of its caller that has the most are removed then.
const TENANT_ANSWERS_BYTES: u64 = 1024 * 1024 * 1024;

/// A caller whose keys and answers take less than this is never refused.
const FEW_ANSWERS_BYTES: u64 = 1024 * 1024;

/// What the keys and answers of requests may take, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerQuota {
    /// Of one caller.
    pub caller: u64,
    /// Of all callers of one tenant.
    pub tenant: u64,
    /// A caller with less is never refused for its tenant's sake.
    pub few: u64,
}

impl Default for AnswerQuota {
    fn default() -> Self {
        Self { caller: CALLER_ANSWERS_BYTES, tenant: TENANT_ANSWERS_BYTES, few: FEW_ANSWERS_BYTES }
    }
}

/// The key of a request, which belongs to one caller of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The tenant, which need not exist.
    pub tenant: TenantId,
    /// The caller, in a form that is unique in the tenant.
    pub caller: String,
    /// The value of the header.
    pub key: String,
}

/// One request's right to do the work of a key. A request that takes over an abandoned key gets the next number.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The claimed key.
    pub key: IdempotencyKey,
    /// Numbers the claims on this key.
    pub(crate) no: i64,
    /// Set once the answer is stored; all clones share it.
    is_kept: Arc<AtomicBool>,
}

impl Claim {
    pub(crate) fn new(key: IdempotencyKey, no: i64) -> Self {
        Self { key, no, is_kept: Arc::new(AtomicBool::new(false)) }
    }

    /// Whether a transaction that did the request's work stored its answer.
    pub fn is_kept(&self) -> bool {
        self.is_kept.load(Ordering::Acquire)
    }

    /// Records that the answer is stored. Call it after the commit.
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

/// The stored answer of a request, for requests that repeat its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body as it was sent, without secrets that are shown once.
    pub body: Vec<u8>,
}

/// The state of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Idempotency {
    /// The key is new or was abandoned, and is in progress now. Do the work with a [`crate::Once`] of this claim, then
    /// call `finish_idempotent` unless [`Claim::is_kept`].
    New(Claim),
    /// Another request with this key is running: 409, try again.
    InProgress,
    /// The key was answered before: give the same answer.
    Done(KeptAnswer),
    /// The key was used before with another request: 422.
    Mismatch,
    /// The answers that are kept for the caller or its tenant take all that they may: 429.
    Full,
}

/// The start before which a row in progress counts as abandoned, Unix milliseconds.
pub(crate) const fn abandoned_before(now: Timestamp) -> i64 {
    now.unix_ms().saturating_sub(IDEMPOTENCY_ABANDONED_MS)
}

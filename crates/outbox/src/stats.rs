//! Counts how calls end.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start, and the calls in flight now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutboxStats {
    /// Calls that this node has taken from the store and not ended.
    pub pending: u64,
    /// Tries that ended.
    pub attempts: u64,
    /// Calls that their receivers took.
    pub delivered: u64,
    /// Calls given up.
    pub dead: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) pending: AtomicU64,
    pub(crate) attempts: AtomicU64,
    pub(crate) delivered: AtomicU64,
    pub(crate) dead: AtomicU64,
}

impl Counters {
    pub(crate) fn read(&self) -> OutboxStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        OutboxStats {
            pending: read(&self.pending),
            attempts: read(&self.attempts),
            delivered: read(&self.delivered),
            dead: read(&self.dead),
        }
    }
}

//! What the sender counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start; `pending` is of the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Calls that this node took from the store and that wait for their try or its end.
    pub pending: u64,
    /// Tries that ended.
    pub attempts: u64,
    /// Calls that were taken by their receivers.
    pub delivered: u64,
    /// Calls that were given up.
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
    pub(crate) fn read(&self) -> Figures {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Figures {
            pending: read(&self.pending),
            attempts: read(&self.attempts),
            delivered: read(&self.delivered),
            dead: read(&self.dead),
        }
    }
}

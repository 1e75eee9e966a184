//! Counters of the relay between the nodes.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RelayStats {
    /// Messages sent.
    pub sent: u64,
    /// Messages of other nodes received.
    pub received: u64,
    /// News that found the queue full or the relay lost.
    pub dropped: u64,
    /// Gaps in what other nodes sent.
    pub gaps: u64,
    /// Messages that could not be read.
    pub unreadable: u64,
    /// Connections made.
    pub connections: u64,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) sent: AtomicU64,
    pub(crate) received: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) gaps: AtomicU64,
    pub(crate) unreadable: AtomicU64,
    pub(crate) connections: AtomicU64,
}

pub(crate) fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn read(&self) -> RelayStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RelayStats {
            sent: read(&self.sent),
            received: read(&self.received),
            dropped: read(&self.dropped),
            gaps: read(&self.gaps),
            unreadable: read(&self.unreadable),
            connections: read(&self.connections),
        }
    }
}

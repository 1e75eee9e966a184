//! What the follower counts, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counted as it happens.
#[derive(Debug, Default)]
pub(crate) struct TrackCounters {
    pub(crate) waiting: AtomicU64,
    pub(crate) behind: AtomicU64,
    pub(crate) folds: AtomicU64,
    pub(crate) facts: AtomicU64,
    pub(crate) refolds: AtomicU64,
}

/// What the follower of tracks did since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrackFigures {
    /// Positions committed here that were not looked at yet, now.
    pub waiting: u64,
    /// Vehicles that wait to be read from the store, or of which an upload is held, now.
    pub behind: u64,
    /// Positions folded.
    pub folds: u64,
    /// Changes of history written.
    pub facts: u64,
    /// Times that a vehicle's track was folded again for late positions.
    pub refolds: u64,
}

impl TrackCounters {
    pub(crate) fn add(counter: &AtomicU64, count: usize) {
        counter.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn figures(&self) -> TrackFigures {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        // Before who is behind: see the end of a round.
        let waiting = self.waiting.load(Ordering::Acquire);
        TrackFigures {
            waiting,
            behind: get(&self.behind),
            folds: get(&self.folds),
            facts: get(&self.facts),
            refolds: get(&self.refolds),
        }
    }
}

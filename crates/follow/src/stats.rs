//! The follower's counters, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(crate) struct TrackCounters {
    waiting: AtomicU64,
    behind: AtomicU64,
    folds: AtomicU64,
    facts: AtomicU64,
    refolds: AtomicU64,
    handed_over: AtomicU64,
}

/// The follower's counters since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrackStats {
    /// Positions that were committed here and not ingested yet, now.
    pub waiting: u64,
    /// Vehicles that wait to be read from the store, or of which an upload is held, now.
    pub behind: u64,
    /// Positions folded.
    pub folds: u64,
    /// Changes of history written.
    pub facts: u64,
    /// Times that a vehicle's track was folded again for late positions.
    pub refolds: u64,
    /// Positions that were committed here and are folded by another node.
    pub handed_over: u64,
}

impl TrackCounters {
    pub(crate) fn committed(&self, positions: usize) {
        self.waiting.fetch_add(positions as u64, Ordering::Relaxed);
    }

    pub(crate) fn folded(&self, positions: usize) {
        self.folds.fetch_add(positions as u64, Ordering::Relaxed);
    }

    pub(crate) fn handed_over(&self, positions: usize) {
        self.handed_over.fetch_add(positions as u64, Ordering::Relaxed);
    }

    pub(crate) fn refolded(&self) {
        self.refolds.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn written(&self, changes: usize) {
        self.facts.fetch_add(changes as u64, Ordering::Relaxed);
    }

    /// `behind` is stored before `waiting` falls, and read after it: a reader that sees no position waiting sees every vehicle
    /// that these positions left behind.
    pub(crate) fn end_round(&self, ingested: usize, behind: usize) {
        self.behind.store(behind as u64, Ordering::Release);
        self.waiting.fetch_sub(ingested as u64, Ordering::AcqRel);
    }

    pub(crate) fn stats(&self) -> TrackStats {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let waiting = self.waiting.load(Ordering::Acquire);
        TrackStats {
            waiting,
            behind: get(&self.behind),
            folds: get(&self.folds),
            facts: get(&self.facts),
            refolds: get(&self.refolds),
            handed_over: get(&self.handed_over),
        }
    }
}

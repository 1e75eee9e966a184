//! Counters of all feeds of a node.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters since the start, and how many feeds fail now.
#[derive(Debug, Default)]
pub struct FeedStats {
    polls: AtomicU64,
    failures: AtomicU64,
    positions: AtomicU64,
    vehicles_made: AtomicU64,
    dropped: AtomicU64,
    failing: AtomicU64,
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        impl FeedStats {
            $($(#[$doc])*
            pub fn $name(&self) -> u64 {
                self.$name.load(Ordering::Relaxed)
            })+
        }
    };
}

counters!(
    /// Polls, failed ones included.
    polls,
    /// Polls after which nothing, or not all, was stored.
    failures,
    /// Positions stored.
    positions,
    /// Vehicles that were made for feeds.
    vehicles_made,
    /// Vehicles of feeds that were not taken.
    dropped,
    /// Feeds whose last poll failed.
    failing,
);

impl FeedStats {
    pub(crate) fn polled(&self) {
        self.polls.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stored(&self, positions: usize, vehicles_made: usize, dropped: usize) {
        self.positions.fetch_add(positions as u64, Ordering::Relaxed);
        self.vehicles_made.fetch_add(vehicles_made as u64, Ordering::Relaxed);
        self.dropped.fetch_add(dropped as u64, Ordering::Relaxed);
    }

    pub(crate) fn fails(&self, yes: bool) {
        if yes {
            self.failing.fetch_add(1, Ordering::Relaxed);
        } else {
            self.failing.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

//! Publishes positions after their commit.

use crate::Listener;
use crate::fleet::TripMeters;
use crate::listener::Listeners;
use crate::live::LiveMap;
use milepost_domain::TenantId;
use milepost_follow::TrackInbox;
use milepost_store::{CommitObserver, CommitSample, CommittedPositions};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Called for every transaction, with its measurements.
pub type OnTransaction = Box<dyn Fn(&CommitSample) + Send + Sync>;

/// Called by the committer in the order of commits. It updates the live map, and passes positions to the listeners and
/// to the follower of tracks.
pub(crate) struct Publisher {
    live: Arc<LiveMap>,
    listeners: Listeners,
    tracks: Arc<TrackInbox>,
    trip_meters: Arc<TripMeters>,
    on_transaction: OnTransaction,
    /// Whether the last transaction failed. The database may be readable and not writable.
    is_failing: AtomicBool,
}

impl Publisher {
    pub(crate) fn new(
        live: Arc<LiveMap>,
        listeners: Listeners,
        tracks: Arc<TrackInbox>,
        trip_meters: Arc<TripMeters>,
        on_transaction: OnTransaction,
    ) -> Self {
        Self { live, listeners, tracks, trip_meters, on_transaction, is_failing: AtomicBool::new(false) }
    }

    pub(crate) fn is_failing(&self) -> bool {
        self.is_failing.load(Ordering::Relaxed)
    }

    /// Records that another write succeeded.
    pub(crate) fn writes_again(&self) {
        self.is_failing.store(false, Ordering::Relaxed);
    }
}

impl CommitObserver for Publisher {
    fn ended(&self, sample: &CommitSample) {
        self.is_failing.store(!sample.committed, Ordering::Relaxed);
        (self.on_transaction)(sample);
    }

    fn recorded(&self, tenant: &TenantId, recorded: &CommittedPositions) {
        if !recorded.newest.is_empty()
            && let Some(live) = self.live.loaded(tenant)
        {
            live.advance(&recorded.newest, |recorded| self.listeners.positions_recorded(tenant, recorded));
        }
        self.trip_meters.late_recorded(tenant, &recorded.late);
        self.tracks.add_recorded(tenant, recorded);
    }
}

//! Publishes positions after their commit.

use crate::Listener;
use crate::fleet::TripMeters;
use crate::listener::Listeners;
use crate::live::{Advance, LiveMap};
use crate::nodes::{hand_over, place_of};
use milepost_domain::TenantId;
use milepost_follow::TrackInbox;
use milepost_relay::{News, Relay};
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
    relay: Arc<dyn Relay>,
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
        relay: Arc<dyn Relay>,
        tracks: Arc<TrackInbox>,
        trip_meters: Arc<TripMeters>,
        on_transaction: OnTransaction,
    ) -> Self {
        Self { live, listeners, relay, tracks, trip_meters, on_transaction, is_failing: AtomicBool::new(false) }
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
        let places = || {
            let newest = recorded.steps.iter().zip(&recorded.newest).filter(|(step, _)| !step.is_wrong);
            let newest = newest.map(|(step, position)| Advance { no: step.vehicle, position, received_at: None });
            recorded.current.iter().map(Advance::from).chain(newest)
        };
        if let Some(live) = self.live.loaded(tenant) {
            live.advance(places(), |recorded| self.listeners.positions_recorded(tenant, recorded));
        }
        if !self.relay.is_alone() {
            let places: Vec<_> = places().map(|place| place_of(place.no, place.position, place.received_at)).collect();
            if !places.is_empty() {
                self.relay.publish(tenant, News::Places(places));
            }
        }
        if recorded.accepted > 0 {
            self.trip_meters.late_recorded(tenant, &recorded.late);
            hand_over(&self.tracks, &*self.relay, tenant, recorded);
        }
    }
}

//! Takes what the relay brings: places go to the viewers at once, and the rest to a task that reads the database.

use crate::listener::Listeners;
use crate::live::{Advance, LiveMap};
use crate::nodes::SharedCounts;
use crate::nodes::hand_over::take_over;
use crate::wakers::NewEvents;
use crate::{Listener, PositionRecorded};
use milepost_domain::{NodeId, Position, TenantId, Timestamp, TrackingId, Trip};
use milepost_follow::TrackInbox;
use milepost_relay::{DriverMove, FoldPosition, Missed, News, NodeNews, Place, Receiver};
use milepost_store::VehicleNo;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// News that wait to be read from the database. What finds no room is found by the next look.
const WAITING: usize = 10_000;

/// The receiver of the relay.
pub(crate) struct RelayInbox {
    live: Arc<LiveMap>,
    listeners: Listeners,
    new_events: Arc<NewEvents>,
    counts: Arc<SharedCounts>,
    tracks: Arc<TrackInbox>,
    /// A std mutex: held for a look-up, never across an await.
    waiting: Mutex<Waiting>,
    filled: Notify,
}

/// What came since it was last taken.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) drivers: Vec<(TenantId, DriverMove)>,
    pub(super) deliveries: HashSet<TrackingId>,
    /// Vehicles whose trips went on.
    pub(super) trips: HashMap<TenantId, HashSet<VehicleNo>>,
    pub(super) missed: HashSet<TenantId>,
    pub(super) missed_everything: bool,
}

impl RelayInbox {
    pub(crate) fn new(
        live: Arc<LiveMap>,
        listeners: Listeners,
        new_events: Arc<NewEvents>,
        counts: Arc<SharedCounts>,
        tracks: Arc<TrackInbox>,
    ) -> Self {
        Self { live, listeners, new_events, counts, tracks, waiting: Mutex::default(), filled: Notify::new() }
    }

    pub(super) fn take(&self) -> Waiting {
        std::mem::take(&mut *self.lock())
    }

    /// Returns when something came since it was last taken. It may return too early.
    pub(super) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Running trips were read that others have folded.
    pub(super) fn progressed(&self, tenant: &TenantId, trips: Vec<Trip>) {
        self.new_events.progressed_elsewhere(tenant, trips);
    }

    pub(super) fn missed_everything(&self) {
        self.change(|waiting| waiting.missed_everything = true);
    }

    pub(super) fn missed_of(&self, tenant: &TenantId) {
        self.change(|waiting| {
            waiting.missed.insert(tenant.clone());
        });
    }

    fn change(&self, change: impl FnOnce(&mut Waiting)) {
        change(&mut self.lock());
        self.filled.notify_one();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("nothing panics while holding it")
    }
}

impl Receiver for RelayInbox {
    fn received(&self, tenant: &TenantId, news: News) {
        match news {
            News::Places(places) => {
                let Some(live) = self.live.loaded(tenant) else { return };
                live.advance(places.iter().map(advance_of), |recorded: &[PositionRecorded<'_>]| {
                    self.listeners.positions_recorded(tenant, recorded);
                });
            }
            News::Events(newest) => self.new_events.stored_elsewhere(tenant, newest),
            News::DriverMoved(moved) => {
                if moved.parcels.iter().any(|parcel| self.listeners.follows_parcel(tenant, *parcel)) {
                    self.change(|waiting| {
                        if waiting.drivers.len() < WAITING {
                            waiting.drivers.push((tenant.clone(), *moved));
                        } else {
                            waiting.missed.insert(tenant.clone());
                        }
                    });
                }
            }
            // Those that are followed here are limited by the connections.
            News::DeliveryChanged(id) => {
                if self.listeners.follows_delivery(&id) {
                    self.change(|waiting| {
                        waiting.deliveries.insert(id);
                    });
                }
            }
            // What finds no room is told with the trip's next progress.
            News::TripsProgressed(vehicles) => {
                if self.listeners.follows_trips(tenant) {
                    self.change(|waiting| {
                        let known = waiting.trips.entry(tenant.clone()).or_default();
                        let room = WAITING.saturating_sub(known.len());
                        known.extend(vehicles.into_iter().take(room).map(VehicleNo::new));
                    });
                }
            }
        }
    }

    fn heard_of_node(&self, node: NodeId, news: Vec<NodeNews>) {
        self.counts.hear(node, news);
    }

    fn handed_over(&self, tenant: &TenantId, positions: Vec<FoldPosition>) {
        take_over(&self.tracks, tenant, &positions);
    }

    fn missed(&self, missed: Missed) {
        match missed {
            Missed::Of(tenant) => self.missed_of(&tenant),
            Missed::All => {
                self.missed_everything();
                self.tracks.missed();
            }
        }
    }
}

fn advance_of(place: &Place) -> Advance<'_> {
    let Place { vehicle_no, position, received_at } = place;
    Advance { no: VehicleNo::new(*vehicle_no), position, received_at: *received_at }
}

/// A vehicle's new place, for the other nodes.
pub(crate) fn place_of(no: VehicleNo, position: &Position, received_at: Option<Timestamp>) -> Place {
    Place { vehicle_no: no.get(), position: position.clone(), received_at }
}

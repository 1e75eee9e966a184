//! Running trips as they are now, of which no events are stored: published after the events that came before them.

use crate::Listener;
use crate::listener::Listeners;
use crate::wakers::NewEvents;
use milepost_domain::{Event, Fact, TenantId, Timestamp, Trip, TripId};
use milepost_relay::{News, Relay};
use milepost_store::VehicleNo;
use std::collections::{HashMap, VecDeque};

/// Trips whose last event is remembered. A running trip that was read before its end was published is told no more after it.
const REMEMBERED: usize = 1_024;

/// Takes running trips that this node has folded: for its own subscribers, and for those of the other nodes.
pub(crate) fn tell_progress(
    events: &NewEvents,
    listeners: &Listeners,
    relay: &dyn Relay,
    progressed: Vec<(VehicleNo, Trip)>,
) {
    let mut vehicles = HashMap::<TenantId, Vec<i64>>::new();
    for (vehicle, trip) in &progressed {
        vehicles.entry(trip.tenant.clone()).or_default().push(vehicle.get());
    }
    for (tenant, vehicles) in vehicles {
        relay.publish(&tenant, News::TripsProgressed(vehicles));
    }
    let trips = progressed.into_iter().map(|(_, trip)| trip);
    events.progressed(trips.filter(|trip| listeners.follows_trips(&trip.tenant)));
}

/// The newest published versions of the trips that changed last.
#[derive(Default)]
pub(super) struct PublishedTrips {
    versions: HashMap<TripId, i64>,
    order: VecDeque<TripId>,
}

impl PublishedTrips {
    /// Notes what events told.
    pub(super) fn note(&mut self, changed: Vec<(TripId, i64)>) {
        for (id, version) in changed {
            if self.versions.insert(id.clone(), version).is_none() {
                self.order.push_back(id);
            }
            if self.order.len() > REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.versions.remove(&oldest);
            }
        }
    }

    /// Publishes the running trips of which no newer event was published.
    pub(super) fn publish(&self, trips: HashMap<TripId, Trip>, listeners: &Listeners, now: Timestamp) {
        let mut of_tenants = HashMap::<TenantId, Vec<Trip>>::new();
        for trip in trips.into_values() {
            if self.versions.get(&trip.id).is_none_or(|published| *published < trip.version) {
                of_tenants.entry(trip.tenant.clone()).or_default().push(trip);
            }
        }
        for (tenant, trips) in of_tenants {
            listeners.trips_progressed(&tenant, &trips, now);
        }
    }
}

/// The trips that these events tell of, with their versions.
pub(super) fn changed_trips(events: &[Event]) -> Vec<(TripId, i64)> {
    let changed = events.iter().filter_map(|event| match &event.fact {
        Fact::TripChanged(update) => Some((update.trip.id.clone(), update.trip.version)),
        _ => None,
    });
    changed.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::{TripFigures, TripOrigin, TripStatus, VehicleId};
    use std::sync::{Arc, Mutex};

    #[derive(Default)]
    struct Told(Mutex<Vec<(String, i64)>>);

    impl Listener for Told {
        fn trips_progressed(&self, _: &TenantId, trips: &[Trip], _: Timestamp) {
            self.0.lock().unwrap().extend(trips.iter().map(|trip| (trip.id.to_string(), trip.version)));
        }
    }

    fn trip(id: &str, version: i64) -> Trip {
        let at = Timestamp::from_unix_ms(0).unwrap();
        Trip {
            id: TripId::new(id).unwrap(),
            tenant: TenantId::default_tenant(),
            vehicle_id: VehicleId::new("bus").unwrap(),
            driver_id: None,
            origin: TripOrigin::Auto,
            status: TripStatus::Started,
            started_at: at,
            ended_at: None,
            followed_to: at,
            start: None,
            end: None,
            figures: TripFigures::default(),
            version,
        }
    }

    #[test]
    fn a_running_trip_is_not_told_after_its_end() {
        let (told, at) = (Arc::new(Told::default()), Timestamp::from_unix_ms(0).unwrap());
        let listeners = Listeners::new(vec![Arc::clone(&told) as Arc<dyn Listener>], Arc::new(|_| ()));
        let mut published = PublishedTrips::default();
        published.note(vec![(TripId::new("ended").unwrap(), 6), (TripId::new("begun").unwrap(), 1)]);
        let trips = [trip("ended", 5), trip("begun", 2), trip("unheard", 9)];
        let trips = trips.into_iter().map(|trip| (trip.id.clone(), trip)).collect();
        published.publish(trips, &listeners, at);
        let mut told = told.0.lock().unwrap().clone();
        told.sort();
        assert_eq!(told, [("begun".to_owned(), 2), ("unheard".to_owned(), 9)]);
    }

    #[test]
    fn a_bounded_number_of_trips_is_remembered() {
        let mut published = PublishedTrips::default();
        for round in 0..2 {
            published.note((0..2 * REMEMBERED).map(|n| (TripId::new(&n.to_string()).unwrap(), round)).collect());
        }
        assert_eq!((published.versions.len(), published.order.len()), (REMEMBERED, REMEMBERED));
    }
}

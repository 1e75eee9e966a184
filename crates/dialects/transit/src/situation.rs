//! Where a tenant's vehicles are and which trips they are on, at one moment.

use crate::wire::FeedMessage;
use bytes::Bytes;
use milepost_domain::{Alert, AttributeValue, Timestamp, VehicleId};
use milepost_geo::Point;
use milepost_service::LiveVehicle;
use milepost_service::feeds::attribute;
use milepost_timetable::{Match, NamedTrip, Observed, Previous, ServiceDay, Timetable};
use prost::Message;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::alerts::alerts;
use crate::convert::{trip_updates, vehicle_positions};
use crate::siri::vehicle_monitoring;

/// A slower vehicle's heading says little, km/h.
const MOVING_KMH: f64 = 5.0;
/// Roughly what a vehicle takes in memory, with its part of the rendered feeds.
const BYTES_OF_VEHICLE: usize = 1_500;

/// Which of the feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feed {
    VehiclePositionsPb,
    VehiclePositionsJson,
    TripUpdatesPb,
    TripUpdatesJson,
    AlertsPb,
    AlertsJson,
    VehicleMonitoring,
}

const FEEDS: usize = 7;

impl Feed {
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::VehiclePositionsPb | Self::TripUpdatesPb | Self::AlertsPb => "application/x-protobuf",
            Self::VehiclePositionsJson | Self::TripUpdatesJson | Self::AlertsJson => "application/json",
            Self::VehicleMonitoring => "application/xml",
        }
    }
}

/// A vehicle that was heard of lately.
#[derive(Debug, Clone)]
pub struct Running {
    /// The vehicle, with its place.
    pub vehicle: LiveVehicle,
    /// The trip that it is on, if one is known.
    pub on: Option<Match>,
    /// The trip that fits it best, which another vehicle may be on.
    found: Option<Match>,
}

/// Alerts that staff addressed to passengers, as they were read last.
#[derive(Debug, Clone)]
pub struct StaffAlerts {
    /// When.
    pub read_at: Timestamp,
    /// The newest first.
    pub list: Arc<[Alert]>,
}

/// What feeds show.
pub struct Situation {
    /// When it was.
    pub at: Timestamp,
    /// In the order of their ids.
    pub running: Vec<Running>,
    /// The tenant's timetable.
    pub timetable: Option<Arc<Timetable>>,
    /// Alerts that staff addressed to passengers.
    pub alerts: StaffAlerts,
    rendered: [OnceLock<Bytes>; FEEDS],
}

impl Situation {
    /// Finds the vehicles' trips. `before` is the last situation, from which most of them go on.
    pub fn new(
        vehicles: Vec<LiveVehicle>,
        timetable: Option<Arc<Timetable>>,
        alerts: StaffAlerts,
        before: Option<&Self>,
        at: Timestamp,
    ) -> Self {
        let Some(timetable) = timetable else {
            let running = vehicles.into_iter().map(|vehicle| Running { vehicle, on: None, found: None }).collect();
            return Self { at, running, timetable: None, alerts, rendered: Default::default() };
        };
        // Places of trips are those of one timetable.
        let goes_on = before.filter(|before| before.timetable.as_ref().is_some_and(|old| Arc::ptr_eq(old, &timetable)));
        let known = goes_on.into_iter().flat_map(|before| &before.running);
        let known: HashMap<&VehicleId, &Running> =
            known.map(|running| (&running.vehicle.vehicle.id, running)).collect();
        let mut running: Vec<Running> = vehicles
            .into_iter()
            .map(|vehicle| {
                let before = known.get(&vehicle.vehicle.id).copied();
                // Most vehicles report more seldom than feeds are polled.
                let on = match before.filter(|before| is_same(&before.vehicle, &vehicle)) {
                    Some(before) => before.found,
                    None => {
                        let previous = before.and_then(|before| before.on).map(Previous::from);
                        find_trip(&timetable, &vehicle, previous.as_ref())
                    }
                };
                Running { vehicle, on, found: on }
            })
            .collect();
        leave_one_on_each_trip(&mut running);
        Self { at, running, timetable: Some(timetable), alerts, rendered: Default::default() }
    }

    /// The same with these vehicles alone.
    pub(crate) fn only(&self, is_shown: impl Fn(&LiveVehicle) -> bool) -> Self {
        let running = self.running.iter().filter(|running| is_shown(&running.vehicle)).cloned().collect();
        Self {
            at: self.at,
            running,
            timetable: self.timetable.clone(),
            alerts: self.alerts.clone(),
            rendered: Default::default(),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.running.len() * BYTES_OF_VEHICLE
    }

    /// The feed, rendered once.
    pub(crate) fn render(&self, feed: Feed) -> Bytes {
        self.rendered[feed as usize].get_or_init(|| self.render_anew(feed)).clone()
    }

    fn render_anew(&self, feed: Feed) -> Bytes {
        let pb = |message: &FeedMessage| Bytes::from(message.encode_to_vec());
        let json = |message: &FeedMessage| Bytes::from(serde_json::to_vec(message).expect("numbers and text"));
        match feed {
            Feed::VehiclePositionsPb => pb(&vehicle_positions(self)),
            Feed::VehiclePositionsJson => json(&vehicle_positions(self)),
            Feed::TripUpdatesPb => pb(&trip_updates(self)),
            Feed::TripUpdatesJson => json(&trip_updates(self)),
            Feed::AlertsPb => pb(&alerts(self)),
            Feed::AlertsJson => json(&alerts(self)),
            Feed::VehicleMonitoring => Bytes::from(vehicle_monitoring(self)),
        }
    }
}

/// Whether nothing was heard of a vehicle since.
fn is_same(before: &LiveVehicle, now: &LiveVehicle) -> bool {
    before.no == now.no && before.last == now.last && before.vehicle.route == now.vehicle.route
}

fn find_trip(timetable: &Timetable, vehicle: &LiveVehicle, previous: Option<&Previous>) -> Option<Match> {
    let last = vehicle.last.as_ref()?;
    let heading = last.heading.filter(|_| last.speed.is_none_or(|speed| speed.get() >= MOVING_KMH));
    let told = |name| match last.attributes.get(name) {
        Some(AttributeValue::Text(text)) => Some(&**text),
        _ => None,
    };
    let route = told(attribute::ROUTE_ID).or(vehicle.vehicle.route.as_ref().map(|route| route.as_str()));
    let trip = told(attribute::TRIP_ID).map(|id| NamedTrip { id, date: told(attribute::TRIP_DATE) });
    let point = Point::new(last.latitude, last.longitude);
    timetable.find_trip(&Observed { point, heading, at: last.at, route, trip }, previous)
}

/// One vehicle serves a trip. Of several that fit, the one that is nearest to its time.
fn leave_one_on_each_trip(running: &mut [Running]) {
    let mut best: HashMap<(usize, ServiceDay), (usize, f64)> = HashMap::new();
    for place in 0..running.len() {
        let Some(on) = running[place].on else { continue };
        let off_s = on.delay_s.abs();
        match best.get(&(on.trip, on.day)) {
            Some((_, least)) if *least <= off_s => running[place].on = None,
            other => {
                if let Some((worse, _)) = other {
                    running[*worse].on = None;
                }
                best.insert((on.trip, on.day), (place, off_s));
            }
        }
    }
}

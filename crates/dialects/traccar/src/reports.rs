//! Reports of this API, computed from a device's positions, trips and visits of a time.

use crate::convert::{Way, distance_m, knots, place_of};
use crate::fleet::DeviceView;
use crate::ids::position_id;
use crate::shape::Object;
use crate::time::write_time;
use jiff::tz::TimeZone;
use milepost_domain::{AttributeValue, Position, SpeedKmh, Timestamp, Trip, TripStatus, attribute};
use milepost_service::fleet::FenceVisit;
use serde_json::{Value, json};

/// Metres a second of a knot.
const MPS_OF_KNOT: f64 = 0.514_444_444_444_444;
const MS_OF_HOUR: f64 = 3_600_000.0;
/// Days in one report.
const MAX_DAYS: usize = 400;

/// A device's positions with the way that it had gone at each.
pub(crate) struct Course<'a> {
    pub(crate) device: &'a DeviceView,
    positions: &'a [Position],
    /// Metres in all, by position.
    totals: Vec<f64>,
}

impl<'a> Course<'a> {
    pub(crate) fn new(device: &'a DeviceView, positions: &'a [Position]) -> Self {
        let mut way = Way::of(device);
        let total = |position: &Position| {
            let (_, total) = way.step(place_of(position));
            position.odometer.map_or(total, |odometer| odometer.get() * 1000.0)
        };
        let totals = positions.iter().map(total).collect();
        Self { device, positions, totals }
    }

    /// The positions from one time to another, both within.
    fn part(&self, from: Timestamp, to: Timestamp) -> std::ops::Range<usize> {
        let begin = self.positions.partition_point(|position| position.at < from);
        let end = self.positions.partition_point(|position| position.at <= to);
        begin..end.max(begin)
    }

    /// The odometer at a time, metres: that of the last position up to it.
    fn odometer_at(&self, at: Timestamp) -> f64 {
        let end = self.positions.partition_point(|position| position.at <= at);
        let known = self.totals.get(end.saturating_sub(1)).or_else(|| self.totals.first());
        known.copied().unwrap_or(0.0)
    }

    fn base(&self) -> Object {
        let mut object = Object::new();
        object.insert("deviceId".to_owned(), self.device.number.into());
        object.insert("deviceName".to_owned(), self.device.vehicle.label.as_str().into());
        object.insert("spentFuel".to_owned(), json!(0.0));
        object
    }

    /// The time in a part with the ignition on, milliseconds.
    fn ignition_ms(&self, part: std::ops::Range<usize>) -> i64 {
        let positions = &self.positions[part];
        let pairs = positions.iter().zip(positions.iter().skip(1));
        pairs
            .filter(|(a, b)| a.ignition == Some(true) && b.ignition == Some(true))
            .map(|(a, b)| b.at.ms_since(a.at))
            .sum()
    }

    fn hours_of(position: &Position) -> Option<i64> {
        match position.attributes.get(attribute::ENGINE_HOURS)? {
            AttributeValue::Number(hours) => Some((hours * MS_OF_HOUR).round() as i64),
            AttributeValue::Flag(_) | AttributeValue::Text(_) => None,
        }
    }

    /// One line for a device and a time, if it has positions in it.
    pub(crate) fn summary(&self, from: Timestamp, to: Timestamp) -> Option<Object> {
        let part = self.part(from, to);
        let (first, last) = (self.positions.get(part.start)?, self.positions[part.clone()].last()?);
        let (start, end) = (self.totals[part.start], self.totals[part.end - 1]);
        let top = self.positions[part].iter().filter_map(|one| one.speed).map(SpeedKmh::get).fold(0.0, f64::max);
        let (start_hours, end_hours) = match (Self::hours_of(first), Self::hours_of(last)) {
            (Some(start), Some(end)) => (start, end),
            _ => (0, 0),
        };
        let hours = (end_hours - start_hours).max(0);
        let distance = end - start;
        let average = if hours > 0 { knots_of(distance, hours) } else { 0.0 };
        let mut object = self.base();
        let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
        set("distance", json!(distance));
        set("averageSpeed", json!(average));
        set("maxSpeed", json!(knots(top)));
        set("startOdometer", json!(start));
        set("endOdometer", json!(end));
        set("startTime", write_time(first.at).into());
        set("endTime", write_time(last.at).into());
        set("startHours", start_hours.into());
        set("endHours", end_hours.into());
        set("engineHours", hours.into());
        Some(object)
    }

    /// A line for each day of a zone.
    pub(crate) fn daily(&self, from: Timestamp, to: Timestamp, zone: &TimeZone) -> Vec<Object> {
        let mut lines = Vec::new();
        let mut begin = from;
        while begin <= to && lines.len() < MAX_DAYS {
            let next = next_day(begin, zone).unwrap_or(to.plus_ms(1));
            lines.extend(self.summary(begin, next.plus_ms(-1).min(to)));
            begin = next;
        }
        lines
    }

    /// A trip. Cancelled ones are none.
    pub(crate) fn trip(&self, trip: &Trip, driver: Option<(String, Option<String>)>) -> Option<Object> {
        if trip.status == TripStatus::Cancelled {
            return None;
        }
        let end = trip.ended_at.unwrap_or(trip.followed_to);
        let duration = end.ms_since(trip.started_at).max(0);
        let distance = trip.distance_km() * 1000.0;
        let start_odometer = self.odometer_at(trip.started_at);
        let place = |place: Option<milepost_domain::TripPlace>| {
            place.map_or((0.0, 0.0), |place| (place.latitude.get(), place.longitude.get()))
        };
        let ((start_lat, start_lon), (end_lat, end_lon)) = (place(trip.start), place(trip.end));
        let number = self.device.number;
        let mut object = self.base();
        let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
        set("distance", json!(distance));
        set("averageSpeed", json!(if duration > 0 { knots_of(distance, duration) } else { 0.0 }));
        set("maxSpeed", json!(knots(trip.figures.max_speed.map_or(0.0, SpeedKmh::get))));
        set("spentFuel", json!(trip.figures.fuel.map_or(0.0, |fuel| fuel.litres())));
        set("startOdometer", json!(start_odometer));
        set("endOdometer", json!(start_odometer + distance));
        set("startTime", write_time(trip.started_at).into());
        set("endTime", write_time(end).into());
        set("startPositionId", position_id(number, trip.started_at).into());
        set("endPositionId", position_id(number, end).into());
        for (name, value) in
            [("startLat", start_lat), ("startLon", start_lon), ("endLat", end_lat), ("endLon", end_lon)]
        {
            set(name, json!(value));
        }
        set("startAddress", Value::Null);
        set("endAddress", Value::Null);
        set("duration", duration.into());
        let (unique, name) = driver.unzip();
        set("driverUniqueId", unique.map_or(Value::Null, Into::into));
        set("driverName", name.flatten().map_or(Value::Null, Into::into));
        Some(object)
    }

    /// The stays between the trips of a time.
    pub(crate) fn stops(&self, trips: &[Trip]) -> Vec<Object> {
        let (Some(first), Some(last)) = (self.positions.first(), self.positions.last()) else { return Vec::new() };
        let mut stops = Vec::new();
        let mut begin = first.at;
        for trip in trips.iter().filter(|trip| trip.status != TripStatus::Cancelled) {
            stops.extend(self.stop(begin, trip.started_at.min(last.at)));
            begin = begin.max(trip.ended_at.unwrap_or(last.at));
        }
        stops.extend(self.stop(begin, last.at));
        stops
    }

    fn stop(&self, from: Timestamp, to: Timestamp) -> Option<Object> {
        let duration = to.ms_since(from);
        let at = self.positions.partition_point(|position| position.at < from);
        let position = self.positions.get(at).filter(|_| duration > 0)?;
        let odometer = self.odometer_at(from);
        let mut object = self.base();
        let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
        for name in ["distance", "averageSpeed", "maxSpeed"] {
            set(name, json!(0.0));
        }
        set("startOdometer", json!(odometer));
        set("endOdometer", json!(odometer));
        set("startTime", write_time(from).into());
        set("endTime", write_time(to).into());
        set("positionId", position_id(self.device.number, position.at).into());
        set("latitude", json!(position.latitude.get()));
        set("longitude", json!(position.longitude.get()));
        set("address", Value::Null);
        set("duration", duration.into());
        set("engineHours", self.ignition_ms(self.part(from, to)).into());
        Some(object)
    }

    /// A stay in a geofence.
    pub(crate) fn visit(&self, visit: &FenceVisit, from: Timestamp, to: Timestamp) -> Object {
        let (begin, end) = (visit.entered_at.max(from), visit.left_at.unwrap_or(to).min(to));
        let part = self.part(begin, end);
        let distance: f64 = {
            let inside = &self.positions[part];
            inside.iter().zip(inside.iter().skip(1)).map(|(a, b)| distance_m(place_of(a), place_of(b))).sum()
        };
        let mut object = self.base();
        let mut set = |name: &str, value: Value| object.insert(name.to_owned(), value);
        set("distance", json!(distance));
        set("averageSpeed", json!(0.0));
        set("maxSpeed", json!(knots(visit.max_speed.get())));
        set("startOdometer", json!(self.odometer_at(begin)));
        set("endOdometer", json!(self.odometer_at(end)));
        set("startTime", write_time(begin).into());
        set("endTime", write_time(end).into());
        set("geofenceId", visit.geofence_id.get().into());
        object
    }
}

/// Knots from metres and milliseconds.
fn knots_of(metres: f64, ms: i64) -> f64 {
    metres * 1000.0 / ms as f64 / MPS_OF_KNOT
}

fn next_day(at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let zoned = jiff::Timestamp::from_millisecond(at.unix_ms()).ok()?.to_zoned(zone.clone());
    let next = zoned.date().tomorrow().ok()?.to_zoned(zone.clone()).ok()?;
    Timestamp::from_unix_ms(next.timestamp().as_millisecond())
}

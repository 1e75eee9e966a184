//! Trips as the other server reports them, to compare them with those found here.

use crate::wall_clock;
use jiff::tz::TimeZone;
use milepost_domain::Timestamp;
use serde_json::{Map, Value};

/// Trips of one device that are read; the time of a device with more is compared in part.
pub(crate) const MAX_TRIPS: usize = 20_000;

/// A trip of the other server.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ForeignTrip {
    /// When it began there.
    pub started_at: Timestamp,
    /// When it ended there.
    pub ended_at: Timestamp,
    /// Its length there, metres.
    pub distance_m: f64,
}

/// A trip of an answer of `reports/trips`.
pub(crate) fn of_report(trip: &Map<String, Value>) -> Option<ForeignTrip> {
    let time = |name: &str| {
        let at: jiff::Timestamp = trip.get(name)?.as_str()?.parse().ok()?;
        Timestamp::from_unix_ms(at.as_millisecond())
    };
    let distance_m = trip.get("distance")?.as_f64()?;
    Some(ForeignTrip { started_at: time("startTime")?, ended_at: time("endTime")?, distance_m })
}

/// One event of a device that began to move or came to stand, with the position of that moment if it is still there.
pub(crate) struct MotionEvent<'a> {
    pub(crate) kind: &'a str,
    /// The position's time, or else the event's.
    pub(crate) at: &'a str,
    /// The position's attributes.
    pub(crate) attributes: &'a str,
}

/// Makes trips of events, as Traccar does for its own reports of more than a day.
#[derive(Default)]
pub(crate) struct TripsOfEvents {
    begun: Option<(Timestamp, Way)>,
    pub(crate) trips: Vec<ForeignTrip>,
}

/// Metres that a position shows.
#[derive(Clone, Copy, Default)]
struct Way {
    total_m: f64,
    odometer_m: f64,
}

impl Way {
    fn of(attributes: &str) -> Self {
        let own: Map<String, Value> = serde_json::from_str(attributes).unwrap_or_default();
        let number = |name: &str| own.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        Self { total_m: number("totalDistance"), odometer_m: number("odometer") }
    }

    /// By the device's own odometer, where it has one.
    fn since(self, earlier: Self) -> f64 {
        if self.odometer_m > 0.0 && earlier.odometer_m > 0.0 {
            self.odometer_m - earlier.odometer_m
        } else {
            self.total_m - earlier.total_m
        }
    }
}

impl TripsOfEvents {
    pub(crate) fn take(&mut self, event: &MotionEvent<'_>, zone: &TimeZone) {
        let Some(at) = wall_clock::read(event.at, zone) else { return };
        let way = Way::of(event.attributes);
        match (event.kind, self.begun) {
            // A second beginning is within the same trip.
            ("deviceMoving", None) => self.begun = Some((at, way)),
            ("deviceStopped", Some((started_at, begun))) => {
                self.begun = None;
                self.trips.push(ForeignTrip { started_at, ended_at: at, distance_m: way.since(begun) });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_trip_is_from_moving_to_standing_and_as_long_as_its_odometer_says() {
        let mut trips = TripsOfEvents::default();
        for (kind, at, attributes) in [
            ("deviceStopped", "2026-11-01 07:00:00", "{}"),
            ("deviceMoving", "2026-11-01 08:00:00", r#"{"totalDistance":1000.5}"#),
            ("deviceMoving", "2026-11-01 08:01:00", r#"{"totalDistance":1400}"#),
            ("deviceStopped", "2026-11-01 08:20:00.500", r#"{"totalDistance":9000.5}"#),
            ("deviceMoving", "2026-11-01 09:00:00", r#"{"totalDistance":9000.5,"odometer":50000}"#),
            ("deviceStopped", "2026-11-01 09:10:00", r#"{"totalDistance":9900,"odometer":51000}"#),
            ("deviceMoving", "2026-11-01 10:00:00", ""),
        ] {
            trips.take(&MotionEvent { kind, at, attributes }, &TimeZone::UTC);
        }
        let lengths: Vec<(i64, f64)> =
            trips.trips.iter().map(|trip| (trip.ended_at.ms_since(trip.started_at), trip.distance_m)).collect();
        assert_eq!(lengths, [(1_200_500, 8_000.0), (600_000, 1_000.0)]);
    }

    #[test]
    fn a_report_is_read_with_its_times() {
        let of = |text: &str| of_report(serde_json::from_str::<Value>(text).unwrap().as_object().unwrap());
        let trip = r#"{"distance":2782.98,"startTime":"2026-11-29T18:39:37.000+00:00","endTime":"2026-11-29T18:55:17.000+00:00"}"#;
        let trip = of(trip).unwrap();
        assert_eq!((trip.ended_at.ms_since(trip.started_at), trip.distance_m), (940_000, 2_782.98));
        assert_eq!(of(r#"{"distance":1,"startTime":"yesterday","endTime":"2026-11-29T18:55:17Z"}"#), None);
    }
}

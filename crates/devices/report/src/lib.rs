//! What a device reported once, in no protocol's words. Decoders make reports, and `milepost_service::devices` stores them.
//!
//! A decoder fills in what the device said, in the units of the fields, and judges nothing: values out of range, times that can't
//! be and places that are none are dealt with here, in the same way for every protocol.

#![forbid(unsafe_code)]

use milepost_domain::{
    AccuracyM, AltitudeM, Attributes, FuelLevelL, HeadingDeg, Invalid, Latitude, Longitude, MAX_AHEAD_MS, OdometerKm,
    Position, SpeedKmh, Timestamp, VehicleId,
};

/// 2005-01-01T00:00:00Z. A clock that shows an earlier time was never set.
const EARLIEST_MS: i64 = 1_104_537_600_000;
const DAY_MS: i64 = 86_400_000;

/// When a report's fix was taken, as far as the device says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReportTime {
    /// It says nothing, or only the date: the time of the arrival counts.
    #[default]
    Unknown,
    /// An instant, by the device's clock.
    At(Timestamp),
    /// Milliseconds since midnight in UTC, without a date.
    OfDay {
        /// 0 to 86,399,999; more counts as unknown.
        ms: u32,
    },
}

impl ReportTime {
    /// The time that counts: the device's own, or the arrival if that can't be, such as one before 2005 or more than five minutes
    /// ahead. A time of day is the latest such moment that is not ahead, by the same five minutes.
    pub fn resolve(self, arrival: Timestamp) -> Timestamp {
        self.own(arrival).unwrap_or(arrival)
    }

    /// The device's own time, if it can be.
    pub fn own(self, arrival: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Unknown => None,
            Self::At(at) => Some(at).filter(|at| at.unix_ms() >= EARLIEST_MS && at.ms_since(arrival) <= MAX_AHEAD_MS),
            Self::OfDay { ms } if i64::from(ms) >= DAY_MS => None,
            Self::OfDay { ms } => {
                let latest_ms = arrival.unix_ms() + MAX_AHEAD_MS;
                let today = latest_ms - latest_ms.rem_euclid(DAY_MS) + i64::from(ms);
                Timestamp::from_unix_ms(if today > latest_ms { today - DAY_MS } else { today })
            }
        }
    }
}

/// Degrees north and east as the device sent them, of any value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReportedPlace {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// One report.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceReport {
    /// When.
    pub time: ReportTime,
    /// Where; `None` for a heartbeat, or a fix without coordinates.
    pub place: Option<ReportedPlace>,
    /// The device says that the fix is good. If it does not, the place is one that it knew before.
    pub is_valid: bool,
    /// Kilometres an hour.
    pub speed_kmh: Option<f64>,
    /// Degrees clockwise from north.
    pub heading_deg: Option<f64>,
    /// Metres.
    pub altitude_m: Option<f64>,
    /// Metres.
    pub accuracy_m: Option<f64>,
    /// Kilometres.
    pub odometer_km: Option<f64>,
    /// Litres.
    pub fuel_level_l: Option<f64>,
    /// On or off.
    pub ignition: Option<bool>,
    /// Everything else.
    pub attributes: Attributes,
}

impl Default for DeviceReport {
    /// A heartbeat that says nothing.
    fn default() -> Self {
        Self {
            time: ReportTime::Unknown,
            place: None,
            is_valid: true,
            speed_kmh: None,
            heading_deg: None,
            altitude_m: None,
            accuracy_m: None,
            odometer_km: None,
            fuel_level_l: None,
            ignition: None,
            attributes: Attributes::NONE,
        }
    }
}

/// What a report comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// A position to store.
    Position(Box<Position>),
    /// The device lives, and says nothing of where it is.
    Heartbeat,
    /// Its place is none on Earth. The device is answered as if it had been stored, or it would repeat it for ever.
    Impossible,
}

impl DeviceReport {
    /// A report of a good fix.
    pub fn at_place(time: ReportTime, latitude: f64, longitude: f64) -> Self {
        Self { time, place: Some(ReportedPlace { latitude, longitude }), ..Self::default() }
    }

    /// The report as a position of `vehicle` at the time that [`ReportTime::resolve`] gave. Numbers that can't be are unknown ones:
    /// many devices write -1 or 65535 for "unknown".
    pub fn read(&self, vehicle: VehicleId, at: Timestamp) -> Reading {
        let Some(ReportedPlace { latitude, longitude }) = self.place else { return Reading::Heartbeat };
        if !self.is_valid && latitude == 0.0 && longitude == 0.0 {
            return Reading::Heartbeat;
        }
        let (Ok(latitude), Ok(longitude)) = (Latitude::new(latitude), Longitude::new(longitude)) else {
            return Reading::Impossible;
        };
        Reading::Position(Box::new(Position {
            speed: known(self.speed_kmh, SpeedKmh::new),
            heading: known(self.heading_deg, HeadingDeg::new),
            accuracy: known(self.accuracy_m, AccuracyM::new),
            altitude: known(self.altitude_m, AltitudeM::new),
            odometer: known(self.odometer_km, OdometerKm::new),
            fuel_level: known(self.fuel_level_l, FuelLevelL::new),
            ignition: self.ignition,
            attributes: self.attributes.clone(),
            is_invalid: !self.is_valid,
            ..Position::new(vehicle, at, latitude, longitude)
        }))
    }
}

fn known<T>(value: Option<f64>, new: impl Fn(f64) -> Result<T, Invalid>) -> Option<T> {
    value.and_then(|value| new(value).ok())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        // 2026-11-30T00:00:00Z is the day of these tests.
        const DAY_START_MS: i64 = 1_796_083_200_000;
        let (hours, minutes) = text.split_once(':').unwrap();
        let minutes = hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap();
        Timestamp::from_unix_ms(DAY_START_MS + minutes * 60_000).unwrap()
    }

    #[test]
    fn a_time_that_can_not_be_is_the_arrival() {
        let arrival = time("12:00");
        let own = |at| ReportTime::At(at).resolve(arrival);
        assert_eq!(own(time("11:00")), time("11:00"));
        assert_eq!(own(time("12:05")), time("12:05"));
        assert_eq!(own(time("12:06")), arrival);
        assert_eq!(own(Timestamp::from_unix_ms(EARLIEST_MS).unwrap()).unix_ms(), EARLIEST_MS);
        assert_eq!(own(Timestamp::from_unix_ms(EARLIEST_MS - 1).unwrap()), arrival);
        assert_eq!(ReportTime::Unknown.resolve(arrival), arrival);
    }

    #[test]
    fn a_time_of_day_is_the_latest_such_moment() {
        let of_day = |hours: u32, arrival: &str| ReportTime::OfDay { ms: hours * 3_600_000 }.resolve(time(arrival));
        assert_eq!(of_day(11, "12:00"), time("11:00"));
        assert_eq!(of_day(12, "12:00"), time("12:00"));
        assert_eq!(of_day(13, "12:00"), time("-11:00"), "yesterday");
        assert_eq!(of_day(12, "11:57"), time("12:00"), "a clock that is somewhat fast");
        assert_eq!(of_day(0, "23:58"), time("24:00"), "also over midnight");
        assert_eq!(of_day(23, "0:10"), time("-1:00"));
        assert_eq!(of_day(24, "12:00"), time("12:00"), "no time of day");
    }

    #[test]
    fn a_place_that_is_none_stores_no_position() {
        let read = |latitude, longitude, is_valid| {
            let report = DeviceReport::at_place(ReportTime::Unknown, latitude, longitude);
            DeviceReport { is_valid, ..report }.read(VehicleId::new("bus").unwrap(), time("12:00"))
        };
        assert_eq!(read(0.0, 0.0, false), Reading::Heartbeat);
        assert_eq!(DeviceReport::default().read(VehicleId::new("bus").unwrap(), time("12:00")), Reading::Heartbeat);
        for (latitude, longitude) in [(95.0, 1.0), (1.0, 181.0), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
            assert_eq!(read(latitude, longitude, true), Reading::Impossible);
        }
        for (latitude, longitude, is_valid) in [(0.0, 0.0, true), (52.5, 13.4, true), (52.5, 13.4, false)] {
            let Reading::Position(position) = read(latitude, longitude, is_valid) else { panic!("{latitude}") };
            assert_eq!((position.latitude.get(), position.is_invalid), (latitude, !is_valid));
        }
    }

    #[test]
    fn a_number_that_can_not_be_is_unknown() {
        let report = DeviceReport {
            speed_kmh: Some(-1.0),
            heading_deg: Some(400.0),
            accuracy_m: Some(f64::NAN),
            altitude_m: Some(35.7),
            ..DeviceReport::at_place(ReportTime::Unknown, 1.0, 2.0)
        };
        let Reading::Position(position) = report.read(VehicleId::new("bus").unwrap(), time("12:00")) else { panic!() };
        assert_eq!((position.speed, position.heading, position.accuracy), (None, None, None));
        assert_eq!(position.altitude.unwrap().get(), 35.7);
    }
}

//! What a device said of where it was.

use crate::Civil;
use crate::attributes::Attributes;
use milepost_domain::{AltitudeM, FuelLevelL, HeadingDeg, Latitude, Longitude, OdometerKm, SpeedKmh, Timestamp};

/// What a device says of a fix's time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FixTime {
    /// An instant.
    Utc(Timestamp),
    /// What the device's clock showed, read as if it were UTC, and the minutes that devices of this protocol are usually ahead of UTC.
    Local {
        /// The clock's digits, read as UTC.
        shown: Timestamp,
        /// Minutes ahead of UTC, unless the device's settings say otherwise.
        usual_offset_minutes: i16,
    },
    /// Only a time of day, UTC, milliseconds since midnight.
    TimeOfDay(i64),
    /// Nothing that could be used.
    Missing,
}

impl FixTime {
    /// The time behind these digits of UTC; missing if there are none or there is no such date.
    pub(crate) fn utc(civil: Option<Civil>) -> Self {
        civil.and_then(|civil| civil.as_utc()).map_or(Self::Missing, Self::Utc)
    }

    /// The time behind the digits of the device's own clock. A clock that was never set shows zeros, and its time is missing; `None` for
    /// any other date that does not exist.
    pub(crate) fn local(civil: Civil, usual_offset_minutes: i16) -> Option<Self> {
        let was_never_set = civil.month == 0 && civil.day == 0;
        match civil.as_utc() {
            Some(shown) => Some(Self::Local { shown, usual_offset_minutes }),
            None => was_never_set.then_some(Self::Missing),
        }
    }
}

/// One reading of a device's receiver, with what the device said of itself at that time. Values that can't be are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    /// When.
    pub time: FixTime,
    /// Whether the device itself calls it valid. `false`: the place is the last known one, or none. `None`: it does not say.
    pub valid: Option<bool>,
    /// Where; `None` if there was no place, or an impossible one.
    pub place: Option<(Latitude, Longitude)>,
    /// Speed over ground.
    pub speed: Option<SpeedKmh>,
    /// Direction of travel.
    pub heading: Option<HeadingDeg>,
    /// Height.
    pub altitude: Option<AltitudeM>,
    /// The odometer.
    pub odometer: Option<OdometerKm>,
    /// Fuel in the tank.
    pub fuel_level: Option<FuelLevelL>,
    /// Ignition.
    pub ignition: Option<bool>,
    /// Everything else.
    pub attributes: Attributes,
}

/// Kilometres an hour of a knot.
const KNOT_KMH: f64 = 1.852;

impl Fix {
    pub(crate) fn new(time: FixTime) -> Self {
        Self {
            time,
            valid: None,
            place: None,
            speed: None,
            heading: None,
            altitude: None,
            odometer: None,
            fuel_level: None,
            ignition: None,
            attributes: Attributes::default(),
        }
    }

    /// Sets the place, unless a coordinate is missing or impossible.
    pub(crate) fn set_place(&mut self, latitude: Option<f64>, longitude: Option<f64>) {
        let latitude = latitude.and_then(|degrees| Latitude::new(degrees).ok());
        let longitude = longitude.and_then(|degrees| Longitude::new(degrees).ok());
        self.place = latitude.zip(longitude);
    }

    pub(crate) fn set_speed_kmh(&mut self, speed: Option<f64>) {
        self.speed = speed.and_then(|speed| SpeedKmh::new(speed).ok());
    }

    pub(crate) fn set_speed_knots(&mut self, speed: Option<f64>) {
        self.set_speed_kmh(speed.map(|knots| knots * KNOT_KMH));
    }

    pub(crate) fn set_heading(&mut self, heading: Option<f64>) {
        self.heading = heading.and_then(|heading| HeadingDeg::new(heading).ok());
    }

    pub(crate) fn set_altitude(&mut self, altitude: Option<f64>) {
        self.altitude = altitude.and_then(|altitude| AltitudeM::new(altitude).ok());
    }

    pub(crate) fn set_odometer_m(&mut self, odometer: Option<f64>) {
        self.odometer = odometer.and_then(|metres| OdometerKm::new(metres / 1_000.0).ok());
    }

    pub(crate) fn set_fuel_l(&mut self, fuel: Option<f64>) {
        self.fuel_level = fuel.and_then(|litres| FuelLevelL::new(litres).ok());
    }

    /// Sets `alarm`. An earlier one stays: protocols name the gravest first.
    pub(crate) fn set_alarm(&mut self, alarm: &str) {
        if self.attributes.get("alarm").is_none() {
            self.attributes.text("alarm", alarm);
        }
    }
}

//! What a device said of where it was.

use crate::Civil;
use milepost_device_report::{DeviceReport, ReportTime, ReportedPlace};
use milepost_domain::{Alarm, AttributeList, Latitude, Longitude, Timestamp};

/// What a device says of a fix's time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FixTime {
    /// An instant, a time of day, or nothing.
    Utc(ReportTime),
    /// What the device's own clock showed, read as if it were UTC, and how far such clocks usually are ahead of UTC.
    Local {
        /// The clock's digits, read as UTC.
        shown: Timestamp,
        /// Minutes ahead of UTC, unless the device's settings say otherwise.
        usual_offset_minutes: i16,
    },
}

impl FixTime {
    pub(crate) const MISSING: Self = Self::Utc(ReportTime::Unknown);

    pub(crate) const fn at(at: Timestamp) -> Self {
        Self::Utc(ReportTime::At(at))
    }

    pub(crate) fn maybe(at: Option<Timestamp>) -> Self {
        at.map_or(Self::MISSING, Self::at)
    }

    /// Milliseconds since midnight in UTC.
    pub(crate) fn of_day(ms: i64) -> Self {
        u32::try_from(ms).map_or(Self::MISSING, |ms| Self::Utc(ReportTime::OfDay { ms }))
    }

    /// The time behind the digits of the device's own clock. A clock that was never set shows zeros, and its time is missing; `None` for
    /// any other date that does not exist.
    pub(crate) fn local(civil: Civil, usual_offset_minutes: i16) -> Option<Self> {
        let was_never_set = civil.month == 0 && civil.day == 0;
        match civil.as_utc() {
            Some(shown) => Some(Self::Local { shown, usual_offset_minutes }),
            None => was_never_set.then_some(Self::MISSING),
        }
    }
}

/// One reading of a device's receiver, with what the device said of itself at that time.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    /// When.
    pub time: FixTime,
    report: DeviceReport,
}

impl Fix {
    /// The fix in no protocol's words. `utc_offset_minutes` is the setting of the device, if it has one.
    pub fn report(&self, utc_offset_minutes: Option<i16>) -> DeviceReport {
        let time = match self.time {
            FixTime::Utc(time) => time,
            FixTime::Local { shown, usual_offset_minutes } => {
                let ahead = i64::from(utc_offset_minutes.unwrap_or(usual_offset_minutes));
                ReportTime::At(shown.plus_ms(-ahead * 60_000))
            }
        };
        DeviceReport { time, ..self.report.clone() }
    }

    /// Whether it has a place.
    pub fn has_place(&self) -> bool {
        self.report.place.is_some()
    }
}

/// Kilometres an hour of a knot.
const KNOT_KMH: f64 = 1.852;

/// A fix as a decoder gathers it.
pub(crate) struct FixDraft {
    pub(crate) time: FixTime,
    /// Whether the device itself calls it valid; `None` if it does not say.
    pub(crate) valid: Option<bool>,
    pub(crate) ignition: Option<bool>,
    attributes: AttributeList,
    report: DeviceReport,
}

impl FixDraft {
    pub(crate) fn new(time: FixTime) -> Self {
        let (attributes, report) = (AttributeList::default(), DeviceReport::default());
        Self { time, valid: None, ignition: None, attributes, report }
    }

    /// Sets the place, unless a coordinate is missing or impossible.
    pub(crate) fn set_place(&mut self, latitude: Option<f64>, longitude: Option<f64>) {
        let latitude = latitude.filter(|degrees| Latitude::new(*degrees).is_ok());
        let longitude = longitude.filter(|degrees| Longitude::new(*degrees).is_ok());
        self.report.place = latitude.zip(longitude).map(|(latitude, longitude)| ReportedPlace { latitude, longitude });
    }

    pub(crate) fn has_place(&self) -> bool {
        self.report.place.is_some()
    }

    pub(crate) fn set_speed_kmh(&mut self, speed: Option<f64>) {
        self.report.speed_kmh = speed;
    }

    pub(crate) fn set_speed_knots(&mut self, speed: Option<f64>) {
        self.set_speed_kmh(speed.map(|knots| knots * KNOT_KMH));
    }

    pub(crate) fn set_heading(&mut self, heading: Option<f64>) {
        self.report.heading_deg = heading;
    }

    pub(crate) fn set_altitude(&mut self, altitude: Option<f64>) {
        self.report.altitude_m = altitude;
    }

    pub(crate) fn set_odometer_m(&mut self, odometer: Option<f64>) {
        self.report.odometer_km = odometer.map(|metres| metres / 1_000.0);
    }

    pub(crate) fn set_fuel_l(&mut self, fuel: Option<f64>) {
        self.report.fuel_level_l = fuel;
    }

    pub(crate) fn number(&mut self, name: &str, value: f64) {
        self.attributes.number(name, value);
    }

    /// Sets a number that the device may have left out.
    pub(crate) fn maybe(&mut self, name: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.number(name, value);
        }
    }

    pub(crate) fn flag(&mut self, name: &str, value: bool) {
        self.attributes.flag(name, value);
    }

    /// Sets a text without its control characters.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        let kept: String = value.trim().chars().filter(|letter| !letter.is_control()).collect();
        self.attributes.text(name, &kept);
    }

    /// An alarm. Of several the most serious one stays.
    pub(crate) fn alarm(&mut self, alarm: Alarm) {
        self.attributes.alarm(alarm);
    }

    /// An alarm without a shared name, as the device's own code. One with a name stays.
    pub(crate) fn alarm_code(&mut self, code: &str) {
        if !self.attributes.has("alarm") {
            self.text("alarm", code);
        }
    }

    /// Another sentence about the same moment: its height and what else it said.
    pub(crate) fn complete_with(&mut self, other: Self) {
        self.report.altitude_m = self.report.altitude_m.or(other.report.altitude_m);
        self.set_all(other.attributes);
    }

    /// A record that continues this one, of the same time and place.
    pub(crate) fn continue_with(&mut self, part: Self) {
        self.ignition = part.ignition.or(self.ignition);
        self.report.odometer_km = part.report.odometer_km.or(self.report.odometer_km);
        self.set_all(part.attributes);
    }

    fn set_all(&mut self, attributes: AttributeList) {
        for (name, value) in attributes.finish().iter() {
            self.attributes.set(name, value.clone());
        }
    }

    pub(crate) fn finish(self) -> Fix {
        let report = DeviceReport {
            is_valid: self.valid.unwrap_or(true),
            ignition: self.ignition,
            attributes: self.attributes.finish(),
            ..self.report
        };
        Fix { time: self.time, report }
    }
}

//! The results of readers: one point of a track, or the reason why a row gave none.

use crate::attributes_json::Entries;
use crate::time_refusal::TimeRefusal;
use milepost_domain::{
    AccuracyM, AltitudeM, Attributes, FuelLevelL, HeadingDeg, Invalid, Latitude, Longitude, OdometerKm, Position,
    SpeedKmh, Timestamp, VehicleId,
};

/// One fix out of a file. Unlike a [`Position`] it may lack a vehicle, or name it by a text that is no valid id.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackPoint {
    /// The line on which it stands or begins, from 1.
    pub line: u64,
    /// The file's name for the vehicle: a CSV column, a GPX track's name, a GeoJSON property.
    pub vehicle: Option<String>,
    /// The time of the fix.
    pub at: Timestamp,
    /// Degrees north.
    pub latitude: Latitude,
    /// Degrees east.
    pub longitude: Longitude,
    /// Speed over ground.
    pub speed: Option<SpeedKmh>,
    /// Direction of travel.
    pub heading: Option<HeadingDeg>,
    /// Accuracy as the receiver reported it.
    pub accuracy: Option<AccuracyM>,
    /// Altitude.
    pub altitude: Option<AltitudeM>,
    /// Odometer reading.
    pub odometer: Option<OdometerKm>,
    /// Fuel in the tank.
    pub fuel_level: Option<FuelLevelL>,
    /// Ignition on or off.
    pub ignition: Option<bool>,
    /// What else the device reported.
    pub attributes: Attributes,
    /// Values beside time and place that can't be used, with their names: `speed -5`. The point lacks them.
    pub unread: Vec<String>,
}

impl TrackPoint {
    /// This fix as the position of `vehicle_id`.
    pub fn into_position(self, vehicle_id: VehicleId) -> Position {
        Position {
            speed: self.speed,
            heading: self.heading,
            accuracy: self.accuracy,
            altitude: self.altitude,
            odometer: self.odometer,
            fuel_level: self.fuel_level,
            ignition: self.ignition,
            attributes: self.attributes,
            ..Position::new(vehicle_id, self.at, self.latitude, self.longitude)
        }
    }
}

/// The reason why a line, element or feature gave no point.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ReadError {
    /// Counted from 1. For GPX and GeoJSON: where the point or feature begins, or where the error was found.
    pub line: u64,
    /// For the person who provided the file.
    pub reason: String,
    /// What can't be read.
    pub extent: Extent,
}

/// How much of a file an error costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// One row; the reading goes on.
    Row,
    /// All that follows: the file was cut off or is damaged, or the disk failed. What came before is good.
    Rest,
    /// The whole file: no row can be read right, those before the error neither.
    File,
}

impl ReadError {
    pub(crate) fn row(line: u64, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into(), extent: Extent::Row }
    }

    pub(crate) fn rest(line: u64, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into(), extent: Extent::Rest }
    }

    pub(crate) fn file(line: u64, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into(), extent: Extent::File }
    }

    pub(crate) fn of_time(line: u64, refusal: TimeRefusal) -> Self {
        let extent = if refusal.ends_file { Extent::File } else { Extent::Row };
        Self { line, reason: refusal.reason, extent }
    }

    pub(crate) fn of_input(line: u64, error: &std::io::Error) -> Self {
        Self::rest(line, format!("the file can't be read: {error}"))
    }

    /// Whether the reading ends here.
    pub fn ends_reading(&self) -> bool {
        self.extent != Extent::Row
    }
}

/// A point with plain numbers, before they are checked.
#[derive(Debug, Default, Clone)]
pub(crate) struct RawPoint {
    pub(crate) vehicle: Option<String>,
    pub(crate) at: Option<Timestamp>,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    pub(crate) speed_kmh: Option<f64>,
    pub(crate) heading_deg: Option<f64>,
    pub(crate) accuracy_m: Option<f64>,
    pub(crate) altitude_m: Option<f64>,
    pub(crate) odometer_km: Option<f64>,
    pub(crate) fuel_level_l: Option<f64>,
    pub(crate) ignition: Option<bool>,
    pub(crate) attributes: Entries,
    /// The file says that the receiver had no fix.
    pub(crate) no_fix: bool,
    pub(crate) unread: Vec<String>,
}

/// Whether a text for the quality of a fix means that there was no fix.
pub(crate) fn means_no_fix(text: &str) -> bool {
    const NONE: [&str; 10] = ["0", "none", "no", "n", "false", "invalid", "void", "v", "nofix", "no fix"];
    NONE.iter().any(|none| text.trim().eq_ignore_ascii_case(none))
}

impl RawPoint {
    /// Checks the point. Place and time must be valid. A speed, heading, accuracy or the like out of range is dropped: many
    /// devices write -1 or 65535 for "unknown", and the rest of the point is good.
    pub(crate) fn check(mut self, line: u64) -> Result<TrackPoint, ReadError> {
        let invalid = |value: f64| {
            move |error: Invalid| {
                let found = if value.is_nan() { "is missing".to_owned() } else { format!("is {value}") };
                ReadError::row(line, format!("{error}, but {found}"))
            }
        };
        let latitude = Latitude::new(self.latitude).map_err(invalid(self.latitude))?;
        let longitude = Longitude::new(self.longitude).map_err(invalid(self.longitude))?;
        // Receivers without a fix report 0,0. But 0,0 is also a place in the Gulf of Guinea, where ships go: it is refused
        // only if the file says that there was no fix.
        if self.no_fix && latitude.get() == 0.0 && longitude.get() == 0.0 {
            return Err(ReadError::row(line, "latitude and longitude are both 0: the receiver had no fix"));
        }
        let Some(at) = self.at else { return Err(ReadError::row(line, "the point has no time")) };
        Ok(TrackPoint {
            line,
            vehicle: self.vehicle,
            at,
            latitude,
            longitude,
            speed: keep("speed", self.speed_kmh, SpeedKmh::new, &mut self.unread),
            heading: keep("heading", self.heading_deg, HeadingDeg::new, &mut self.unread),
            accuracy: keep("accuracy", self.accuracy_m, AccuracyM::new, &mut self.unread),
            altitude: keep("altitude", self.altitude_m, AltitudeM::new, &mut self.unread),
            odometer: keep("odometer", self.odometer_km, OdometerKm::new, &mut self.unread),
            fuel_level: keep("fuel_level", self.fuel_level_l, FuelLevelL::new, &mut self.unread),
            ignition: self.ignition,
            attributes: Attributes::new(self.attributes).unwrap_or_else(|refused| {
                self.unread.push(refused.to_string());
                Attributes::NONE
            }),
            unread: self.unread,
        })
    }
}

fn keep<T>(
    name: &str,
    value: Option<f64>,
    new: impl FnOnce(f64) -> Result<T, Invalid>,
    unread: &mut Vec<String>,
) -> Option<T> {
    let value = value?;
    new(value).map_err(|_| unread.push(format!("{name} {value}"))).ok()
}

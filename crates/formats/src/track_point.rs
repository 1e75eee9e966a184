//! The results of readers: one point of a track, or the reason why a row gave none.

use milepost_domain::{
    AccuracyM, AltitudeM, HeadingDeg, Invalid, Latitude, Longitude, Position, SpeedKmh, Timestamp, VehicleId,
};

/// One fix out of a file. Unlike a [`Position`] it may lack a vehicle, or name it by a text that is no valid id.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackPoint {
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
}

impl TrackPoint {
    /// This fix as the position of `vehicle_id`.
    pub fn into_position(self, vehicle_id: VehicleId) -> Position {
        Position {
            speed: self.speed,
            heading: self.heading,
            accuracy: self.accuracy,
            altitude: self.altitude,
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
    /// Reading ends here: the file is damaged, it has another format, or the disk failed.
    pub ends_file: bool,
}

impl ReadError {
    pub(crate) fn row(line: u64, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into(), ends_file: false }
    }

    pub(crate) fn fatal(line: u64, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into(), ends_file: true }
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
    /// The file says that the receiver had no fix.
    pub(crate) no_fix: bool,
}

/// Whether a text for the quality of a fix means that there was no fix.
pub(crate) fn means_no_fix(text: &str) -> bool {
    const NONE: [&str; 10] = ["0", "none", "no", "n", "false", "invalid", "void", "v", "nofix", "no fix"];
    NONE.iter().any(|none| text.trim().eq_ignore_ascii_case(none))
}

impl RawPoint {
    /// Checks the point. Place and time must be valid. A speed, heading, accuracy or altitude out of range is dropped: many
    /// devices write -1 or 65535 for "unknown", and the rest of the point is good.
    pub(crate) fn check(self, line: u64) -> Result<TrackPoint, ReadError> {
        let invalid = |error: Invalid| ReadError::row(line, error.to_string());
        let latitude = Latitude::new(self.latitude).map_err(invalid)?;
        let longitude = Longitude::new(self.longitude).map_err(invalid)?;
        // Receivers without a fix report 0,0. But 0,0 is also a place in the Gulf of Guinea, where ships go: it is refused
        // only if the file says that there was no fix.
        if self.no_fix && latitude.get() == 0.0 && longitude.get() == 0.0 {
            return Err(ReadError::row(line, "latitude and longitude are both 0: the receiver had no fix"));
        }
        let Some(at) = self.at else { return Err(ReadError::row(line, "the point has no time")) };
        Ok(TrackPoint {
            vehicle: self.vehicle,
            at,
            latitude,
            longitude,
            speed: self.speed_kmh.and_then(|value| SpeedKmh::new(value).ok()),
            heading: self.heading_deg.and_then(|value| HeadingDeg::new(value).ok()),
            accuracy: self.accuracy_m.and_then(|value| AccuracyM::new(value).ok()),
            altitude: self.altitude_m.and_then(|value| AltitudeM::new(value).ok()),
        })
    }
}

//! What readers give: one point of a track, or why a row gave none.

use milepost_domain::{
    AccuracyM, AltitudeM, HeadingDeg, Invalid, Latitude, Longitude, Position, SpeedKmh, Timestamp, VehicleId,
};

/// One fix out of a file. Unlike a [`Position`] it may not say whose it is, or say it in a form that is no id.
#[derive(Debug, Clone, PartialEq)]
pub struct TrackPoint {
    /// The file's name for the vehicle: a CSV column, a GPX track's name, a GeoJSON property.
    pub vehicle: Option<String>,
    /// When the fix was taken.
    pub at: Timestamp,
    /// Degrees north.
    pub latitude: Latitude,
    /// Degrees east.
    pub longitude: Longitude,
    /// Speed over ground.
    pub speed: Option<SpeedKmh>,
    /// Direction of travel.
    pub heading: Option<HeadingDeg>,
    /// Claimed accuracy.
    pub accuracy: Option<AccuracyM>,
    /// Height.
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

/// Why a line, element or feature gave no point.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ReadError {
    /// From 1. For GPX and GeoJSON: where the point or feature begins or the fault was met.
    pub line: u64,
    /// In words for the person who brought the file.
    pub reason: String,
    /// Nothing after this can be read: the file is broken, of another format, or the disk failed.
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

/// A point as a file has it: plain numbers in the file's units, converted and checked in one place.
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
    /// The file itself says that the receiver had no fix.
    pub(crate) no_fix: bool,
}

/// Does the text of a fix's quality say that there was none?
pub(crate) fn means_no_fix(text: &str) -> bool {
    const NONE: [&str; 10] = ["0", "none", "no", "n", "false", "invalid", "void", "v", "nofix", "no fix"];
    NONE.iter().any(|none| text.trim().eq_ignore_ascii_case(none))
}

impl RawPoint {
    /// Place and time must be right. A speed, heading, accuracy or altitude out of range costs only itself: many
    /// devices write -1 or 65535 for "unknown", and the place is good all the same.
    pub(crate) fn check(self, line: u64) -> Result<TrackPoint, ReadError> {
        let invalid = |error: Invalid| ReadError::row(line, error.to_string());
        let latitude = Latitude::new(self.latitude).map_err(invalid)?;
        let longitude = Longitude::new(self.longitude).map_err(invalid)?;
        // What a receiver without a fix reports. But 0,0 is a place in the Gulf of Guinea as well, where ships go and
        // which the server takes: without the file's own word that there was no fix it stays.
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

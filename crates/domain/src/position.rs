//! One report of where a vehicle was.

use crate::{
    AccuracyM, AltitudeM, Attributes, FuelLevelL, HeadingDeg, Invalid, Latitude, Longitude, OdometerKm, SpeedKmh,
    Timestamp, VehicleId,
};

/// A position may be this far ahead of the server's clock, milliseconds: clocks of devices drift, but not by hours.
pub const MAX_AHEAD_MS: i64 = 5 * 60 * 1000;

/// Where a vehicle was at an instant. Vehicle and instant identify it: another position with the same two is a duplicate.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// The vehicle that was there.
    pub vehicle_id: VehicleId,
    /// When the fix was taken, by the device's clock.
    pub at: Timestamp,
    /// Degrees north.
    pub latitude: Latitude,
    /// Degrees east.
    pub longitude: Longitude,
    /// Speed over ground, if the device reported it.
    pub speed: Option<SpeedKmh>,
    /// Direction of travel, if the device reported it.
    pub heading: Option<HeadingDeg>,
    /// Accuracy that the device claims.
    pub accuracy: Option<AccuracyM>,
    /// Height above the ellipsoid or the sea.
    pub altitude: Option<AltitudeM>,
    /// Odometer reading.
    pub odometer: Option<OdometerKm>,
    /// Fuel in the tank.
    pub fuel_level: Option<FuelLevelL>,
    /// Ignition on or off, if known.
    pub ignition: Option<bool>,
    /// What the device reported besides.
    pub attributes: Attributes,
    /// The device itself says that it had no fix: the position is stored and marked, and is never the vehicle's place.
    pub is_invalid: bool,
}

impl Position {
    /// A position of which nothing but vehicle, time and place is known.
    pub const fn new(vehicle_id: VehicleId, at: Timestamp, latitude: Latitude, longitude: Longitude) -> Self {
        Self {
            vehicle_id,
            at,
            latitude,
            longitude,
            speed: None,
            heading: None,
            accuracy: None,
            altitude: None,
            odometer: None,
            fuel_level: None,
            ignition: None,
            attributes: Attributes::NONE,
            is_invalid: false,
        }
    }

    /// Refuses a position from the future: more than [`MAX_AHEAD_MS`] after `now`.
    ///
    /// # Errors
    /// [`Invalid`] for `timestamp`.
    pub fn check_time(at: Timestamp, now: Timestamp) -> Result<(), Invalid> {
        if at.ms_since(now) > MAX_AHEAD_MS {
            return Err(Invalid::new("timestamp", "must not be more than 5 minutes ahead of the server's clock"));
        }
        Ok(())
    }
}

//! Measured values with their unit and their range. NaN and the infinities fit none of them.

use crate::Invalid;

macro_rules! measure {
    ($(#[$doc:meta])* $name:ident, $field:literal, $range:expr, $message:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
        pub struct $name(f64);

        impl $name {
            /// The values that are accepted.
            pub const RANGE: std::ops::RangeInclusive<f64> = $range;

            /// # Errors
            /// [`Invalid`] outside the range, NaN and infinities included.
            pub fn new(value: f64) -> Result<Self, Invalid> {
                // `contains` is false for NaN. Adding zero turns -0.0 into 0.0, so that equal values print equally.
                if Self::RANGE.contains(&value) {
                    Ok(Self(value + 0.0))
                } else {
                    Err(Invalid::new($field, $message))
                }
            }

            /// The value in the type's unit.
            pub const fn get(self) -> f64 {
                self.0
            }
        }
    };
}

measure!(
    /// Degrees north of the equator, WGS 84.
    Latitude, "latitude", -90.0..=90.0, "must be a number from -90 to 90"
);
measure!(
    /// Degrees east of Greenwich, WGS 84.
    Longitude, "longitude", -180.0..=180.0, "must be a number from -180 to 180"
);
measure!(
    /// Kilometres an hour over ground.
    SpeedKmh, "speed", 0.0..=1000.0, "must be a number from 0 to 1000 (km/h)"
);
measure!(
    /// Degrees clockwise from true north; 360 is kept as sent.
    HeadingDeg, "heading", 0.0..=360.0, "must be a number from 0 to 360 (degrees)"
);
measure!(
    /// Radius in metres within which the true place lies, as the device claims.
    AccuracyM, "accuracy", 0.0..=f64::MAX, "must be a number from 0 (metres)"
);
measure!(
    /// Metres above the WGS 84 ellipsoid or the sea: devices differ.
    AltitudeM, "altitude", -20_000.0..=100_000.0, "must be a number from -20000 to 100000 (metres)"
);
measure!(
    /// Kilometres on the odometer.
    OdometerKm, "odometer_km", 0.0..=100_000_000.0, "must be a number from 0 to 100000000 (km)"
);
measure!(
    /// Litres in the tank.
    FuelLevelL, "fuel_level_l", 0.0..=1_000_000.0, "must be a number from 0 to 1000000 (litres)"
);
measure!(
    /// Metres from the centre of a circle to its edge.
    RadiusM, "radius_m", 10.0..=100_000.0, "must be a number from 10 to 100000 (metres)"
);
measure!(
    /// Metres from a corridor's line to its edge, on either side.
    WidthM, "width_m", 5.0..=5_000.0, "must be a number from 5 to 5000 (metres)"
);

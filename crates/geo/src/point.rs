//! A place on the Earth's surface.

use milepost_domain::{Invalid, Latitude, Longitude, Position};

/// A place: degrees north and degrees east, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Degrees north of the equator.
    pub latitude: Latitude,
    /// Degrees east of Greenwich.
    pub longitude: Longitude,
}

impl Point {
    /// From valid values.
    pub const fn new(latitude: Latitude, longitude: Longitude) -> Self {
        Self { latitude, longitude }
    }

    /// From plain degrees.
    ///
    /// # Errors
    /// [`Invalid`] for `latitude` outside -90 to 90 or `longitude` outside -180 to 180.
    pub fn from_degrees(latitude: f64, longitude: f64) -> Result<Self, Invalid> {
        Ok(Self { latitude: Latitude::new(latitude)?, longitude: Longitude::new(longitude)? })
    }

    /// From the radians of a formula. A latitude that rounding put beyond a pole becomes the pole; longitudes are wrapped.
    pub(crate) fn from_radians(latitude_rad: f64, longitude_rad: f64) -> Self {
        let latitude_deg = latitude_rad.to_degrees().clamp(-90.0, 90.0);
        Self {
            latitude: Latitude::new(latitude_deg).expect("formulas of finite numbers, clamped to -90..=90"),
            longitude: Longitude::new(wrap_deg(longitude_rad.to_degrees())).expect("wrapped to -180..=180"),
        }
    }

    pub(crate) fn latitude_rad(self) -> f64 {
        self.latitude.get().to_radians()
    }

    pub(crate) fn longitude_rad(self) -> f64 {
        self.longitude.get().to_radians()
    }
}

impl From<&Position> for Point {
    fn from(position: &Position) -> Self {
        Self::new(position.latitude, position.longitude)
    }
}

/// The same longitude in -180..=180. A value in that range is returned unchanged, to the last bit.
pub(crate) fn wrap_deg(degrees: f64) -> f64 {
    if (-180.0..=180.0).contains(&degrees) { degrees } else { (degrees + 180.0).rem_euclid(360.0) - 180.0 }
}

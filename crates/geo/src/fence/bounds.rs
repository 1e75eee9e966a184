//! Boxes of latitudes and longitudes.

use crate::great_circle::EARTH_RADIUS_M;
use crate::{Point, point::wrap_deg};
use milepost_domain::{Invalid, Latitude, Longitude};

/// A box from south to north and from west eastwards. It may cross the antimeridian and may span all longitudes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    pub(crate) south_deg: f64,
    pub(crate) north_deg: f64,
    /// -180 to 180.
    pub(crate) west_deg: f64,
    /// Width eastwards from `west_deg`, 0 to 360; 360 means all longitudes.
    pub(crate) span_deg: f64,
}

impl Bounds {
    /// All places.
    pub const WORLD: Self = Self { south_deg: -90.0, north_deg: 90.0, west_deg: -180.0, span_deg: 360.0 };

    /// From degrees in a fence's frame; `west_deg` may lie beyond the antimeridian.
    pub(crate) fn from_degrees(south_deg: f64, north_deg: f64, west_deg: f64, span_deg: f64) -> Self {
        if span_deg >= 360.0 {
            return Self { south_deg, north_deg, west_deg: -180.0, span_deg: 360.0 };
        }
        Self { south_deg, north_deg, west_deg: wrap_deg(west_deg), span_deg }
    }

    /// From its edges. Its west lies east of its east if it crosses the antimeridian; from -180 to 180 it spans all longitudes.
    ///
    /// # Errors
    /// [`Invalid`] for a south that lies north of its north.
    pub fn of_edges(west: Longitude, south: Latitude, east: Longitude, north: Latitude) -> Result<Self, Invalid> {
        if south.get() > north.get() {
            return Err(Invalid::new("box", "must not have its south north of its north"));
        }
        let span_deg = east.get() - west.get();
        let span_deg = if span_deg < 0.0 { span_deg + 360.0 } else { span_deg };
        Ok(Self::from_degrees(south.get(), north.get(), west.get(), span_deg))
    }

    /// The box of one point; it has no extent.
    pub fn of_point(point: Point) -> Self {
        let (latitude_deg, longitude_deg) = (point.latitude.get(), point.longitude.get());
        Self { south_deg: latitude_deg, north_deg: latitude_deg, west_deg: longitude_deg, span_deg: 0.0 }
    }

    /// The box of the segment between two points, straight in degrees, on the shorter side of the globe.
    pub fn of_segment(from: Point, to: Point) -> Self {
        let (a_deg, b_deg) = (from.latitude.get(), to.latitude.get());
        let step_deg = wrap_deg(to.longitude.get() - from.longitude.get());
        let west = if step_deg < 0.0 { to } else { from };
        Self {
            south_deg: a_deg.min(b_deg),
            north_deg: a_deg.max(b_deg),
            west_deg: west.longitude.get(),
            span_deg: step_deg.abs(),
        }
    }

    /// Its southern edge.
    pub fn south(&self) -> Latitude {
        Latitude::new(self.south_deg).expect("bounds are made of latitudes, held at the poles")
    }

    /// Its northern edge.
    pub fn north(&self) -> Latitude {
        Latitude::new(self.north_deg).expect("bounds are made of latitudes, held at the poles")
    }

    /// Its western edge. Larger than [`Self::east`] if the box crosses the antimeridian (RFC 7946, 5.2).
    pub fn west(&self) -> Longitude {
        Longitude::new(self.west_deg).expect("bounds are wrapped to -180..=180")
    }

    /// Its eastern edge; 180 if the box spans all longitudes.
    pub fn east(&self) -> Longitude {
        Longitude::new(wrap_deg(self.west_deg + self.span_deg)).expect("wrapped to -180..=180")
    }

    /// Does it span all longitudes, as around a pole?
    pub fn is_all_round(&self) -> bool {
        self.span_deg >= 360.0
    }

    /// Does the point lie in it or on its edge? A pole lies in every box that reaches it, whatever its longitude.
    pub fn contains(&self, point: Point) -> bool {
        let (latitude_deg, longitude_deg) = (point.latitude.get(), point.longitude.get());
        let eastwards_deg = longitude_deg - self.west_deg;
        let eastwards_deg = if eastwards_deg < 0.0 { eastwards_deg + 360.0 } else { eastwards_deg };
        (self.south_deg..=self.north_deg).contains(&latitude_deg)
            // Equal to 360: a point on the western edge, written with the other sign of 180°.
            && (eastwards_deg <= self.span_deg || eastwards_deg == 360.0 || latitude_deg.abs() == 90.0)
    }

    /// A box that holds every place within `margin_m` metres of this one, and is hardly larger than necessary. A margin
    /// that is negative or NaN counts as 0.
    pub fn grown(&self, margin_m: f64) -> Self {
        let margin_rad = margin_m.max(0.0) / EARTH_RADIUS_M;
        // A billionth of a degree against rounding.
        let margin_deg = margin_rad.to_degrees() + 1e-9;
        let (south_deg, north_deg) = (self.south_deg - margin_deg, self.north_deg + margin_deg);
        let farthest_deg = north_deg.max(-south_deg);
        // Around a pole all longitudes are near.
        if farthest_deg >= 90.0 {
            return Self::from_degrees(south_deg.max(-90.0), north_deg.min(90.0), -180.0, 360.0);
        }
        // At the latitude farthest from the equator a degree of longitude is the shortest.
        let aside_deg = margin_deg / farthest_deg.to_radians().cos();
        Self::from_degrees(south_deg, north_deg, self.west_deg - aside_deg, self.span_deg + 2.0 * aside_deg)
    }
}

//! The rectangles of degrees that a quadtree divides the world into.

use crate::Point;
use crate::fence::Bounds;
use crate::great_circle::{EARTH_RADIUS_M, distance_m};
use milepost_domain::{Latitude, Longitude};
use std::f64::consts::PI;

/// Against rounding: a tenth of a millimetre in degrees.
const SLACK_DEG: f64 = 1e-9;
/// The same for distances, metres.
const SLACK_M: f64 = 1e-3;

/// A rectangle of degrees. Its edges are exact: they are halves of halves of 180.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    south: f64,
    west: f64,
    height: f64,
    depth: u8,
}

impl Cell {
    /// All places.
    pub(super) const WORLD: Self = Self { south: -90.0, west: -180.0, height: 180.0, depth: 0 };

    pub(super) const fn depth(self) -> u8 {
        self.depth
    }

    fn north(self) -> f64 {
        self.south + self.height
    }

    /// As wide as two heights.
    fn east(self) -> f64 {
        self.west + 2.0 * self.height
    }

    /// The quarter that a place in it belongs to: the northern and the eastern one, where it lies between two.
    pub(super) fn quarter_of(self, place: Point) -> usize {
        let (latitude, longitude) = (place.latitude.get(), place.longitude.get());
        let is_north = latitude >= self.south + self.height / 2.0;
        let is_east = longitude >= self.west + self.height;
        usize::from(is_north) * 2 + usize::from(is_east)
    }

    pub(super) fn child(self, quarter: usize) -> Self {
        let (south, west) = (if quarter >= 2 { 0.5 } else { 0.0 }, if quarter % 2 == 1 { 1.0 } else { 0.0 });
        Self {
            south: self.south + south * self.height,
            west: self.west + west * self.height,
            height: self.height / 2.0,
            depth: self.depth + 1,
        }
    }

    /// Whether places of the index at this place are in this cell and no other one.
    pub(super) fn holds(self, place: Point) -> bool {
        let (latitude, longitude) = (place.latitude.get(), place.longitude.get());
        let is_below = latitude < self.north() || self.north() == 90.0;
        let is_before = longitude < self.east() || self.east() == 180.0;
        latitude >= self.south && longitude >= self.west && is_below && is_before
    }

    /// Whether a place in it may lie in a box.
    pub(super) fn meets(self, bounds: &Bounds) -> bool {
        let (south, north) = (bounds.south_deg - SLACK_DEG, bounds.north_deg + SLACK_DEG);
        if self.south > north || self.north() < south {
            return false;
        }
        // A pole has every longitude.
        let at_pole = (self.north() == 90.0 && north >= 90.0) || (self.south == -90.0 && south <= -90.0);
        let eastwards = (self.west - bounds.west_deg).rem_euclid(360.0);
        let westwards = (bounds.west_deg - self.west).rem_euclid(360.0);
        at_pole
            || eastwards <= bounds.span_deg + SLACK_DEG
            || westwards <= 2.0 * self.height + SLACK_DEG
            // A hair west of its western edge.
            || eastwards >= 360.0 - SLACK_DEG
            || westwards >= 360.0 - SLACK_DEG
    }

    /// Whether all places in it lie in a box.
    pub(super) fn lies_in(self, bounds: &Bounds) -> bool {
        let eastwards = (self.west - bounds.west_deg).rem_euclid(360.0);
        self.south >= bounds.south_deg
            && self.north() <= bounds.north_deg
            && (bounds.is_all_round() || eastwards + 2.0 * self.height <= bounds.span_deg)
    }

    /// Metres from a place to the nearest one in it, or a little less.
    pub(super) fn distance_m(self, from: &Origin) -> f64 {
        let exact_m = self.exact_distance_m(from);
        (exact_m * (1.0 - 1e-9) - SLACK_M).max(0.0)
    }

    fn exact_distance_m(self, from: &Origin) -> f64 {
        let (latitude, longitude) = (from.place.latitude.get(), from.place.longitude.get());
        let (to_west, to_east) = (self.west - longitude, longitude - self.east());
        if to_west <= 0.0 && to_east <= 0.0 {
            let off = (self.south - latitude).max(latitude - self.north()).max(0.0);
            return EARTH_RADIUS_M * off.to_radians();
        }
        // The nearest place lies on the nearer of the two meridians, on either side of the globe.
        let [to_west, to_east] = [to_west, to_east].map(|deg| deg.rem_euclid(360.0));
        let edge = if to_west <= to_east { self.west } else { self.east() };
        let aside = to_west.min(to_east).to_radians();
        // The place on the meridian's great circle that is nearest.
        let nearest = from.sin.atan2(from.cos * aside.cos());
        if aside < PI / 2.0 && (self.south.to_radians()..=self.north().to_radians()).contains(&nearest) {
            return EARTH_RADIUS_M * (from.cos * aside.sin()).clamp(0.0, 1.0).asin();
        }
        let corner = |latitude: f64| match (Latitude::new(latitude), Longitude::new(edge)) {
            (Ok(latitude), Ok(longitude)) => distance_m(from.place, Point::new(latitude, longitude)),
            // The edges of cells are latitudes and longitudes.
            _ => 0.0,
        };
        corner(self.south).min(corner(self.north()))
    }
}

/// A place from which distances are asked for.
pub(super) struct Origin {
    pub(super) place: Point,
    /// Of its latitude.
    sin: f64,
    cos: f64,
}

impl From<Point> for Origin {
    fn from(place: Point) -> Self {
        let (sin, cos) = place.latitude_rad().sin_cos();
        Self { place, sin, cos }
    }
}

//! Geofences: which points lie inside, how far the edge is, and where a segment crosses.
//!
//! Edges of polygons and lines of corridors are straight in degrees of longitude and latitude, as GeoJSON defines (RFC
//! 7946, 3.1.1), and so is the segment between two fixes. Distances are great-circle distances on the sphere of
//! [`EARTH_RADIUS_M`](crate::EARTH_RADIUS_M). An edge takes the shorter side of the globe: if longitudes differ by more
//! than 180°, it crosses the antimeridian.

mod area;
mod borders;
mod bounds;
mod crossings;
mod few;
mod frame;
mod invalid_fence;
mod nearest;
mod outline;
mod ring;
mod simple;
mod stays;
mod surround;

pub use bounds::Bounds;
pub use crossings::{Crossings, Passage};
pub use invalid_fence::InvalidFence;

use crate::Point;
use area::Area;
use surround::{Circle, Corridor};

/// A geofence: a part of the Earth's surface that vehicles enter and leave.
#[derive(Debug, Clone, PartialEq)]
pub struct Fence {
    shape: Shape,
}

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Area(Area),
    Circle(Circle),
    Corridor(Corridor),
}

impl Fence {
    /// The largest number of corners, of all rings together, closing corners included. A fence with more is refused: the
    /// check for crossing edges would take too long.
    pub const MAX_CORNERS: usize = 10_000;

    /// A polygon: its outer ring, then its holes. Rings may be closed (the last corner repeats the first) or not, and
    /// turn either way.
    ///
    /// A ring round a pole, through all 360° of longitude, encloses the pole on its side of the equator. If such a ring
    /// was cut at ±180°, the cut is no edge.
    ///
    /// # Errors
    /// [`InvalidFence`] for more than [`Self::MAX_CORNERS`] corners, fewer than 3 different ones in a ring, a ring of
    /// less than a square metre, edges that cross or lie on each other (they may touch), an edge longer than half the
    /// Earth, a corner at a pole, a ring round a pole that crosses the equator, a hole outside of its ring or inside
    /// another.
    pub fn polygon<R: AsRef<[Point]>>(rings: &[R]) -> Result<Self, InvalidFence> {
        Self::multi_polygon(&[rings])
    }

    /// Several polygons, each with its outer ring first. A border that two polygons share is no edge; a polygon that was
    /// cut at the antimeridian has one (RFC 7946, 3.1.9).
    ///
    /// # Errors
    /// [`InvalidFence`] as for [`Self::polygon`], and for polygons that overlap.
    pub fn multi_polygon<P: AsRef<[R]>, R: AsRef<[Point]>>(polygons: &[P]) -> Result<Self, InvalidFence> {
        Ok(Self { shape: Shape::Area(Area::new(polygons)?) })
    }

    /// Everything within `radius_m` metres of the centre.
    ///
    /// # Errors
    /// [`InvalidFence`] for a radius that is no [`RadiusM`](milepost_domain::RadiusM).
    pub fn circle(centre: Point, radius_m: f64) -> Result<Self, InvalidFence> {
        Ok(Self { shape: Shape::Circle(Circle::new(centre, radius_m)?) })
    }

    /// Everything within `width_m` metres of a line, on either side. The ends are round. The line may cross itself.
    ///
    /// # Errors
    /// [`InvalidFence`] for a width that is no [`WidthM`](milepost_domain::WidthM), more than [`Self::MAX_CORNERS`] corners, fewer
    /// than 2 different ones, an edge longer than half the Earth, a line round the whole Earth, a corner beyond 85° of
    /// latitude.
    pub fn corridor(line: &[Point], width_m: f64) -> Result<Self, InvalidFence> {
        Ok(Self { shape: Shape::Corridor(Corridor::new(line, width_m)?) })
    }

    /// The smallest box around the fence.
    pub fn bounds(&self) -> Bounds {
        match &self.shape {
            Shape::Area(area) => area.bounds(),
            Shape::Circle(circle) => circle.bounds(),
            Shape::Corridor(corridor) => corridor.bounds(),
        }
    }

    /// Does the point lie inside?
    ///
    /// For polygons the even–odd rule decides. A point on a border that two polygons share corner by corner lies in exactly
    /// one of them: in the eastern one, or in the southern one if the border runs along a parallel. The edge of a circle or
    /// corridor lies inside.
    pub fn contains(&self, point: Point) -> bool {
        match &self.shape {
            Shape::Area(area) => area.contains(point),
            Shape::Circle(circle) => circle.contains(point),
            Shape::Corridor(corridor) => corridor.contains(point),
        }
    }

    /// Metres to the nearest place on the edge: negative inside, positive outside.
    ///
    /// Exact to a ten-thousandth. Inside a corridor that bends or crosses itself the edge may be farther away than the
    /// result. If the fence is far, this computes the distance to all edges: [`Self::edge_distance_within_m`] is much
    /// faster then.
    pub fn edge_distance_m(&self, point: Point) -> f64 {
        match &self.shape {
            Shape::Area(area) => area.edge_distance_m(point),
            Shape::Circle(circle) => circle.edge_distance_m(point),
            Shape::Corridor(corridor) => corridor.edge_distance_m(point),
        }
    }

    /// [`Self::edge_distance_m`], clamped to `-limit_m..=limit_m`: enough to know what is near, and on which side of the
    /// edge the point lies. A limit that is negative or NaN counts as 0.
    pub fn edge_distance_within_m(&self, point: Point, limit_m: f64) -> f64 {
        let limit_m = limit_m.max(0.0);
        match &self.shape {
            Shape::Area(area) => area.edge_distance_within_m(point, limit_m),
            Shape::Circle(circle) => circle.edge_distance_m(point).clamp(-limit_m, limit_m),
            Shape::Corridor(corridor) => corridor.edge_distance_within_m(point, limit_m),
        }
    }

    /// The parts of the segment between two points that lie inside, as fractions of the segment in degrees.
    ///
    /// If the segment begins inside, a passage enters at 0; if it ends inside, a passage exits at 1. A segment without
    /// length that lies inside is one passage from 0 to 1. Touching a corner or an edge gives no passage.
    pub fn crossings(&self, from: Point, to: Point) -> Crossings {
        match &self.shape {
            Shape::Area(area) => area.crossings(from, to),
            Shape::Circle(circle) => circle.crossings(from, to),
            Shape::Corridor(corridor) => corridor.crossings(from, to),
        }
    }

    /// Area, square metres; `None` for a corridor, which may cover a place twice. The error is at most 1 %, twice that of
    /// distances (see [`EARTH_RADIUS_M`](crate::EARTH_RADIUS_M)).
    pub fn area_m2(&self) -> Option<f64> {
        match &self.shape {
            Shape::Area(area) => Some(area.area_m2()),
            Shape::Circle(circle) => Some(circle.area_m2()),
            Shape::Corridor(_) => None,
        }
    }
}

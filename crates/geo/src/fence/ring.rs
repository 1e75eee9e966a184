//! One closed ring of a polygon: its corners, turns round a pole and area, checked.

use super::frame::{Corner, Edge, Frame};
use super::invalid_fence::InvalidFence;
use crate::Point;
use crate::great_circle::EARTH_RADIUS_M;
use std::f64::consts::PI;

/// Smallest area of a ring, square metres.
const SMALLEST_AREA_M2: f64 = 1.0;

/// A ring without repeated corners and with continuous longitudes.
pub(super) struct Outlined {
    corners: Vec<Corner>,
    /// Number of turns eastwards round the Earth's axis: -1 or 1 for a ring round a pole, else 0.
    turns: i32,
    /// Square metres.
    area_m2: f64,
}

/// A ring in a fence's frame.
pub(super) struct Ring {
    /// In order, with the inside on their left.
    pub(super) edges: Vec<Edge>,
    /// Does the South Pole lie inside?
    pub(super) holds_south_pole: bool,
    pub(super) area_m2: f64,
    /// A place inside.
    pub(super) inner: Corner,
}

/// Corners with continuous longitudes, beyond ±180° if need be: a step of more than 180° crosses the antimeridian.
///
/// Repeated corners are dropped; 180° west and 180° east are the same.
pub(super) fn continuous(points: &[Point]) -> Result<Vec<Corner>, InvalidFence> {
    let mut corners: Vec<Corner> = Vec::with_capacity(points.len());
    let mut turns_deg = 0.0;
    for &point in points {
        let (longitude_deg, y) = (point.longitude.get(), point.latitude.get());
        if y.abs() == 90.0 {
            return Err(InvalidFence::geometry_at("must not have a corner at a pole", point));
        }
        let mut x = longitude_deg + turns_deg;
        if let Some(last) = corners.last() {
            let back_deg = if x - last.x > 180.0 { -360.0 } else { 0.0 };
            let on_deg = if x - last.x < -180.0 { 360.0 } else { 0.0 };
            turns_deg += back_deg + on_deg;
            x = longitude_deg + turns_deg;
            if *last == (Corner { x, y }) {
                continue;
            }
            check_length(Edge { a: *last, b: Corner { x, y } })?;
        }
        corners.push(Corner { x, y });
    }
    Ok(corners)
}

fn check_length(Edge { a, b }: Edge) -> Result<(), InvalidFence> {
    let nearest_equator_deg = if a.y * b.y < 0.0 { 0.0 } else { a.y.abs().min(b.y.abs()) };
    let longest_deg = ((b.x - a.x) * nearest_equator_deg.to_radians().cos()).hypot(b.y - a.y);
    if longest_deg > 180.0 {
        return Err(InvalidFence::geometry_at("must not have an edge longer than half the Earth", a.point()));
    }
    Ok(())
}

/// Western end and width of the corners, degrees.
pub(super) fn arc(corners: &[Corner]) -> (f64, f64) {
    let (west, east) = corners
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(west, east), corner| (corner.x.min(west), corner.x.max(east)));
    (west, east - west)
}

impl Outlined {
    pub(super) fn new(points: &[Point]) -> Result<Self, InvalidFence> {
        let mut corners = continuous(points)?;
        let Some(&first) = corners.first() else {
            return Err(InvalidFence::geometry("must have at least 3 different corners in each ring"));
        };
        let last = corners[corners.len() - 1];
        // If the last step is longer than 180°, it crosses the antimeridian, like any other.
        let to_go_deg = first.x - last.x;
        let turns = -(to_go_deg / 360.0).round() as i32;
        let close = first.moved(360.0 * f64::from(turns));
        // A last step of exactly 180° does not cross it.
        let (turns, close) = if turns != 0 && to_go_deg.abs() == 180.0 { (0, first) } else { (turns, close) };
        if close == last && corners.len() > 1 {
            corners.pop();
        } else {
            check_length(Edge { a: last, b: close })?;
        }
        let place = first.point();
        if turns == 0 && different(&corners) < 3 || corners.len() < 3 {
            return Err(InvalidFence::geometry_at("must have at least 3 different corners in each ring", place));
        }
        let ring = Self { corners, turns, area_m2: 0.0 };
        ring.check_turns(place)?;
        let area_m2 = ring.enclosed_m2();
        if area_m2 < SMALLEST_AREA_M2 {
            return Err(InvalidFence::geometry_at("must enclose at least a square metre with each ring", place));
        }
        Ok(Self { area_m2, ..ring })
    }

    fn check_turns(&self, place: Point) -> Result<(), InvalidFence> {
        let (_, span_deg) = arc(&self.corners);
        match self.turns {
            0 if span_deg <= 360.0 => Ok(()),
            0 => Err(InvalidFence::geometry_at("must span at most 360 degrees of longitude", place)),
            -1 | 1 => {
                // The side of the equator alone decides which pole is inside.
                let is_north = self.corners[0].y > 0.0;
                if self.corners.iter().any(|corner| corner.y == 0.0 || (corner.y > 0.0) != is_north) {
                    let message = "must stay on one side of the equator with a ring that goes round a pole";
                    return Err(InvalidFence::geometry_at(message, place));
                }
                Ok(())
            }
            _ => Err(InvalidFence::geometry_at("must go round a pole only once", place)),
        }
    }

    /// Western end and width, degrees; all longitudes for a ring round a pole.
    pub(super) fn arc(&self) -> (f64, f64) {
        if self.turns == 0 { arc(&self.corners) } else { (-180.0, 360.0) }
    }

    fn edges(&self) -> impl Iterator<Item = Edge> + '_ {
        let close = self.corners[0].moved(360.0 * f64::from(self.turns));
        let ends = self.corners[1..].iter().copied().chain([close]);
        self.corners.iter().zip(ends).map(|(&a, b)| Edge { a, b })
    }

    /// R² ∮ sin φ dλ, the area between the ring and the equator. On an edge that is straight in degrees the integral is
    /// Δλ · sin φₘ · sin h / h, with φₘ the middle latitude and h half the difference of latitudes, radians.
    fn enclosed_m2(&self) -> f64 {
        // Measured from a latitude near the ring instead of the equator, so that small rings keep their precision.
        let base = if self.turns == 0 { self.corners[0].y.to_radians().sin() } else { 0.0 };
        let between: f64 = self
            .edges()
            .map(|Edge { a, b }| {
                let half_rad = ((b.y - a.y) / 2.0).to_radians();
                let shrink = if half_rad == 0.0 { 1.0 } else { half_rad.sin() / half_rad };
                let mean = ((a.y + b.y) / 2.0).to_radians().sin() * shrink;
                (b.x - a.x).to_radians() * (mean - base)
            })
            .sum();
        let steradians = if self.turns == 0 { between.abs() } else { 2.0 * PI - between.abs() };
        steradians * EARTH_RADIUS_M * EARTH_RADIUS_M
    }

    /// Places the ring in a frame, with the inside on the left of its edges.
    pub(super) fn place(&self, frame: Frame) -> Ring {
        let holds_south_pole = self.turns != 0 && self.corners[0].y < 0.0;
        let is_left_inside = match self.turns {
            0 => {
                self.edges().map(|Edge { a, b }| (b.x - a.x) * (a.y + b.y - 2.0 * self.corners[0].y)).sum::<f64>() < 0.0
            }
            turns => (turns > 0) != holds_south_pole,
        };
        let mut edges = Vec::with_capacity(self.corners.len() + 1);
        for edge in self.edges() {
            frame.place(edge, &mut edges);
        }
        if !is_left_inside {
            edges.reverse();
            edges.iter_mut().for_each(|edge| std::mem::swap(&mut edge.a, &mut edge.b));
        }
        let inner = inner(&edges, holds_south_pole);
        Ring { edges, holds_south_pole, area_m2: self.area_m2, inner }
    }
}

impl Ring {
    /// Even–odd rule, with the edges that lie south of the place.
    pub(super) fn contains(&self, place: Corner) -> bool {
        self.edges.iter().fold(self.holds_south_pole, |inside, &edge| inside != is_north_of(place, edge))
    }

    pub(super) fn place(&self) -> Point {
        self.edges[0].a.point()
    }
}

/// Does the place's meridian meet the edge south of the place?
///
/// The western end belongs to the edge, the eastern end does not, and a place on the edge counts as south of it. The edge
/// is always taken from west to east, so that the fences on both sides of it get the same answer.
pub(super) fn is_north_of(place: Corner, Edge { a, b }: Edge) -> bool {
    if (a.x <= place.x) == (b.x <= place.x) {
        return false;
    }
    let (west, east) = if a.x < b.x { (a, b) } else { (b, a) };
    (east.x - west.x) * (place.y - west.y) > (east.y - west.y) * (place.x - west.x)
}

fn different(corners: &[Corner]) -> usize {
    let mut found: Vec<Corner> = Vec::with_capacity(3);
    for corner in corners {
        if found.len() < 3 && !found.contains(corner) {
            found.push(*corner);
        }
    }
    found.len()
}

/// A place inside the ring. Its meridian lies in the middle of the widest gap between the longitudes of corners; on that
/// meridian it is the middle of the longest stretch inside.
fn inner(edges: &[Edge], holds_south_pole: bool) -> Corner {
    let mut xs: Vec<f64> = edges.iter().flat_map(|edge| [edge.a.x, edge.b.x]).collect();
    xs.sort_unstable_by(f64::total_cmp);
    let (_, x) = xs.windows(2).fold((0.0, xs[0]), |(widest, x), pair| {
        if pair[1] - pair[0] > widest { (pair[1] - pair[0], (pair[0] + pair[1]) / 2.0) } else { (widest, x) }
    });
    let mut ys: Vec<f64> = edges
        .iter()
        .filter(|edge| (edge.a.x <= x) != (edge.b.x <= x))
        .map(|edge| edge.a.towards(edge.b, (x - edge.a.x) / (edge.b.x - edge.a.x)).y)
        .chain(holds_south_pole.then_some(-90.0))
        .collect();
    if ys.len() % 2 == 1 {
        ys.push(90.0);
    }
    ys.sort_unstable_by(f64::total_cmp);
    let (_, y) = ys.chunks_exact(2).fold((-1.0, 0.0), |(widest, y), pair| {
        if pair[1] - pair[0] > widest { (pair[1] - pair[0], (pair[0] + pair[1]) / 2.0) } else { (widest, y) }
    });
    Corner { x, y }
}

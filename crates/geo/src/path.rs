//! Paths of great-circle segments: their length, places along them, and the nearest place.

use crate::great_circle::{EARTH_RADIUS_M, angle_rad, bearing_rad};
use crate::{Point, distance_m, initial_bearing, interpolate};
use milepost_domain::HeadingDeg;

/// Segments that are passed over together where a path is far away.
const STRETCH: usize = 16;

/// Where a point is nearest to a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Nearest {
    /// From the point to the line, metres.
    pub distance_m: f64,
    /// From the line's start to the nearest place on it, metres.
    pub along_m: f64,
}

/// A place on a path, and the path's direction there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PathPoint {
    /// The place.
    pub point: Point,
    /// Direction of the path there, from start to end.
    pub heading: HeadingDeg,
}

/// Metres from `point` to the nearest place on the great-circle segment from `start` to `end`.
pub fn segment_distance_m(point: Point, start: Point, end: Point) -> f64 {
    nearest_on_segment(point, start, end).distance_m
}

/// Where the great-circle segment from `start` to `end` is nearest to `point`.
///
/// Cross-track and along-track distance (E. Williams, "Aviation Formulary"). The latter is computed from its tangent: its
/// sign shows whether the point lies behind the start or ahead of it.
pub fn nearest_on_segment(point: Point, start: Point, end: Point) -> Nearest {
    let to_point = angle_rad(start, point);
    let length = angle_rad(start, end);
    let at_start = Nearest { distance_m: EARTH_RADIUS_M * to_point, along_m: 0.0 };
    // Between antipodes the segment goes north first, as in `interpolate`. If the point is the start or its antipode, the
    // direction does not matter.
    let (way, aim) = (bearing_rad(start, end).unwrap_or(0.0), bearing_rad(start, point).unwrap_or(0.0));
    let along = (to_point.sin() * (aim - way).cos()).atan2(to_point.cos());
    if along >= 0.0 && along <= length {
        let across = (to_point.sin() * (aim - way).sin()).clamp(-1.0, 1.0).asin().abs();
        return Nearest { distance_m: EARTH_RADIUS_M * across, along_m: EARTH_RADIUS_M * along };
    }
    // Outside of the segment the nearer end is the nearest place. On a globe the sign of `along` does not show which.
    let at_end = distance_m(point, end);
    if at_end < at_start.distance_m {
        Nearest { distance_m: at_end, along_m: EARTH_RADIUS_M * length }
    } else {
        at_start
    }
}

/// Metres along all segments of `points`; 0 for fewer than two.
pub fn length_m(points: &[Point]) -> f64 {
    points.windows(2).map(|pair| distance_m(pair[0], pair[1])).sum()
}

/// A line of at least two different points, with the distance of each from the start.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    points: Vec<Point>,
    /// Metres from the start to each point, strictly increasing.
    along_m: Vec<f64>,
}

impl Path {
    /// From points in order, without repeated ones. `None` if fewer than two different points remain.
    pub fn new(points: impl IntoIterator<Item = Point>) -> Option<Self> {
        let mut path = Self { points: Vec::new(), along_m: Vec::new() };
        let mut length_m = 0.0;
        for point in points {
            if let Some(&last) = path.points.last() {
                let step_m = distance_m(last, point);
                // A step that is too small to change the sum would give a segment without length or direction.
                if length_m + step_m <= length_m || initial_bearing(last, point).is_none() {
                    continue;
                }
                length_m += step_m;
            }
            path.points.push(point);
            path.along_m.push(length_m);
        }
        (path.points.len() >= 2).then_some(path)
    }

    /// Its points, in order.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Metres from start to end; above 0.
    pub fn length_m(&self) -> f64 {
        *self.along_m.last().expect("a path has at least two points")
    }

    /// The place `metres` along the path and the direction there. Beyond an end, that end; NaN counts as the start.
    pub fn along(&self, metres: f64) -> PathPoint {
        let metres = if metres.is_nan() { 0.0 } else { metres };
        // The first point beyond, clamped so that there is a segment before it.
        let beyond = self.along_m.partition_point(|&at| at <= metres).clamp(1, self.points.len() - 1);
        let (start, end) = (self.points[beyond - 1], self.points[beyond]);
        let (start_m, end_m) = (self.along_m[beyond - 1], self.along_m[beyond]);
        let point = interpolate(start, end, (metres - start_m) / (end_m - start_m));
        // Near the end of the segment the rest is too short for a direction, so the direction from the start is reversed.
        let heading = if metres - start_m < end_m - metres {
            initial_bearing(point, end)
        } else {
            initial_bearing(point, start).map(opposite)
        };
        PathPoint { point, heading: heading.expect("the farther end of a segment with length is another point") }
    }

    /// Each time that the path passes `point` within `limit_m`: the nearest place of each pass, in order. A path that comes back has
    /// several.
    pub fn passes(&self, point: Point, limit_m: f64) -> Vec<Nearest> {
        let mut passes = Vec::new();
        let mut best: Option<Nearest> = None;
        for first in (0..self.points.len() - 1).step_by(STRETCH) {
            let last = (first + STRETCH).min(self.points.len() - 1);
            if self.is_far(point, first, last, limit_m) {
                passes.extend(best.take());
                continue;
            }
            for index in first..last {
                let found = nearest_on_segment(point, self.points[index], self.points[index + 1]);
                if found.distance_m > limit_m {
                    passes.extend(best.take());
                } else if best.is_none_or(|best| found.distance_m < best.distance_m) {
                    best = Some(Nearest { distance_m: found.distance_m, along_m: self.along_m[index] + found.along_m });
                }
            }
        }
        passes.extend(best);
        passes
    }

    /// Whether no place from one point of the path to another is within `limit_m` of `point`, as far as that can be told cheaply: none
    /// of them is farther from the point in the middle than the path is long up to the ends.
    fn is_far(&self, point: Point, first: usize, last: usize, limit_m: f64) -> bool {
        let middle = first.midpoint(last);
        let at_m = self.along_m[middle];
        let reach_m = limit_m + (at_m - self.along_m[first]).max(self.along_m[last] - at_m);
        let north_m = (point.latitude.get() - self.points[middle].latitude.get()).abs().to_radians() * EARTH_RADIUS_M;
        north_m > reach_m || distance_m(point, self.points[middle]) > reach_m
    }

    /// Where the part from `from_m` to `to_m` along the path is nearest to `point`.
    pub fn nearest_between(&self, point: Point, from_m: f64, to_m: f64) -> Nearest {
        let mut best = Nearest { distance_m: f64::INFINITY, along_m: from_m };
        let first = self.along_m.partition_point(|&at| at <= from_m).saturating_sub(1);
        for index in first..self.points.len() - 1 {
            if self.along_m[index] > to_m {
                break;
            }
            let found = nearest_on_segment(point, self.points[index], self.points[index + 1]);
            let along_m = (self.along_m[index] + found.along_m).max(from_m);
            if found.distance_m < best.distance_m {
                best = Nearest { distance_m: found.distance_m, along_m };
            }
        }
        best
    }

    /// Where the path is nearest to `point`; the first such place if there are several. Computes the distance to every
    /// segment.
    pub fn nearest(&self, point: Point) -> Nearest {
        let mut best = Nearest { distance_m: f64::INFINITY, along_m: 0.0 };
        for (index, pair) in self.points.windows(2).enumerate() {
            let found = nearest_on_segment(point, pair[0], pair[1]);
            if found.distance_m < best.distance_m {
                best = Nearest { distance_m: found.distance_m, along_m: self.along_m[index] + found.along_m };
            }
        }
        best
    }
}

fn opposite(heading: HeadingDeg) -> HeadingDeg {
    HeadingDeg::new((heading.get() + 180.0) % 360.0).expect("the remainder is within 0..360")
}

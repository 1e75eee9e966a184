//! Distance to an outline: near places by a formula without sines, far ones by bisection.

use super::frame::{Corner, Edge};
use super::outline::{Extent, Outline};
use crate::great_circle::{EARTH_RADIUS_M, angle_rad};

/// Length of one degree along a meridian, metres.
const DEGREE_M: f64 = EARTH_RADIUS_M * std::f64::consts::PI / 180.0;

/// A place from which distances are measured, with sine and cosine of its latitude.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Viewpoint {
    place: Corner,
    sine: f64,
    cosine: f64,
}

impl Viewpoint {
    pub(super) fn new(place: Corner) -> Self {
        let (sine, cosine) = place.y.to_radians().sin_cos();
        Self { place, sine, cosine }
    }

    fn moved(self, east_deg: f64) -> Self {
        Self { place: self.place.moved(east_deg), ..self }
    }

    /// Is the quick formula exact to a ten-thousandth up to `limit_m` from here? Not near a pole, and not for long distances.
    pub(super) fn is_near(self, limit_m: f64) -> bool {
        let limit_rad = limit_m / EARTH_RADIUS_M;
        limit_rad * (self.cosine + self.sine.abs()) <= 0.02 * self.cosine
    }

    /// A lower bound of the cosine of latitude within `limit_deg` of here, for limits that are [`Self::is_near`].
    fn least_cosine(self, limit_deg: f64) -> f64 {
        // cos(|φ| + δ) >= cos φ (1 - δ²/2) - sin |φ| δ.
        let limit_rad = limit_deg.to_radians();
        self.cosine * (1.0 - limit_rad * limit_rad / 2.0) - self.sine.abs() * limit_rad
    }

    /// Squared distance, in degrees of a great circle, to a near place that lies this many degrees east and north.
    ///
    /// The haversine formula for small angles, d² = Δφ² + cos φ₁ cos φ₂ Δλ², with cos φ₂ as a series around φ₁.
    fn square_deg(self, east_deg: f64, north_deg: f64) -> f64 {
        let north_rad = north_deg.to_radians();
        let there = self.cosine - north_rad * (self.sine + north_rad * 0.5 * self.cosine);
        north_deg * north_deg + self.cosine * there * east_deg * east_deg
    }

    /// Squared distance to the nearest place of an edge, found in a plane with the scale of this latitude.
    fn edge_square_deg(self, a: Corner, b: Corner) -> f64 {
        let (a_east, a_north) = (a.x - self.place.x, a.y - self.place.y);
        let (east, north) = (b.x - a.x, b.y - a.y);
        let scale = self.cosine * self.cosine;
        let length2 = scale * east * east + north * north;
        let fraction = (-(scale * a_east * east + a_north * north) / length2).clamp(0.0, 1.0);
        self.square_deg(a_east + fraction * east, a_north + fraction * north)
    }

    /// Distance to any place of the frame, metres, exact to a millionth.
    pub(super) fn distance_m(self, to: Corner) -> f64 {
        /// Up to here the first omitted term of the series is less than a millionth, degrees.
        const SERIES_DEG: f64 = 0.1;
        let (east_deg, north_deg) = (to.x - self.place.x, to.y - self.place.y);
        let is_near = east_deg.abs().max(north_deg.abs()) <= SERIES_DEG && self.cosine > 0.01;
        if is_near { self.square_deg(east_deg, north_deg).sqrt() * DEGREE_M } else { distance_m(self.place, to) }
    }

    /// Distance to a near edge, metres.
    pub(super) fn edge_m(self, edge: Edge) -> f64 {
        self.edge_square_deg(edge.a, edge.b).sqrt() * DEGREE_M
    }

    /// A lower bound of the squared distance to a box, in degrees.
    fn extent_square_deg(self, extent: &Extent, least_cosine: f64) -> f64 {
        let (east_deg, north_deg) = extent.aside(self.place);
        let east_deg = east_deg * least_cosine;
        east_deg * east_deg + north_deg * north_deg
    }
}

/// Distance to the nearest edge, metres, if less than `limit_m`, which must be [`Viewpoint::is_near`].
pub(super) fn near_m(outline: &Outline, from: Viewpoint, limit_m: f64) -> Option<f64> {
    let limit_deg = limit_m / DEGREE_M;
    let least_cosine = from.least_cosine(limit_deg);
    let mut best = limit_deg * limit_deg;
    let limit = best;
    for turn_deg in Outline::TURNS_DEG {
        let from = from.moved(turn_deg);
        if from.extent_square_deg(&outline.extent(), least_cosine) >= best {
            continue;
        }
        for (extent, corners) in outline.runs() {
            if from.extent_square_deg(extent, least_cosine) < best {
                let nearest = |best: f64, pair: &[Corner]| best.min(from.edge_square_deg(pair[0], pair[1]));
                best = corners.windows(2).fold(best, nearest);
            }
        }
    }
    (best < limit).then(|| best.sqrt() * DEGREE_M)
}

/// Distance to the nearest edge, metres, near or far.
pub(super) fn far_m(outline: &Outline, from: Corner) -> f64 {
    // The nearest of some corners is an upper bound that excludes most runs.
    let first_m = outline.runs().map(|(_, corners)| distance_m(from, corners[0])).fold(f64::INFINITY, f64::min);
    outline.runs().fold(first_m, |best_m, (extent, corners)| {
        let reach_m = longest_m(extent.east - extent.west, extent.south, extent.north) / 2.0;
        if distance_m(from, extent.centre()) - reach_m >= best_m {
            return best_m;
        }
        corners.windows(2).fold(best_m, |best_m, pair| nearer_m(from, Edge { a: pair[0], b: pair[1] }, best_m))
    })
}

/// The smaller of `best_m` and the distance to the edge, metres.
fn nearer_m(from: Corner, edge: Edge, best_m: f64) -> f64 {
    /// Along a piece up to this long the distance has one minimum, degrees.
    const PIECE_DEG: f64 = 1.0;
    let Edge { a, b } = edge;
    let middle = a.towards(b, 0.5);
    let to_middle_m = distance_m(from, middle);
    if to_middle_m - edge_m(edge) / 2.0 >= best_m {
        return best_m;
    }
    if (b.x - a.x).abs().max((b.y - a.y).abs()) > PIECE_DEG {
        let best_m = nearer_m(from, Edge { a, b: middle }, best_m.min(to_middle_m));
        return nearer_m(from, Edge { a: middle, b }, best_m);
    }
    let (_, lowest_m) = lowest(|fraction| distance_m(from, a.towards(b, fraction)), |_, _| false);
    best_m.min(lowest_m)
}

/// Where in 0..=1 a function with one minimum has it, and its value there: golden-section search (J. Kiefer, 1953), to a
/// millionth. `is_enough(lowest, width)` ends the search early.
pub(super) fn lowest(value: impl Fn(f64) -> f64, is_enough: impl Fn(f64, f64) -> bool) -> (f64, f64) {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let at = |fraction: f64| (fraction, value(fraction));
    let less = |a: (f64, f64), b: (f64, f64)| if b.1 < a.1 { b } else { a };
    let (mut start, mut end) = (0.0, 1.0);
    let mut best = less(at(start), at(end));
    let (mut left, mut right) = (at(1.0 - GOLDEN), at(GOLDEN));
    while end - start > 1e-6 {
        best = less(best, less(left, right));
        if is_enough(best.1, end - start) {
            break;
        }
        if left.1 <= right.1 {
            end = right.0;
            right = left;
            left = at(end - GOLDEN * (end - start));
        } else {
            start = left.0;
            left = right;
            right = at(start + GOLDEN * (end - start));
        }
    }
    less(best, less(left, right))
}

/// Great-circle distance between two places of one frame, metres.
fn distance_m(from: Corner, to: Corner) -> f64 {
    EARTH_RADIUS_M * angle_rad(from.point(), to.point())
}

/// An upper bound of the length of an edge, metres: its length at the latitude where parallels are longest.
pub(super) fn edge_m(Edge { a, b }: Edge) -> f64 {
    longest_m(b.x - a.x, a.y.min(b.y), a.y.max(b.y))
}

fn longest_m(east_deg: f64, south_deg: f64, north_deg: f64) -> f64 {
    let nearest_equator_deg = south_deg.max(-north_deg).max(0.0);
    (east_deg * nearest_equator_deg.to_radians().cos()).hypot(north_deg - south_deg) * DEGREE_M
}

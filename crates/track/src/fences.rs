//! What the fold asks of geofences. Which vehicles and hours a fence is for is known to whoever stands behind the
//! trait.

use milepost_domain::Timestamp;
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// A fence's number, unique within its tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FenceId(pub u64);

/// The fences of one vehicle.
pub trait Fences {
    /// Calls `visit` once for each fence that may lie within `margin_m` metres of `to`, or of the straight way from
    /// `from` to `to`. Others may be among them; none may be missing.
    fn near(&self, from: Option<Point>, to: Point, margin_m: f64, visit: &mut dyn FnMut(FenceId));

    /// Metres from the fence's edge: negative inside, positive outside. Beyond `limit_m` either way anything beyond it
    /// will do.
    fn edge_distance_m(&self, fence: FenceId, point: Point, limit_m: f64) -> f64;

    /// Calls `visit` with the parts of the straight way that lie inside: where they begin and end, as fractions
    /// (0 to 1) of the way, in order.
    fn crossings(&self, fence: FenceId, from: Point, to: Point, visit: &mut dyn FnMut(f64, f64));

    /// After so long inside a visit is told once more, milliseconds.
    fn dwell_ms(&self, fence: FenceId) -> Option<i64>;

    /// The speed limit inside, km/h, if the fence has one and is in force at this time.
    fn speed_limit_kmh(&self, fence: FenceId, at: Timestamp) -> Option<f64>;
}

/// No fences at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFences;

impl Fences for NoFences {
    fn near(&self, _: Option<Point>, _: Point, _: f64, _: &mut dyn FnMut(FenceId)) {}

    fn edge_distance_m(&self, _: FenceId, _: Point, _: f64) -> f64 {
        f64::INFINITY
    }

    fn crossings(&self, _: FenceId, _: Point, _: Point, _: &mut dyn FnMut(f64, f64)) {}

    fn dwell_ms(&self, _: FenceId) -> Option<i64> {
        None
    }

    fn speed_limit_kmh(&self, _: FenceId, _: Timestamp) -> Option<f64> {
        None
    }
}

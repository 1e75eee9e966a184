//! What the fold asks of geofences. The implementation of the trait knows which vehicles and hours a fence is for.

use milepost_domain::Timestamp;
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// A fence's number, unique within its tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FenceId(pub u64);

/// The fences of one vehicle.
pub trait Fences {
    /// Calls `visit` once for each fence that may lie within `margin_m` metres of `to`, or of the straight line from
    /// `from` to `to`. It may call it for others too, but must leave none out.
    fn near(&self, from: Option<Point>, to: Point, margin_m: f64, visit: &mut dyn FnMut(FenceId));

    /// Metres from the fence's edge: negative inside, positive outside. Exact up to `limit_m`; farther away, any value
    /// that is not nearer than `limit_m`, with the right sign.
    fn edge_distance_m(&self, fence: FenceId, point: Point, limit_m: f64) -> f64;

    /// Calls `visit` with each part of the straight line that lies inside: where it begins and ends, as fractions
    /// (0 to 1) of the line, in order.
    fn crossings(&self, fence: FenceId, from: Point, to: Point, visit: &mut dyn FnMut(f64, f64));

    /// The fence's dwell time, milliseconds: a visit that lasts this long gives a fact of its own.
    fn dwell_ms(&self, fence: FenceId) -> Option<i64>;

    /// The speed limit inside, km/h, if the fence has one and is in force at this time.
    fn speed_limit_kmh(&self, fence: FenceId, at: Timestamp) -> Option<f64>;
}

/// An empty set of fences.
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

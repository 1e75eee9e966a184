//! Where the stops of a trip lie along its way.

use milepost_geo::{Path, Point, distance_m};

/// A stop may lie beside the way as far as this; its place along it is sought this much beyond the straight distance.
const SLACK_M: f64 = 500.0;
/// The way between two stops may be this many times as long as the straight line.
const DETOUR: f64 = 3.0;

/// Metres along the path for each stop, never decreasing: each is sought between the stop before and as far as the way to it can be.
/// The nearest place at all would be wrong where a way comes back on itself.
pub(crate) fn stops_along(path: &Path, stops: &[Point]) -> Vec<f64> {
    let mut along = Vec::with_capacity(stops.len());
    let mut last = None::<(Point, f64)>;
    for &stop in stops {
        let at = match last {
            // A way that ends where it began passes its first stop twice.
            None => path.passes(stop, SLACK_M).first().map_or(0.0, |pass| pass.along_m),
            Some((before, at)) => {
                path.nearest_between(stop, at, at + DETOUR * distance_m(before, stop) + SLACK_M).along_m
            }
        };
        last = Some((stop, at));
        along.push(at);
    }
    along
}

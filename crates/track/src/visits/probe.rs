//! The check of one place, and of the line to it, against one fence.

use crate::saved::{point, time};
use crate::{FenceId, Fences, Visit};
use milepost_domain::Timestamp;
use milepost_geo::{Point, interpolate};
use serde::{Deserialize, Serialize};

/// A place to check, and the straight line to it if the vehicle drove there.
pub(super) struct Probe<'a, F> {
    /// Where the line begins, and when the vehicle was there.
    pub(super) from: Option<(Timestamp, Point)>,
    pub(super) at: Timestamp,
    pub(super) point: Point,
    pub(super) margin_m: f64,
    /// Two such probes in a row on the same side are certain. False for the mean of a stay point.
    pub(super) is_fix: bool,
    pub(super) fences: &'a F,
}

/// A crossing of the edge that the next fix will confirm or refute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PossibleCrossing {
    pub(super) fence: FenceId,
    #[serde(with = "time")]
    pub(super) at: Timestamp,
    #[serde(with = "point")]
    pub(super) point: Point,
}

/// Whether a vehicle entered a fence that it was not inside before.
pub(super) enum Entry {
    /// It entered. If it has already left again, the visit is over.
    Certain(Visit),
    /// It may have entered; the next fix decides.
    Possible(PossibleCrossing),
    /// It did not enter.
    None,
}

impl<F: Fences> Probe<'_, F> {
    pub(super) fn enter(&self, fence: FenceId, edge_m: f64, before: Option<&PossibleCrossing>) -> Entry {
        let part = self.part_inside(fence);
        let inside = edge_m < 0.0;
        if !inside && part.is_none() {
            return Entry::None;
        }
        let (begin, end) = part.unwrap_or((1.0, 1.0));
        let depth_m = part.map_or(f64::NEG_INFINITY, |_| self.depth_m(fence, f64::midpoint(begin, end)));
        let certain = depth_m.max(-edge_m) >= self.margin_m || inside && self.is_fix && before.is_some();
        let (at, point) = before.map_or_else(|| self.place(begin), |before| (before.at, before.point));
        if certain {
            let (left_at, left) = if inside { (None, None) } else { some_pair(self.place(end)) };
            let (entered_at, entered) = (at, point);
            return Entry::Certain(Visit {
                fence,
                entered_at,
                entered,
                left_at,
                left,
                dwelt: false,
                max_speed_kmh: 0.0,
            });
        }
        if inside && self.is_fix { Entry::Possible(PossibleCrossing { fence, at, point }) } else { Entry::None }
    }

    /// Where the line first enters and last leaves the fence, as fractions of the line.
    pub(super) fn part_inside(&self, fence: FenceId) -> Option<(f64, f64)> {
        let (_, from) = self.from?;
        let mut part: Option<(f64, f64)> = None;
        self.fences.crossings(fence, from, self.point, &mut |begin, end| {
            part = Some((part.map_or(begin, |(first, _)| first), end));
        });
        part
    }

    /// When the vehicle was at a fraction of the line, and where that is.
    pub(super) fn place(&self, fraction: f64) -> (Timestamp, Point) {
        match self.from {
            Some((at, from)) if fraction < 1.0 => {
                let ms = (self.at.ms_since(at) as f64 * fraction).round() as i64;
                (at.plus_ms(ms), interpolate(from, self.point, fraction))
            }
            _ => (self.at, self.point),
        }
    }

    /// How deep inside the fence a fraction of the line is, metres.
    fn depth_m(&self, fence: FenceId, fraction: f64) -> f64 {
        -self.fences.edge_distance_m(fence, self.place(fraction).1, self.margin_m)
    }
}

fn some_pair<A, B>((a, b): (A, B)) -> (Option<A>, Option<B>) {
    (Some(a), Some(b))
}

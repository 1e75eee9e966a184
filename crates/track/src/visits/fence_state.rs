//! Whether a vehicle is inside one fence, followed along its path.
//!
//! The edge divides the path into stretches, inside and outside in turns. A stretch counts once it is certain, by its depth
//! or by a second fix. Until then it is kept as possible. A stretch that ends before counts if it led farther than a touch.

use super::probe::Probe;
use crate::saved::{point, time};
use crate::{FenceId, Fences, TrackFact, Visit};
use milepost_domain::Timestamp;
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// A crossing of the edge that is not certain yet: the next fix will confirm or refute it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct PossibleCrossing {
    pub(super) fence: FenceId,
    #[serde(with = "time")]
    pub(super) at: Timestamp,
    #[serde(with = "point")]
    pub(super) point: Point,
    /// How far from the edge the path has led since, metres. Absent in states that were saved before it was kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) depth_m: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(depth_m: &f64) -> bool {
    *depth_m == 0.0
}

/// A fact with its time and its fence.
pub(super) type Found = (Timestamp, FenceId, TrackFact);

/// What is known of a vehicle and a fence.
#[derive(Debug, Clone, Copy)]
pub(super) struct FenceState {
    pub(super) fence: FenceId,
    /// The visit under way; `None` if it is certain that the vehicle is outside.
    pub(super) visit: Option<Visit>,
    /// Where the vehicle crossed the edge, if its last place lies on the other side, but that is not certain.
    pub(super) possible: Option<PossibleCrossing>,
}

impl FenceState {
    /// On which side the last place lies.
    const fn was_inside(&self) -> bool {
        self.visit.is_some() != self.possible.is_some()
    }

    /// Follows the line of a probe to its place, which lies `edge_m` from the edge.
    pub(super) fn follow<F: Fences>(&mut self, probe: &Probe<'_, F>, edge_m: f64, found: &mut Vec<Found>) {
        let was_inside = self.was_inside();
        let crossings = probe.crossings(self.fence, was_inside, edge_m);
        if crossings.is_empty() && self.possible.is_none() {
            return;
        }
        for index in 0..=crossings.len() {
            let is_inside = was_inside != (index % 2 == 1);
            let begin = if index == 0 { 0.0 } else { crossings[index - 1] };
            let before = self.possible.take();
            if is_inside == self.visit.is_some() {
                continue;
            }
            let crossing = before.unwrap_or_else(|| {
                let (at, point) = probe.place(begin);
                PossibleCrossing { fence: self.fence, at, point, depth_m: 0.0 }
            });
            let Some(&end) = crossings.get(index) else {
                let is_second = index == 0 && probe.is_fix;
                self.arrive(probe, crossing, is_inside, is_second, (begin, edge_m.abs()), found);
                return;
            };
            let is_passed = || is_inside && index > 0 && probe.is_fix && probe.leads_through(self.fence);
            if crossing.depth_m >= probe.touch_m
                || probe.leads_as_far(self.fence, is_inside, (begin, end), probe.touch_m)
                || is_passed()
            {
                self.cross(probe.fences, crossing, found);
            }
        }
    }

    /// The last stretch of a line: it goes on after the probe.
    fn arrive<F: Fences>(
        &mut self,
        probe: &Probe<'_, F>,
        crossing: PossibleCrossing,
        is_inside: bool,
        is_second: bool,
        (begin, depth_m): (f64, f64),
        found: &mut Vec<Found>,
    ) {
        let leads_as_far =
            |least_m: f64| depth_m >= least_m || probe.leads_as_far(self.fence, is_inside, (begin, 1.0), least_m);
        if is_second || leads_as_far(probe.margin_m) {
            self.cross(probe.fences, crossing, found);
        } else {
            // The mean of a stay point gets more exact with each fix, so that its last place counts.
            let before_m = if probe.is_fix { crossing.depth_m } else { 0.0 };
            let led_m = if leads_as_far(probe.touch_m) { probe.touch_m } else { 0.0 };
            self.possible = Some(PossibleCrossing { depth_m: depth_m.max(before_m).max(led_m), ..crossing });
        }
    }

    /// The vehicle is certainly on the other side, since a crossing.
    fn cross(&mut self, fences: &impl Fences, crossing: PossibleCrossing, found: &mut Vec<Found>) {
        let PossibleCrossing { fence, at, point, .. } = crossing;
        let Some(mut visit) = self.visit.take() else {
            let visit = Visit {
                fence,
                entered_at: at,
                entered: point,
                left_at: None,
                left: None,
                dwelt: false,
                max_speed_kmh: 0.0,
            };
            self.visit = Some(visit);
            return found.push((at, fence, TrackFact::VisitBegan(visit)));
        };
        // Rounding of the fractions must not put the exit before the entry.
        let left_at = at.max(visit.entered_at);
        let inside_ms = left_at.ms_since(visit.entered_at);
        if !visit.dwelt && fences.dwell_ms(fence).is_some_and(|dwell_ms| inside_ms >= dwell_ms) {
            visit.dwelt = true;
            found.push((left_at, fence, TrackFact::VisitDwelt(visit)));
        }
        (visit.left_at, visit.left) = (Some(left_at), Some(point));
        found.push((left_at, fence, TrackFact::VisitEnded(visit)));
    }
}

//! Silences and relocations: where nobody knows the way between two fixes.

use super::{Journey, Turn};
use crate::belief::seconds;
use crate::state::Fix;
use crate::trip::{Trip, TripEnd};
use milepost_domain::Timestamp;
use milepost_geo::Point;

impl Journey {
    /// The trip as it is if nothing comes any more.
    pub(crate) fn ended_by_silence(&self, last: &Fix) -> Option<Trip> {
        let mut trip = self.trip.as_ref()?.trip;
        if !self.spot.stood() {
            trip.distance_mm += self.pending_mm + self.out.as_ref().map_or(0, |out| out.way_mm);
            trip.moving_ms += last.at.ms_since(self.spot.since);
        }
        let (at, end) = self.end_of_silence(last);
        Some(Trip { ended_at: Some(at), end, ended_by: Some(TripEnd::Silence), told_at: last.at, ..trip })
    }

    pub(super) fn relocate(&mut self, turn: &mut Turn<'_>) {
        let last_at = turn.step.from.map_or(turn.fix.at, |from| from.at);
        if Self::silence_ms(turn) > i64::from(turn.rules.thresholds().gap_after_s) * 1000 {
            self.end_by_silence(turn);
        } else if self.trip.is_some() {
            // The trip goes on where the vehicle is now; how it got there is no way.
            let (since, pending_mm, stood) = (self.spot.decided_until(), self.pending_mm, self.spot.stood());
            if stood {
                self.end_stop(last_at, turn);
            }
            self.count(since, last_at, pending_mm, !stood, turn);
            self.count(last_at, turn.fix.at, 0, true, turn);
            self.begin_spot(turn);
        } else {
            self.settle(last_at, turn);
        }
    }

    fn silence_ms(turn: &Turn<'_>) -> i64 {
        turn.step.from.map_or(0, |from| turn.fix.at.ms_since(from.at))
    }

    /// Moved on in a silence in which nobody can have driven all the time.
    pub(super) fn is_gap(turn: &Turn<'_>) -> bool {
        let thresholds = turn.rules.thresholds();
        let silence_ms = Self::silence_ms(turn);
        let slow = turn.step.distance_m / seconds(silence_ms) < thresholds.gap_speed_kmh / 3.6;
        silence_ms > i64::from(thresholds.gap_max_s) * 1000
            || slow && silence_ms > i64::from(thresholds.gap_after_s) * 1000
    }

    pub(super) fn end_by_silence(&mut self, turn: &mut Turn<'_>) {
        let last = turn.step.from.expect("a silence is between two fixes");
        let (at, end) = self.end_of_silence(&last);
        if self.trip.is_some() && !self.spot.stood() {
            let way_mm = self.pending_mm + self.out.as_ref().map_or(0, |out| out.way_mm);
            self.count(self.spot.since, at, way_mm, true, turn);
        }
        self.end_trip(at, end, TripEnd::Silence, turn);
        self.settle(last.at, turn);
    }

    fn end_of_silence(&self, last: &Fix) -> (Timestamp, Point) {
        if self.spot.stood() { (self.spot.stood_since, self.spot.centre) } else { (last.at, last.point) }
    }
}

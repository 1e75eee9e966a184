//! Silences and relocations: where the path between two fixes is unknown.

use super::{Input, Journey, Signals};
use crate::activity::Activity;
use crate::fix::{Fix, seconds};
use crate::fuel::Tank;
use crate::outlier_filter::Movement;
use crate::trip::{Trip, TripEnd};
use crate::{Rules, TrackFact};
use milepost_domain::Timestamp;
use milepost_geo::Point;

impl Journey {
    /// The running trip as it ends if no more positions come after `last`, and what its end adds to the quarters of an hour.
    /// The next position ends it in the same way.
    pub(crate) fn ended_by_silence(&self, last: &Fix, tank: &Tank, rules: &Rules) -> Option<(Trip, Vec<Activity>)> {
        self.trip.as_ref()?;
        let movement = Movement { from: Some(*last), distance_m: 0.0, relocated: false };
        let signals = Signals { speed_kmh: None, sure_kmh: None, past_kmh: None, drives: false, ignition: None };
        let mut facts = Vec::new();
        self.clone().end_by_silence(&mut Input { fix: last, movement, signals, tank, rules, facts: &mut facts });
        let trip =
            facts.iter().find_map(|fact| if let TrackFact::TripEnded(trip) = fact { Some(*trip) } else { None })?;
        let activity =
            facts.iter().filter_map(|fact| if let TrackFact::Activity(one) = fact { Some(*one) } else { None });
        Some((trip, activity.collect()))
    }

    pub(super) fn relocate(&mut self, input: &mut Input<'_>) {
        let last_at = input.movement.from.map_or(input.fix.at, |from| from.at);
        if Self::silence_ms(input) > i64::from(input.rules.thresholds().gap_after_s) * 1000 {
            self.end_by_silence(input);
        } else if self.trip.is_some() {
            // The trip goes on where the vehicle is now. The distance of the relocation does not count.
            let (since, pending_mm, stood) = (self.stay.decided_until(), self.pending_mm, self.stay.stood());
            if stood {
                self.end_stop(last_at, input);
            }
            self.count(since, last_at, pending_mm, !stood, input);
            self.count(last_at, input.fix.at, 0, true, input);
            self.begin_stay(input);
        } else {
            self.settle(last_at, input);
        }
    }

    fn silence_ms(input: &Input<'_>) -> i64 {
        input.movement.from.map_or(0, |from| input.fix.at.ms_since(from.at))
    }

    /// Is the silence before this fix too long, or the distance too short, to have been driven all the time?
    pub(super) fn is_gap(input: &Input<'_>) -> bool {
        let thresholds = input.rules.thresholds();
        let silence_ms = Self::silence_ms(input);
        let slow = input.movement.distance_m / seconds(silence_ms) < thresholds.gap_speed_kmh / 3.6;
        silence_ms > i64::from(thresholds.gap_max_s) * 1000
            || slow && silence_ms > i64::from(thresholds.gap_after_s) * 1000
    }

    pub(super) fn end_by_silence(&mut self, input: &mut Input<'_>) {
        let last = input.movement.from.expect("a silence is between two fixes");
        let (at, end) = self.end_of_silence(&last);
        if self.trip.is_some() && !self.stay.stood() {
            let driven_mm = self.pending_mm + self.departure.as_ref().map_or(0, |departure| departure.driven_mm);
            self.count(self.stay.since, at, driven_mm, true, input);
        }
        self.end_trip(at, end, TripEnd::Silence, input);
        self.settle(last.at, input);
    }

    fn end_of_silence(&self, last: &Fix) -> (Timestamp, Point) {
        if self.stay.stood() { (self.stay.stood_since, self.stay.centre) } else { (last.at, last.point) }
    }
}

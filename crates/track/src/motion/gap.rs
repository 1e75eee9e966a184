//! Silences and relocations: where the path between two fixes is unknown.

use super::departure::Parked;
use super::{Input, Journey, Signals};
use crate::activity::Activity;
use crate::fix::{Fix, seconds};
use crate::fuel::Tank;
use crate::outlier_filter::Movement;
use crate::trip::{Trip, TripEnd, millimetres};
use crate::{Rules, TrackFact};
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};

/// A device that reports seldom starts its receiver for each fix, which may then be off by hundreds of metres. What is nearer than
/// this to where the vehicle stood is no drive, metres.
const HOP_M: f64 = 1_000.0;

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

    pub(super) fn silence_ms(input: &Input<'_>) -> i64 {
        input.movement.from.map_or(0, |from| input.fix.at.ms_since(from.at))
    }

    /// A silence that is longer than this ends a trip: the threshold's, or that of a device that reports seldom. Milliseconds.
    pub(crate) fn gap_max_ms(&self, rules: &Rules) -> i64 {
        (i64::from(rules.thresholds().gap_max_s) * 1000).max(self.rhythm.usual_ms())
    }

    /// A vehicle whose newest position is at least so old is offline: the threshold, or more for a device that reports seldom.
    /// Milliseconds.
    pub(crate) fn offline_after_ms(&self, rules: &Rules) -> i64 {
        (i64::from(rules.thresholds().offline_after_s) * 1000).max(self.rhythm.awake_ms())
    }

    /// Is a silence longer than [`Self::gap_max_ms`]? The rhythm is looked at only if it matters.
    pub(crate) fn ends_trips(&self, silence_ms: i64, rules: &Rules) -> bool {
        silence_ms > i64::from(rules.thresholds().gap_max_s) * 1000 && silence_ms > self.rhythm.usual_ms()
    }

    /// Is the silence before this fix too long, or the distance too short, to have been driven all the time?
    pub(super) fn is_gap(&self, input: &Input<'_>) -> bool {
        let silence_ms = Self::silence_ms(input);
        self.ends_trips(silence_ms, input.rules) || Self::was_slow(input)
    }

    /// Was a silence longer than a vehicle on its way needs for the distance?
    fn was_slow(input: &Input<'_>) -> bool {
        let (thresholds, silence_ms) = (input.rules.thresholds(), Self::silence_ms(input));
        let slow = input.movement.distance_m / seconds(silence_ms) < thresholds.gap_speed_kmh / 3.6;
        slow && silence_ms > i64::from(thresholds.gap_after_s) * 1000
    }

    /// Was the vehicle driven here between two fixes of a device that reports seldom? It stood before, or for a part of the time.
    /// On a trip, what was driven all the time simply goes on.
    pub(super) fn is_hop(&self, from_centre_m: f64, input: &Input<'_>) -> bool {
        let silence_ms = Self::silence_ms(input);
        let is_usual =
            silence_ms > i64::from(input.rules.thresholds().gap_after_s) * 1000 && silence_ms <= self.rhythm.usual_ms();
        is_usual && from_centre_m >= HOP_M && (self.trip.is_none() || self.stay.stood() || Self::was_slow(input))
    }

    /// The trip before is over, and the next one began as long ago as the distance takes at the least speed of driving.
    pub(super) fn hop(&mut self, input: &mut Input<'_>) {
        let last = input.movement.from.expect("a silence is between two fixes");
        let (was_parked, stood_at) = (self.trip.is_none() || self.stay.stood(), self.stay.centre);
        let from = if was_parked { stood_at } else { last.point };
        self.end_by_silence(input);
        let driven_m = distance_m(from, input.fix.point);
        let drive_ms = (driven_m / (input.rules.thresholds().gap_speed_kmh / 3.6) * 1000.0) as i64;
        let left_at = input.fix.at.plus_ms(-drive_ms).max(last.at);
        self.parked = Some(Parked { centre: from, left_at, driven_mm: millimetres(driven_m) });
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

//! Standing with the engine on between two trips. On a trip, stops are counted with the trip.

use super::departure::SETTING_OFF_MS;
use super::{Input, Journey};
use crate::activity::Stretch;
use crate::fix::Fix;
use crate::saved::{optional_time, time};
use milepost_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// An ignition that was never reported to be off is believed for this long at a stretch, milliseconds: its wire may be connected
/// to the battery.
const UNPROVEN_MS: i64 = 2 * 60 * 60 * 1000;

/// What is known of the engine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Engine {
    running: Option<Running>,
    /// It was reported to be off before, so that "on" can be trusted for long.
    was_off: bool,
}

/// A time for which the engine was on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Running {
    #[serde(with = "time")]
    since: Timestamp,
    /// When it was turned off, or was last known to be on.
    #[serde(with = "optional_time")]
    until: Option<Timestamp>,
    /// Up to here it was counted, or must not be counted.
    #[serde(with = "time")]
    counted_to: Timestamp,
}

impl Running {
    const fn from(at: Timestamp) -> Self {
        Self { since: at, until: None, counted_to: at }
    }
}

impl Engine {
    /// As a first fix shows it.
    pub(super) fn first(fix: &Fix, ignition: Option<bool>) -> Self {
        let running = (ignition == Some(true)).then_some(Running::from(fix.at));
        Self { running, was_off: ignition == Some(false) }
    }

    /// Is nothing known yet?
    pub(crate) const fn is_unknown(&self) -> bool {
        self.running.is_none() && !self.was_off
    }
}

impl Journey {
    /// Follows the engine, and counts the time for which it was on while the vehicle stood between two trips.
    pub(super) fn idle(&mut self, input: &mut Input<'_>) {
        let (at, ignition) = (input.fix.at, input.signals.ignition);
        let lost = input.movement.from.filter(|_| self.is_engine_lost(input)).map(|last| last.at);
        let off = (ignition == Some(false)).then_some(at);
        self.engine.was_off |= off.is_some();
        if let (Some(running), Some(until)) = (&mut self.engine.running, lost.or(off)) {
            running.until.get_or_insert(until);
        }
        self.count_idling(input);
        if ignition == Some(true) {
            match &mut self.engine.running {
                // It was started again at once.
                Some(running) if lost.is_none() => running.until = None,
                running => *running = Some(Running::from(at)),
            }
        }
    }

    /// Is it unknown whether the engine was on since the last fix? After a silence only two reports that say so show it.
    fn is_engine_lost(&self, input: &Input<'_>) -> bool {
        let silence_ms = Self::silence_ms(input);
        self.ends_trips(silence_ms, input.rules)
            || input.signals.ignition != Some(true)
                && silence_ms > i64::from(input.rules.thresholds().gap_after_s) * 1000
    }

    /// Counts up to where the next trip begins, or while none has begun, up to where one may yet turn out to have begun.
    fn count_idling(&mut self, input: &mut Input<'_>) {
        let Some(running) = &mut self.engine.running else { return };
        let trip = self.trip.as_ref().map(|trip| trip.trip.started_at);
        let left_at = trip.or(self.parked.as_ref().map(|parked| parked.left_at));
        let mut until = left_at.unwrap_or(self.stay.until.plus_ms(-SETTING_OFF_MS));
        let is_over = running.until.is_some_and(|end| end <= until) || left_at.is_some();
        until = running.until.map_or(until, |end| end.min(until));
        if !self.engine.was_off {
            until = until.min(running.since.plus_ms(UNPROVEN_MS));
        }
        let from = self.ended_at.map_or(running.counted_to, |ended_at| ended_at.max(running.counted_to));
        let is_due = until.ms_since(from) >= i64::from(input.rules.thresholds().progress_s) * 1000;
        let is_ended = running.until.is_some();
        if until > from && (is_due || is_over) {
            running.counted_to = until;
            self.activity.add(Stretch { from, until, distance_mm: 0, moving: false }, input.facts);
            self.activity.flush(input.facts);
        }
        if is_over && is_ended {
            self.engine.running = None;
        }
    }
}

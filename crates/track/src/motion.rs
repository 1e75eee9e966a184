//! Standing or driving, and the trips that come of it.
//!
//! A vehicle is always at a [`Spot`]. A fix outside of it leaves it, if the next one agrees (or it is far outside);
//! where it was only passed, the time there was driving, where it stayed, standing. What was driven at a spot is
//! counted when that is decided, so nothing has to be taken back.

mod departure;
mod gap;
mod receiver;
mod running;

use crate::activity::{Gathered, Stretch};
use crate::belief::{Step, seconds};
use crate::fact::{Mark, MarkReason, Stop};
use crate::fuel::Tank;
use crate::saved::{optional_time, point};
use crate::spot::Spot;
use crate::state::Fix;
use crate::trip::{Trip, TripEnd, millimetres};
use crate::{Rules, TrackFact};
use departure::{Out, Rest};
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};
use receiver::Receiver;
use running::Running;
use serde::{Deserialize, Serialize};

/// A step of the way in noises.
const STEP_NOISES: f64 = 1.5;

/// Where the vehicle is, and the trip it is on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Journey {
    pub(crate) spot: Spot,
    out: Option<Out>,
    /// Where the way was measured to, and what of it lies within the spot and is not counted yet.
    #[serde(with = "point")]
    way_end: Point,
    pending_mm: i64,
    pub(crate) trip: Option<Running>,
    activity: Gathered,
    /// The way of all trips, millimetres.
    followed_mm: i64,
    /// The tank when the vehicle was last seen at its spot: level and what was ever refuelled, litres.
    tank_at_rest: Option<(f64, f64)>,
    /// Where it was parked, if it has left that spot but is not far enough from it to be on a trip.
    rest: Option<Rest>,
    receiver: Receiver,
    /// When the last trip ended: none begins before.
    #[serde(with = "optional_time")]
    ended_at: Option<Timestamp>,
}

/// What the rest of the fold tells about a fix.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// Believed speed, km/h.
    pub(crate) speed_kmh: Option<f64>,
    /// The device's own believed speed says that it drives.
    pub(crate) drives: bool,
    pub(crate) ignition: Option<bool>,
}

/// Everything that stays the same while one fix is taken in.
struct Turn<'a> {
    fix: &'a Fix,
    step: Step,
    seen: Seen,
    tank: &'a Tank,
    rules: &'a Rules,
    facts: &'a mut Vec<TrackFact>,
}

impl Journey {
    /// A vehicle is taken for parked where it is first seen.
    pub(crate) fn new(fix: &Fix) -> Self {
        Self {
            spot: Spot::new(fix, 0.0),
            out: None,
            way_end: fix.point,
            pending_mm: 0,
            trip: None,
            activity: Gathered::default(),
            followed_mm: 0,
            tank_at_rest: None,
            rest: None,
            receiver: Receiver::default(),
            ended_at: None,
        }
    }

    /// What this vehicle's receiver was seen to be off, one standard deviation along each axis, metres.
    pub(crate) const fn noise_m(&self) -> Option<f64> {
        self.receiver.noise_m()
    }

    /// The way of all trips, millimetres.
    pub(crate) const fn followed_mm(&self) -> i64 {
        self.followed_mm
    }

    /// Takes in a believed fix.
    pub(crate) fn take(
        &mut self,
        fix: &Fix,
        step: Step,
        seen: Seen,
        tank: &Tank,
        rules: &Rules,
        facts: &mut Vec<TrackFact>,
    ) {
        let mut turn = Turn { fix, step, seen, tank, rules, facts };
        let spot_m = distance_m(self.spot.centre, fix.point);
        let radius_m = Spot::radius_m(fix, rules);
        if step.relocated {
            self.relocate(&mut turn);
        } else if spot_m <= radius_m {
            self.stay(spot_m, radius_m, &mut turn);
        } else if Self::is_gap(&turn) {
            self.end_by_silence(&mut turn);
        } else {
            self.leave(spot_m, radius_m, &mut turn);
        }
        self.begin_trip(radius_m, &mut turn);
        self.drive_on(&mut turn);
    }

    /// The running trip as it stands at the newest fix; `None` while parked.
    pub(crate) fn running(&self, now: Timestamp) -> Option<Trip> {
        let mut trip = self.trip.as_ref()?.trip;
        let undecided_ms = now.ms_since(self.spot.decided_until()).max(0);
        *(if self.spot.stood() { &mut trip.idle_ms } else { &mut trip.moving_ms }) += undecided_ms;
        trip.told_at = now;
        Some(trip)
    }

    /// The running trip as it was told last.
    pub(crate) fn told_trip(&self) -> Option<Trip> {
        self.trip.as_ref()?.told
    }

    /// The stop that goes on, as it was told.
    pub(crate) fn open_stop(&self) -> Option<Stop> {
        self.spot.stood_at.map(|point| Stop { started_at: self.spot.stood_since, ended_at: None, point })
    }

    fn stay(&mut self, spot_m: f64, radius_m: f64, turn: &mut Turn<'_>) {
        if let Some(out) = self.out.take()
            && out.fixes == 1
            && distance_m(self.spot.centre, out.point) > 2.0 * radius_m
        {
            turn.facts.push(TrackFact::Marked(Mark { at: out.since, reason: MarkReason::Stray }));
        }
        self.spot.add(turn.fix, spot_m);
        self.tank_at_rest = turn.tank.level_l().map(|level_l| (level_l, turn.tank.refuelled_l()));
        let thresholds = turn.rules.thresholds();
        let stood_ms = self.spot.until.ms_since(self.spot.since);
        if !self.spot.stood() {
            if stood_ms >= i64::from(thresholds.still_after_s) * 1000 {
                self.stand(turn);
            } else {
                let step_m = distance_m(self.way_end, turn.fix.point);
                if step_m >= thresholds.step_m.max(STEP_NOISES * turn.fix.noise_m) {
                    self.pending_mm += millimetres(step_m);
                    self.way_end = turn.fix.point;
                }
            }
        }
        if let Some(seen_m) = self.spot.seen_noise_m() {
            self.receiver.learn(seen_m);
        }
        if self.spot.stood() && stood_ms >= i64::from(thresholds.stop_after_s) * 1000 {
            self.end_trip(self.spot.stood_since, self.spot.centre, TripEnd::Stopped, turn);
        }
    }

    /// The spot has become a stop: what seemed to be driven there was noise, but for coming to its middle.
    fn stand(&mut self, turn: &mut Turn<'_>) {
        let in_mm = millimetres(self.spot.stand(turn.fix.noise_m));
        (self.pending_mm, self.way_end, self.rest) = (0, self.spot.centre, None);
        self.count(self.spot.since, self.spot.stood_since, in_mm, true, turn);
        turn.facts.extend(self.open_stop().map(TrackFact::StopBegan));
    }

    fn leave(&mut self, spot_m: f64, radius_m: f64, turn: &mut Turn<'_>) {
        let parked = self.trip.is_none();
        let from = match &self.out {
            Some(out) => out.point,
            None if parked || self.spot.stood() => self.spot.centre,
            None => self.way_end,
        };
        let way_mm = millimetres(distance_m(from, turn.fix.point));
        let fix = turn.fix;
        let first = Out { since: fix.at, point: fix.point, way_mm: 0, first_mm: way_mm, fixes: 0 };
        let out = self.out.get_or_insert(first);
        (out.point, out.way_mm, out.fixes) = (fix.point, out.way_mm + way_mm, out.fixes + 1);
        let agreed = out.fixes >= 2;
        let far = !parked && !self.spot.stood() && spot_m > 2.0 * radius_m;
        if agreed || far || turn.seen.drives {
            self.set_off(turn);
        }
    }

    /// What was outside is believed: the spot lies behind.
    fn set_off(&mut self, turn: &mut Turn<'_>) {
        let out = self.out.take().expect("a departure is a fix outside of the spot");
        let (spot, fix) = (&self.spot, turn.fix);
        let since = spot.decided_until();
        let way_mm = self.pending_mm + out.way_mm;
        if self.trip.is_some() && spot.stood() {
            let left_at = out.left_at(spot, turn);
            self.end_stop(left_at, turn);
            self.count(since, left_at, 0, false, turn);
            self.count(left_at, fix.at, way_mm, true, turn);
        } else if self.trip.is_some() {
            self.count(since, fix.at, way_mm, true, turn);
            self.receiver.linger(fix, turn.rules);
        } else if let Some(rest) = &mut self.rest {
            rest.way_mm += way_mm;
            self.receiver.linger(fix, turn.rules);
        } else {
            let left_at = out.left_at(spot, turn);
            let left_at = self.ended_at.map_or(left_at, |ended_at| left_at.max(ended_at));
            self.rest = Some(Rest { centre: spot.centre, left_at, way_mm: out.way_mm });
            self.end_stop(left_at, turn);
        }
        self.begin_spot(turn);
    }

    /// A vehicle that left where it was parked is on a trip when it is far enough from there.
    fn begin_trip(&mut self, radius_m: f64, turn: &mut Turn<'_>) {
        let Some(rest) = self.rest.as_ref().filter(|_| self.out.is_none()) else { return };
        let depart_m = turn.rules.thresholds().depart_m.max(2.0 * radius_m);
        if distance_m(rest.centre, turn.fix.point) < depart_m {
            return;
        }
        let rest = self.rest.take().expect("seen above");
        self.start_trip(rest.left_at, rest.centre);
        self.count(rest.left_at, self.spot.since, rest.way_mm, true, turn);
    }

    /// Ends a stop that was told.
    fn end_stop(&self, at: Timestamp, turn: &mut Turn<'_>) {
        let point = self.spot.centre;
        let ended = self.open_stop().map(|stop| Stop { ended_at: Some(at), point, ..stop });
        turn.facts.extend(ended.map(TrackFact::StopEnded));
    }

    fn begin_spot(&mut self, turn: &Turn<'_>) {
        let (fix, step) = (turn.fix, turn.step);
        let arrived_mps = step.from.map_or(0.0, |from| step.distance_m / seconds(fix.at.ms_since(from.at)));
        (self.spot, self.out) = (Spot::new(fix, arrived_mps), None);
        (self.way_end, self.pending_mm) = (fix.point, 0);
    }

    /// Parked somewhere else, without a trip there.
    fn settle(&mut self, left_at: Timestamp, turn: &mut Turn<'_>) {
        self.end_stop(left_at, turn);
        self.begin_spot(turn);
        self.rest = None;
    }

    /// Counts a stretch of the running trip.
    fn count(&mut self, from: Timestamp, until: Timestamp, distance_mm: i64, moving: bool, turn: &mut Turn<'_>) {
        let Some(running) = &mut self.trip else { return };
        let ms = until.ms_since(from).max(0);
        running.trip.distance_mm += distance_mm;
        self.followed_mm += distance_mm;
        *(if moving { &mut running.trip.moving_ms } else { &mut running.trip.idle_ms }) += ms;
        self.activity.add(Stretch { from, until, distance_mm, moving }, turn.facts);
    }

    /// What a fix tells a running trip wherever it is.
    fn drive_on(&mut self, turn: &mut Turn<'_>) {
        let Some(running) = &mut self.trip else { return };
        let fix = turn.fix;
        running.trip.end = if self.spot.stood() { self.spot.centre } else { fix.point };
        running.trip.max_speed_kmh = running.trip.max_speed_kmh.max(turn.seen.speed_kmh.unwrap_or(0.0));
        running.ignition_was_on |= turn.seen.ignition == Some(true);
        let off = turn.seen.ignition == Some(false) && running.ignition_was_on;
        if off && self.out.is_none() && !turn.seen.drives {
            let (since, moving) = (self.spot.decided_until(), !self.spot.stood());
            let way_mm = self.pending_mm;
            self.count(since, fix.at, way_mm, moving, turn);
            self.end_trip(fix.at, self.spot.centre, TripEnd::IgnitionOff, turn);
            self.pending_mm = 0;
            return;
        }
        let thresholds = turn.rules.thresholds();
        let due = running.told.is_none_or(|told| {
            fix.at.ms_since(told.told_at) >= i64::from(thresholds.progress_s) * 1000
                || running.trip.distance_mm - told.distance_mm >= millimetres(thresholds.progress_m)
        });
        if !due {
            return;
        }
        running.measure_fuel(turn);
        let unburnt_ml = running.unburnt();
        self.activity.burn(fix.at, unburnt_ml, turn.facts);
        self.activity.flush(turn.facts);
        let now = self.running(fix.at);
        let running = self.trip.as_mut().expect("it runs: see above");
        let tell = if running.told.is_none() { TrackFact::TripStarted } else { TrackFact::TripProgressed };
        running.told = now;
        turn.facts.extend(now.map(tell));
    }
}

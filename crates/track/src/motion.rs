//! Standing or driving, and the trips that follow from it.
//!
//! A vehicle is always at a [`StayPoint`]. It leaves the stay point with a fix outside, if the next fix agrees or the
//! first is far outside. If the vehicle only passed, its time there was driving; if it stayed, standing. Time and
//! distance are counted when that is decided, so that nothing counted has to be taken back.

mod departure;
mod gap;
mod idling;
mod receiver;
mod rhythm;
mod running;

use crate::activity::OpenBucket;
use crate::fact::{Outlier, OutlierReason, Stop};
use crate::fix::Fix;
use crate::fuel::Tank;
use crate::outlier_filter::Movement;
use crate::saved::{optional_time, point};
use crate::stay_point::StayPoint;
use crate::trip::{Trip, TripEnd, millimetres};
use crate::{Rules, TrackFact};
use departure::{Departure, Parked};
use idling::Engine;
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};
use receiver::Receiver;
use rhythm::Rhythm;
use running::Running;
use serde::{Deserialize, Serialize};

/// Within a stay point, distance is measured in steps of at least this many standard deviations of the noise.
const STEP_NOISES: f64 = 1.5;

/// Where the vehicle is, and the trip it is on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Journey {
    #[serde(rename = "spot")]
    pub(crate) stay: StayPoint,
    #[serde(rename = "out")]
    departure: Option<Departure>,
    /// The place up to which the distance was measured.
    #[serde(with = "point", rename = "way_end")]
    path_end: Point,
    /// Distance within the stay point that is not counted yet, millimetres.
    pending_mm: i64,
    pub(crate) trip: Option<Running>,
    activity: OpenBucket,
    /// Length of all trips, millimetres.
    followed_mm: i64,
    /// The tank at the newest fix at the stay point: level, and all that was ever filled in, litres.
    tank_at_rest: Option<(f64, f64)>,
    /// Where the vehicle was parked, while it has left but is not far enough away for a trip.
    #[serde(rename = "rest")]
    parked: Option<Parked>,
    receiver: Receiver,
    /// When the last trip ended. No trip begins before.
    #[serde(with = "optional_time")]
    ended_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Rhythm::is_empty")]
    rhythm: Rhythm,
    #[serde(default, skip_serializing_if = "Engine::is_unknown")]
    engine: Engine,
}

/// Results of other parts of the fold about a fix.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signals {
    /// Trusted speed, km/h.
    pub(crate) speed_kmh: Option<f64>,
    /// The speed that the device reports is trusted and says that the vehicle drives.
    pub(crate) drives: bool,
    pub(crate) ignition: Option<bool>,
}

/// One fix and everything that does not change while it is applied.
struct Input<'a> {
    fix: &'a Fix,
    movement: Movement,
    signals: Signals,
    tank: &'a Tank,
    rules: &'a Rules,
    facts: &'a mut Vec<TrackFact>,
}

impl Journey {
    /// A vehicle counts as parked where it is first seen.
    pub(crate) fn new(fix: &Fix, ignition: Option<bool>) -> Self {
        Self {
            stay: StayPoint::new(fix, 0.0),
            departure: None,
            path_end: fix.point,
            pending_mm: 0,
            trip: None,
            activity: OpenBucket::default(),
            followed_mm: 0,
            tank_at_rest: None,
            parked: None,
            receiver: Receiver::default(),
            ended_at: None,
            rhythm: Rhythm::default(),
            engine: Engine::first(fix, ignition),
        }
    }

    /// The learned noise of this vehicle's receiver: one standard deviation along each axis, metres.
    pub(crate) const fn noise_m(&self) -> Option<f64> {
        self.receiver.noise_m()
    }

    /// Length of all trips, millimetres.
    pub(crate) const fn followed_mm(&self) -> i64 {
        self.followed_mm
    }

    /// Applies an accepted fix.
    pub(crate) fn apply(
        &mut self,
        fix: &Fix,
        movement: Movement,
        signals: Signals,
        tank: &Tank,
        rules: &Rules,
        facts: &mut Vec<TrackFact>,
    ) {
        let mut input = Input { fix, movement, signals, tank, rules, facts };
        let from_centre_m = distance_m(self.stay.centre, fix.point);
        let radius_m = StayPoint::radius_m(fix, rules);
        if movement.relocated {
            self.relocate(&mut input);
        } else if from_centre_m <= radius_m {
            self.stay(from_centre_m, radius_m, &mut input);
        } else if self.is_hop(from_centre_m, &input) {
            self.hop(&mut input);
        } else if self.is_gap(&input) {
            self.end_by_silence(&mut input);
        } else {
            self.leave(from_centre_m, radius_m, &mut input);
        }
        self.begin_trip(radius_m, &mut input);
        self.drive_on(&mut input);
        self.idle(&mut input);
        self.rhythm.learn(Self::silence_ms(&input), from_centre_m > radius_m);
    }

    /// The running trip as it stands at the newest fix; `None` while parked.
    pub(crate) fn running(&self, now: Timestamp) -> Option<Trip> {
        let mut trip = self.trip.as_ref()?.trip;
        let undecided_ms = now.ms_since(self.stay.decided_until()).max(0);
        *(if self.stay.stood() { &mut trip.idle_ms } else { &mut trip.moving_ms }) += undecided_ms;
        trip.as_of = now;
        Some(trip)
    }

    /// The running trip as its last fact gave it.
    pub(crate) fn announced_trip(&self) -> Option<Trip> {
        self.trip.as_ref()?.announced
    }

    /// The stop under way, as its first fact gave it.
    pub(crate) fn open_stop(&self) -> Option<Stop> {
        self.stay.stood_at.map(|point| Stop { started_at: self.stay.stood_since, ended_at: None, point })
    }

    fn stay(&mut self, from_centre_m: f64, radius_m: f64, input: &mut Input<'_>) {
        if let Some(departure) = self.departure.take()
            && departure.fixes == 1
            && distance_m(self.stay.centre, departure.point) > 2.0 * radius_m
        {
            input.facts.push(TrackFact::OutlierFound(Outlier { at: departure.since, reason: OutlierReason::Isolated }));
        }
        self.stay.add(input.fix, from_centre_m);
        self.tank_at_rest = input.tank.level_l().map(|level_l| (level_l, input.tank.refuelled_l()));
        let thresholds = input.rules.thresholds();
        let stood_ms = self.stay.until.ms_since(self.stay.since);
        if !self.stay.stood() {
            if stood_ms >= i64::from(thresholds.still_after_s) * 1000 {
                self.stand(input);
            } else {
                let step_m = distance_m(self.path_end, input.fix.point);
                if step_m >= thresholds.step_m.max(STEP_NOISES * input.fix.noise_m) {
                    self.pending_mm += millimetres(step_m);
                    self.path_end = input.fix.point;
                }
            }
        }
        if let Some(measured_m) = self.stay.measured_noise_m() {
            self.receiver.learn(measured_m);
        }
        if self.stay.stood() && stood_ms >= i64::from(thresholds.stop_after_s) * 1000 {
            self.end_trip(self.stay.stood_since, self.stay.centre, TripEnd::Stopped, input);
        }
    }

    /// The stay point becomes a stop. Apart from the last metres to its centre, movement within it was noise.
    fn stand(&mut self, input: &mut Input<'_>) {
        let in_mm = millimetres(self.stay.stand(input.fix.noise_m));
        (self.pending_mm, self.path_end, self.parked) = (0, self.stay.centre, None);
        self.count(self.stay.since, self.stay.stood_since, in_mm, true, input);
        input.facts.extend(self.open_stop().map(TrackFact::StopBegan));
    }

    fn leave(&mut self, from_centre_m: f64, radius_m: f64, input: &mut Input<'_>) {
        let parked = self.trip.is_none();
        let from = match &self.departure {
            Some(departure) => departure.point,
            None if parked || self.stay.stood() => self.stay.centre,
            None => self.path_end,
        };
        let driven_mm = millimetres(distance_m(from, input.fix.point));
        let fix = input.fix;
        let first = Departure { since: fix.at, point: fix.point, driven_mm: 0, first_mm: driven_mm, fixes: 0 };
        let departure = self.departure.get_or_insert(first);
        (departure.point, departure.driven_mm, departure.fixes) =
            (fix.point, departure.driven_mm + driven_mm, departure.fixes + 1);
        let agreed = departure.fixes >= 2;
        let far = !parked && !self.stay.stood() && from_centre_m > 2.0 * radius_m;
        if agreed || far || input.signals.drives {
            self.set_off(input);
        }
    }

    /// The departure is certain: the vehicle has left the stay point.
    fn set_off(&mut self, input: &mut Input<'_>) {
        let departure = self.departure.take().expect("a departure is a fix outside of the stay point");
        let (stay, fix) = (&self.stay, input.fix);
        let since = stay.decided_until();
        let driven_mm = self.pending_mm + departure.driven_mm;
        if self.trip.is_some() && stay.stood() {
            let left_at = departure.left_at(stay, input);
            self.end_stop(left_at, input);
            self.count(since, left_at, 0, false, input);
            self.count(left_at, fix.at, driven_mm, true, input);
        } else if self.trip.is_some() {
            self.count(since, fix.at, driven_mm, true, input);
            self.receiver.linger(fix, input.rules);
        } else if let Some(parked) = &mut self.parked {
            parked.driven_mm += driven_mm;
            self.receiver.linger(fix, input.rules);
        } else {
            let left_at = departure.left_at(stay, input);
            let left_at = self.ended_at.map_or(left_at, |ended_at| left_at.max(ended_at));
            self.parked = Some(Parked { centre: stay.centre, left_at, driven_mm: departure.driven_mm });
            self.end_stop(left_at, input);
        }
        self.begin_stay(input);
    }

    /// A vehicle that left its parking place is on a trip once it is far enough from there.
    fn begin_trip(&mut self, radius_m: f64, input: &mut Input<'_>) {
        let Some(parked) = self.parked.as_ref().filter(|_| self.departure.is_none()) else { return };
        let depart_m = input.rules.thresholds().depart_m.max(2.0 * radius_m);
        if distance_m(parked.centre, input.fix.point) < depart_m {
            return;
        }
        let parked = self.parked.take().expect("seen above");
        self.start_trip(parked.left_at, parked.centre);
        self.count(parked.left_at, self.stay.since, parked.driven_mm, true, input);
    }

    /// Ends the stop, if the stay point was one.
    fn end_stop(&self, at: Timestamp, input: &mut Input<'_>) {
        let point = self.stay.centre;
        let ended = self.open_stop().map(|stop| Stop { ended_at: Some(at), point, ..stop });
        input.facts.extend(ended.map(TrackFact::StopEnded));
    }

    fn begin_stay(&mut self, input: &Input<'_>) {
        let (fix, movement) = (input.fix, input.movement);
        let arrived_mps = movement.from.map_or(0.0, |from| movement.distance_m / fix.seconds_since(from.at));
        (self.stay, self.departure) = (StayPoint::new(fix, arrived_mps), None);
        (self.path_end, self.pending_mm) = (fix.point, 0);
    }

    /// The vehicle is parked at another place, without a trip between.
    fn settle(&mut self, left_at: Timestamp, input: &mut Input<'_>) {
        self.end_stop(left_at, input);
        self.begin_stay(input);
        self.parked = None;
    }
}

//! A trip under way: its start, its fuel, its end.

use super::{Input, Journey};
use crate::activity::Stretch;
use crate::trip::{Trip, TripEnd, millimetres};
use crate::{FuelBasis, TrackFact};
use milepost_domain::Timestamp;
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// A trip under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(super) trip: Trip,
    /// As its last fact gave it; `None` before the first.
    #[serde(rename = "told")]
    pub(super) announced: Option<Trip>,
    /// Fuel that was already added to the quarters of an hour, millilitres.
    pub(super) burnt_ml: i64,
    /// The tank at the start: level, and all that was ever filled in, litres.
    pub(super) tank: Option<(f64, f64)>,
    /// The device reported on this trip that the ignition was on, so its report "off" can be trusted.
    pub(super) ignition_was_on: bool,
}

impl Journey {
    pub(super) fn start_trip(&mut self, at: Timestamp, start: Point) {
        let trip = Trip {
            started_at: at,
            start,
            ended_at: None,
            end: start,
            ended_by: None,
            as_of: at,
            distance_mm: 0,
            moving_ms: 0,
            idle_ms: 0,
            max_speed_kmh: 0.0,
            fuel_ml: None,
            fuel_basis: None,
        };
        let tank = self.tank_at_rest;
        self.trip = Some(Running { trip, announced: None, burnt_ml: 0, tank, ignition_was_on: false });
    }

    pub(super) fn end_trip(&mut self, at: Timestamp, end: Point, by: TripEnd, input: &mut Input<'_>) {
        let Some(mut running) = self.trip.take() else { return };
        self.ended_at = Some(at);
        running.measure_fuel(input);
        self.activity.burn(running.burnt_to(), at, running.unburnt(), input.facts);
        self.activity.flush(input.facts);
        let as_of = input.fix.at;
        input.facts.push(TrackFact::TripEnded(Trip {
            ended_at: Some(at),
            end,
            ended_by: Some(by),
            as_of,
            ..running.trip
        }));
    }

    /// Counts a stretch of the running trip.
    pub(super) fn count(
        &mut self,
        from: Timestamp,
        until: Timestamp,
        distance_mm: i64,
        moving: bool,
        input: &mut Input<'_>,
    ) {
        let Some(running) = &mut self.trip else { return };
        let ms = until.ms_since(from).max(0);
        running.trip.distance_mm += distance_mm;
        self.followed_mm += distance_mm;
        *(if moving { &mut running.trip.moving_ms } else { &mut running.trip.idle_ms }) += ms;
        self.activity.add(Stretch { from, until, distance_mm, moving }, input.facts);
    }

    /// Updates a running trip: its end, highest speed and fuel; ends it when the ignition goes off.
    pub(super) fn drive_on(&mut self, input: &mut Input<'_>) {
        let Some(running) = &mut self.trip else { return };
        let fix = input.fix;
        running.trip.end = if self.stay.stood() { self.stay.centre } else { fix.point };
        running.trip.max_speed_kmh = running.trip.max_speed_kmh.max(input.signals.speed_kmh.unwrap_or(0.0));
        running.ignition_was_on |= input.signals.ignition == Some(true);
        let off = input.signals.ignition == Some(false) && running.ignition_was_on;
        if off && self.departure.is_none() && !input.signals.drives {
            let (since, moving) = (self.stay.decided_until(), !self.stay.stood());
            let driven_mm = self.pending_mm;
            self.count(since, fix.at, driven_mm, moving, input);
            self.end_trip(fix.at, self.stay.centre, TripEnd::IgnitionOff, input);
            self.pending_mm = 0;
            return;
        }
        let thresholds = input.rules.thresholds();
        let due = running.announced.is_none_or(|before| {
            fix.at.ms_since(before.as_of) >= i64::from(thresholds.progress_s) * 1000
                || running.trip.distance_mm - before.distance_mm >= millimetres(thresholds.progress_m)
        });
        if !due {
            return;
        }
        running.measure_fuel(input);
        let (burnt_to, unburnt_ml) = (running.burnt_to(), running.unburnt());
        self.activity.burn(burnt_to, fix.at, unburnt_ml, input.facts);
        self.activity.flush(input.facts);
        let now = self.running(fix.at);
        let running = self.trip.as_mut().expect("it runs: see above");
        let fact = if running.announced.is_none() { TrackFact::TripStarted } else { TrackFact::TripProgressed };
        running.announced = now;
        input.facts.extend(now.map(fact));
    }
}

impl Running {
    /// Fuel is measured where the tank's level is known at both ends, else estimated from the distance, else unknown.
    pub(super) fn measure_fuel(&mut self, input: &Input<'_>) {
        let trip = &mut self.trip;
        if let (Some((start_l, refuelled_l)), Some(now_l)) = (self.tank, input.tank.level_l()) {
            let burnt_l = (start_l - now_l + input.tank.refuelled_l() - refuelled_l).max(0.0);
            (trip.fuel_ml, trip.fuel_basis) = (Some((burnt_l * 1000.0).round() as i64), Some(FuelBasis::Measured));
        } else if let Some(per_100km_l) = input.rules.vehicle().fuel_l_per_100km {
            let burnt_ml = (trip.distance_km() * per_100km_l * 10.0).round() as i64;
            (trip.fuel_ml, trip.fuel_basis) = (Some(burnt_ml), Some(FuelBasis::Estimated));
        }
    }

    /// Up to when the fuel was added to the quarters of an hour.
    pub(super) fn burnt_to(&self) -> Timestamp {
        self.announced.map_or(self.trip.started_at, |announced| announced.as_of)
    }

    /// Fuel that must still be added to the quarters of an hour, millilitres.
    pub(super) fn unburnt(&mut self) -> i64 {
        let fuel_ml = self.trip.fuel_ml.unwrap_or(0);
        fuel_ml - std::mem::replace(&mut self.burnt_ml, fuel_ml)
    }
}

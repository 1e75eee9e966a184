//! A trip under way: how it begins, what it burns, how it ends.

use super::{Journey, Turn};
use crate::trip::{Trip, TripEnd};
use crate::{FuelBasis, TrackFact};
use milepost_domain::Timestamp;
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// A trip under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Running {
    pub(super) trip: Trip,
    /// As it was told last.
    pub(super) told: Option<Trip>,
    /// Fuel that the buckets know of.
    pub(super) burnt_ml: i64,
    /// The tank when it set off.
    pub(super) tank: Option<(f64, f64)>,
    /// The device does tell when the ignition is on, so its being off means something.
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
            told_at: at,
            distance_mm: 0,
            moving_ms: 0,
            idle_ms: 0,
            max_speed_kmh: 0.0,
            fuel_ml: None,
            fuel_basis: None,
        };
        let tank = self.tank_at_rest;
        self.trip = Some(Running { trip, told: None, burnt_ml: 0, tank, ignition_was_on: false });
    }

    pub(super) fn end_trip(&mut self, at: Timestamp, end: Point, by: TripEnd, turn: &mut Turn<'_>) {
        let Some(mut running) = self.trip.take() else { return };
        self.ended_at = Some(at);
        running.measure_fuel(turn);
        self.activity.burn(at, running.unburnt(), turn.facts);
        self.activity.flush(turn.facts);
        let told_at = turn.fix.at;
        turn.facts.push(TrackFact::TripEnded(Trip {
            ended_at: Some(at),
            end,
            ended_by: Some(by),
            told_at,
            ..running.trip
        }));
    }
}

impl Running {
    /// Measured where the tank's level is known at both ends, else estimated, else unknown.
    pub(super) fn measure_fuel(&mut self, turn: &Turn<'_>) {
        let trip = &mut self.trip;
        if let (Some((start_l, refuelled_l)), Some(now_l)) = (self.tank, turn.tank.level_l()) {
            let burnt_l = (start_l - now_l + turn.tank.refuelled_l() - refuelled_l).max(0.0);
            (trip.fuel_ml, trip.fuel_basis) = (Some((burnt_l * 1000.0).round() as i64), Some(FuelBasis::Measured));
        } else if let Some(per_100km_l) = turn.rules.vehicle().fuel_l_per_100km {
            let burnt_ml = (trip.distance_km() * per_100km_l * 10.0).round() as i64;
            (trip.fuel_ml, trip.fuel_basis) = (Some(burnt_ml), Some(FuelBasis::Estimated));
        }
    }

    /// What the buckets do not know yet.
    pub(super) fn unburnt(&mut self) -> i64 {
        let fuel_ml = self.trip.fuel_ml.unwrap_or(0);
        fuel_ml - std::mem::replace(&mut self.burnt_ml, fuel_ml)
    }
}

//! A trip under way: its start, its fuel, its end.

use super::{Input, Journey};
use crate::trip::{Trip, TripEnd};
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
        self.activity.burn(at, running.unburnt(), input.facts);
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

    /// Fuel that must still be added to the quarters of an hour, millilitres.
    pub(super) fn unburnt(&mut self) -> i64 {
        let fuel_ml = self.trip.fuel_ml.unwrap_or(0);
        fuel_ml - std::mem::replace(&mut self.burnt_ml, fuel_ml)
    }
}

//! What a tenant's finished rides teach: the pace of places and hours, and how far off forecasts were.

use super::forecast_errors::{Forecast, ForecastErrors};
use super::history::History;
use super::pace::{Pace, seconds_between};
use super::pace_map::PaceMap;
use crate::Fix;
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};

/// The pace is held in this range, metres a second: from a slow walk to a fast motorway.
const PACE_RANGE_MPS: std::ops::RangeInclusive<f64> = 0.5..=45.0;
/// The share of places in the prior of a rider's pace; the rest is its own history's.
const PLACE_SHARE: f64 = 0.6;
/// Forecasts of one ride that are compared with its end. Successive ones err alike, so that more would teach little.
const FORECASTS: usize = 8;
/// A rider that stays this near to the destination until the end has arrived. Metres.
const ARRIVED_M: f64 = 50.0;
/// A ride that ends farther from its destination did not go there. Metres.
const ELSEWHERE_M: f64 = 500.0;

/// Learned from the finished rides of one tenant, in the order in which they ended. The default knows of none.
#[derive(Debug, Clone, Default)]
pub struct ArrivalModel {
    places: PaceMap,
    errors: ForecastErrors,
}

impl ArrivalModel {
    /// Learns from a ride to `destination`: its fixes in order of time, and the history of its rider before the ride.
    pub fn learn(&mut self, fixes: &[Fix], destination: Point, history: &History) {
        let Some((&first, later)) = fixes.split_first() else { return };
        if let Some(arrival) = arrival(fixes, destination) {
            self.compare(&fixes[..arrival], fixes[arrival], destination, history);
        }
        let mut pace = Pace::start(first);
        for &fix in later {
            let before = pace.last_fix();
            let counted = pace.count(fix);
            self.places.learn(before.point, before.at, counted);
        }
    }

    /// Compares some forecasts of the ride with its arrival.
    fn compare(&mut self, fixes: &[Fix], arrival: Fix, destination: Point, history: &History) {
        let Some((&first, later)) = fixes.split_first() else { return };
        let every = fixes.len().div_ceil(FORECASTS);
        let mut pace = Pace::start(first);
        let mut forecasts = Vec::with_capacity(FORECASTS);
        for (index, &fix) in std::iter::once(&first).chain(later).enumerate() {
            pace.note(fix);
            if index % every == 0 && distance_m(fix.point, destination) >= ARRIVED_M {
                let travel_s = self.travel_s(&pace, history, destination, fix.at);
                forecasts.push(Forecast { travel_s, took_s: seconds_between(pace.last_fix(), arrival) });
            }
        }
        self.errors.learn(&forecasts);
    }

    /// The most likely seconds from the rider's last fix to `to`: the straight distance, times the rider's detour, divided by
    /// its pace.
    pub(super) fn travel_s(&self, pace: &Pace, history: &History, to: Point, at: Timestamp) -> f64 {
        let from = pace.last_fix().point;
        let usual_mps = history.pace_mps();
        // The geometric mean: a rider that is half as fast as others is so everywhere.
        let here_mps = self.places.pace_mps(from, to, at, usual_mps).unwrap_or(usual_mps);
        let prior_mps = here_mps.powf(PLACE_SHARE) * usual_mps.powf(1.0 - PLACE_SHARE);
        let pace_mps = pace.speed_mps(prior_mps).clamp(*PACE_RANGE_MPS.start(), *PACE_RANGE_MPS.end());
        distance_m(from, to) * history.detour() / pace_mps
    }

    /// The interval that four of five arrivals lie in, seconds from the rider's last fix.
    pub(super) fn interval_s(&self, travel_s: f64) -> (f64, f64) {
        self.errors.interval_s(travel_s)
    }

    /// About the memory in use, bytes.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.places.bytes() + self.errors.bytes()
    }
}

/// The fix at which the rider had arrived: the first from which on it stayed near the destination, or else the last. `None`
/// if the ride did not end there.
fn arrival(fixes: &[Fix], destination: Point) -> Option<usize> {
    let last = fixes.len().checked_sub(1)?;
    let away_m = |index: usize| distance_m(fixes[index].point, destination);
    if away_m(last) > ELSEWHERE_M {
        return None;
    }
    let staying = (0..=last).rev().take_while(|&index| away_m(index) <= ARRIVED_M).last();
    Some(staying.unwrap_or(last))
}

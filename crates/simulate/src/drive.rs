//! Vehicles that drive along routes: the reports of each and when they are due.

use crate::device::VehicleSpec;
use crate::report::Report;
use crate::{Route, SimulateOptions, Walker};
use milepost_domain::Timestamp;
use std::sync::Arc;

/// All walkers, each reporting at the same rate, spread evenly over a period so that the load is smooth.
pub(crate) struct Drive {
    walkers: Vec<Walker>,
    rate_hz: f64,
    /// The number of fixes so far.
    count: u64,
}

/// The vehicles of a drive, numbered from 1 and assigned to the routes in turn.
pub(crate) fn vehicles_of_drive(options: &SimulateOptions, routes: &[Arc<Route>]) -> Vec<VehicleSpec> {
    let digits = options.vehicles.to_string().len().max(2);
    (0..options.vehicles)
        .map(|index| {
            let route = &routes[index % routes.len()];
            let number = format!("{:0digits$}", index + 1);
            VehicleSpec {
                vehicle_id: format!("{}{number}", options.prefix),
                label: format!("{} {number}", route.name),
                route: Some(route.number.clone()),
            }
        })
        .collect()
}

impl Drive {
    pub(crate) fn new(vehicles: usize, rate_hz: f64, routes: &[Arc<Route>], seed: u64) -> Self {
        let walkers = (0..vehicles).map(|index| {
            let own = fastrand::Rng::with_seed(seed.wrapping_add(index as u64)).u64(..);
            Walker::new(routes[index % routes.len()].clone(), own)
        });
        Self { walkers: walkers.collect(), rate_hz, count: 0 }
    }

    /// The next fix: milliseconds after the start at which it is due, its vehicle's index, and the report.
    pub(crate) fn next(&mut self, start: Timestamp) -> (i64, usize, Report) {
        let vehicles = self.walkers.len();
        let index = (self.count % vehicles as u64) as usize;
        let due_ms = (self.count as f64 * 1000.0 / (self.rate_hz * vehicles as f64)).round() as i64;
        self.count += 1;
        let fix = self.walkers[index].step(1.0 / self.rate_hz);
        (due_ms, index, Report { fix, at: start.plus_ms(due_ms) })
    }
}

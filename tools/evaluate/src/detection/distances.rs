//! Distances of trips along known geodesics of the WGS 84 ellipsoid.

use super::recordings::position;
use crate::recordings::read_text;
use anyhow::Result;
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m, interpolate};
use milepost_report::{Goal, Report, Table};
use milepost_track::{NoFences, Rules, TrackHistory, TrackState, fold};
use serde::Deserialize;
use std::path::Path;

/// Distance between the fixes of a trip along the line, 30 s apart: 120 km/h.
const STEP_M: f64 = 1000.0;
/// Longer lines are cut to this length.
const LONGEST_TRIP_M: f64 = 2_000_000.0;
/// On shorter lines the uncertainty at start and stop outweighs the rest.
const SHORTEST_TRIP_M: f64 = 20_000.0;
/// The largest error of a sphere.
const GOAL_PERCENT: f64 = 0.56;

#[derive(Deserialize)]
struct Reference {
    wgs84_geodesic_geodtest_subset: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    lat1: f64,
    lon1: f64,
    lat2: f64,
    lon2: f64,
    s12_m: f64,
}

/// Adds the comparison to the report.
pub(super) fn compare(file: &Path, report: &mut Report) -> Result<()> {
    let reference: Reference = serde_json::from_str(&read_text(file)?)?;
    let (mut lines, mut line_worst, mut trips, mut trip_worst) = (0, 0.0_f64, 0, 0.0_f64);
    for line in &reference.wgs84_geodesic_geodtest_subset {
        if line.s12_m <= 0.0 {
            continue;
        }
        let (from, to) = (Point::from_degrees(line.lat1, line.lon1)?, Point::from_degrees(line.lat2, line.lon2)?);
        let sphere_m = distance_m(from, to);
        lines += 1;
        line_worst = line_worst.max((sphere_m / line.s12_m - 1.0).abs() * 100.0);
        if sphere_m >= SHORTEST_TRIP_M {
            let part = (LONGEST_TRIP_M / sphere_m).min(1.0);
            let driven_m = drive(from, to, part);
            trips += 1;
            trip_worst = trip_worst.max((driven_m / (sphere_m * part) - 1.0).abs() * 100.0);
        }
    }
    let mut table = Table::new(["distances", "lines", "worst %"]);
    table.row(["great circle against the WGS 84 geodesic".into(), lines.to_string(), format!("{line_worst:.3}")]);
    table.row(["trip against its great circle".into(), trips.to_string(), format!("{trip_worst:.3}")]);
    report.table(table);
    report.against_goal("distance_worst_percent", line_worst, Goal::AtMost(GOAL_PERCENT));
    report.against_goal("trip_distance_worst_percent", trip_worst, Goal::AtMost(0.05));
    Ok(())
}

/// Parks, drives and parks again; returns the trip's length in metres.
fn drive(from: Point, to: Point, part: f64) -> f64 {
    let steps = (distance_m(from, to) * part / STEP_M).ceil();
    let (mut state, mut facts, mut history) = (TrackState::default(), Vec::new(), TrackHistory::default());
    let mut at = Timestamp::from_unix_ms(0).expect("1970 is a time");
    let mut report_at = |fraction: f64| {
        let there = position(at, interpolate(from, to, fraction));
        fold(&mut state, &there, &Rules::default(), &NoFences, &mut facts);
        at = at.plus_ms(30_000);
    };
    (0..20).for_each(|_| report_at(0.0));
    (0..=steps as u32).for_each(|step| report_at(f64::from(step) / steps * part));
    (0..20).for_each(|_| report_at(part));
    facts.iter().for_each(|fact| history.apply(fact));
    history.trips.values().map(|trip| trip.distance_mm as f64 / 1000.0).sum()
}

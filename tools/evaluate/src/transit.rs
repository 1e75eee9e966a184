//! How often a bus is matched to the trip that it was on, and how right the arrivals at its next stops are.

use crate::csv::Csv;
use anyhow::{Context as _, Result};
use clap::Args;
use milepost_domain::{HeadingDeg, Timestamp};
use milepost_report::{Report, Table};
use milepost_timetable::{Match, Observed, Previous, Timetable, read_timetable};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::PathBuf;

/// An arrival is judged if it was expected within this time, seconds.
const JUDGED_S: f64 = 900.0;

#[derive(Debug, Args, Serialize)]
pub(crate) struct TransitOptions {
    /// The folder with the recordings
    #[arg(long)]
    data: PathBuf,
}

/// One recorded position of a bus that was on a trip.
struct Seen<'a> {
    observed: Observed<'a>,
    trip_id: &'a str,
    /// The stop at which it stands.
    stands_at: Option<&'a str>,
}

#[derive(Default)]
struct Tally {
    right: usize,
    wrong: usize,
    none: usize,
    /// Of arrivals: |expected - real|, seconds, by the delay and by the timetable alone.
    errors: Vec<(f64, f64)>,
}

pub(crate) fn run_transit(options: &TransitOptions) -> Result<()> {
    let folder = options.data.join("wmata-bus-gtfsrt");
    let timetable = read_timetable(File::open(folder.join("wmata_gtfs_3routes_2026-02-16.zip"))?)?;
    let text = std::fs::read_to_string(folder.join("wmata_gtfsrt_2026-02-16.csv"))?;
    let csv = Csv::new(&text, &["vehicle.trip.trip_id", "vehicle.timestamp", "vehicle.vehicle.id"])?;
    let rows: Vec<_> = csv.rows().collect();
    let mut buses: BTreeMap<&str, Vec<Seen<'_>>> = BTreeMap::new();
    for row in &rows {
        let (Some(bus), Some(trip_id)) = (row.get("vehicle.vehicle.id"), row.get("vehicle.trip.trip_id")) else {
            continue;
        };
        let Some(point) = row.point("vehicle.position.latitude", "vehicle.position.longitude") else { continue };
        let at = row.parse::<i64>("vehicle.timestamp").and_then(|s| Timestamp::from_unix_ms(s * 1_000));
        let heading = row.parse("vehicle.position.bearing").and_then(|degrees| HeadingDeg::new(degrees).ok());
        let route = row.get("vehicle.trip.route_id");
        let observed = Observed { point, heading, at: at.context("a row without a time")?, route, trip: None };
        let stands_at = row.get("vehicle.stop_id").filter(|_| row.parse::<f64>("vehicle.current_status") == Some(1.0));
        buses.entry(bus).or_default().push(Seen { observed, trip_id, stands_at });
    }
    let mut report = Report::new("transit", options)?;
    let mut table =
        Table::new(["route", "positions", "right trip", "wrong", "none", "arrival error, mean s", "by timetable"]);
    for (name, knows_route) in [("known", true), ("unknown", false)] {
        let mut tally = Tally::default();
        for seen in buses.values_mut() {
            seen.sort_by_key(|seen| seen.observed.at);
            follow_bus(&timetable, seen, knows_route, &mut tally);
        }
        let all = (tally.right + tally.wrong + tally.none) as f64;
        let share = |count: usize| format!("{:.1} %", 100.0 * count as f64 / all);
        let mean =
            |pick: fn(&(f64, f64)) -> f64| tally.errors.iter().map(pick).sum::<f64>() / tally.errors.len() as f64;
        let (live, planned) = (mean(|error| error.0), mean(|error| error.1));
        table.row([
            name.to_owned(),
            format!("{all}"),
            share(tally.right),
            share(tally.wrong),
            share(tally.none),
            format!("{live:.0}"),
            format!("{planned:.0}"),
        ]);
        report.figure(&format!("{name}.right"), tally.right as f64 / all);
        report.figure(&format!("{name}.arrival_error_s"), live);
    }
    report.table(table);
    report.print()
}

/// Matches each position of one bus, and judges the arrivals that were expected by the real ones.
fn follow_bus(timetable: &Timetable, seen: &[Seen<'_>], knows_route: bool, tally: &mut Tally) {
    let mut previous: Option<Previous> = None;
    // Expected arrivals by trip and stop, until the bus is there: by delay, and by the timetable.
    let mut expected: HashMap<(&str, &str), Vec<(Timestamp, Timestamp)>> = HashMap::new();
    for seen in seen {
        let route = seen.observed.route.filter(|_| knows_route);
        let found = timetable.find_trip(&Observed { route, ..seen.observed }, previous.as_ref());
        previous = found.map(Previous::from);
        if let Some(stop) = seen.stands_at {
            for (live, planned) in expected.remove(&(seen.trip_id, stop)).unwrap_or_default() {
                let off = |at: Timestamp| at.ms_since(seen.observed.at).abs() as f64 / 1_000.0;
                tally.errors.push((off(live), off(planned)));
            }
        }
        let Some(found) = found else {
            tally.none += 1;
            continue;
        };
        let trip = &timetable.trips[found.trip];
        if trip.id != seen.trip_id {
            tally.wrong += 1;
            continue;
        }
        tally.right += 1;
        expect_arrivals(timetable, &found, seen, &mut expected);
    }
}

fn expect_arrivals<'a>(
    timetable: &'a Timetable,
    found: &Match,
    seen: &Seen<'a>,
    expected: &mut HashMap<(&'a str, &'a str), Vec<(Timestamp, Timestamp)>>,
) {
    let trip = &timetable.trips[found.trip];
    let pattern = &timetable.patterns[trip.pattern];
    for (call, times) in pattern.calls.iter().zip(&trip.times) {
        let planned = found.day.moment(f64::from(times.0));
        let live = planned.plus_ms((found.delay_s * 1_000.0) as i64);
        let ahead_s = live.ms_since(seen.observed.at) as f64 / 1_000.0;
        if call.along_m > found.along_m + 50.0 && (30.0..JUDGED_S).contains(&ahead_s) {
            let stop = timetable.stops[call.stop].id.as_str();
            expected.entry((trip.id.as_str(), stop)).or_default().push((live, planned));
        }
    }
}

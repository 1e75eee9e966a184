//! Compares speed violations and stops with the reports of Washington's buses, which have speeds and stops.

use super::recordings::{Report, Track};
use super::score::follow;
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};
use milepost_report::{Goal, Report as Output, Table, rounded};
use milepost_track::{IncidentKind, Rules, SpeedBasis, Stop, Thresholds, TrackHistory, Trip, VehicleRules};

/// City buses hardly exceed 80 km/h; lower limits make streaks to compare.
const LIMITS_KMH: [f64; 3] = [30.0, 40.0, 50.0];
/// A streak ends after this long without a report, milliseconds.
const SILENCE_MS: i64 = 120_000;
/// A bus stands if its reports show no motion for this long, milliseconds.
const STANDING_MS: i64 = 60_000;
/// A slower bus does not move, km/h.
const STANDING_KMH: f64 = 3.0;

/// Adds both comparisons to the report.
pub(super) fn compare(tracks: &[Track], output: &mut Output) {
    let mut table = Table::new(["Washington bus, limit km/h", "streaks reported", "found", "same", "missing", "extra"]);
    for limit_kmh in LIMITS_KMH {
        let thresholds = Thresholds { speed_limit_kmh: limit_kmh, ..Thresholds::default() };
        let rules = Rules::new(thresholds, VehicleRules::default()).expect("a limit in its range");
        let (mut reported, mut found, mut same) = (0, 0, 0);
        for track in tracks {
            let scanned = scan(&track.reports, limit_kmh, &thresholds);
            let history = follow(track, &rules);
            let streaks: Vec<(Timestamp, Timestamp)> = violations(&history).collect();
            reported += scanned.len();
            found += streaks.len();
            same += scanned.iter().filter(|scanned| streaks.contains(scanned)).count();
        }
        let cells = [reported, found, same, reported - same, found - same].map(|count| count.to_string());
        let [reported_text, found_text, same_text, missing, extra] = cells;
        table.row([format!("{limit_kmh}"), reported_text, found_text, same_text, missing, extra]);
        let share = same as f64 / reported.max(found).max(1) as f64;
        output.against_goal(&format!("streaks_same_at_{limit_kmh}"), share, Goal::AtLeast(0.95));
    }
    output.table(table);
    at_stops(tracks, output);
}

fn violations(history: &TrackHistory) -> impl Iterator<Item = (Timestamp, Timestamp)> {
    let speeding = history.incidents.values().filter(|incident| incident.kind == IncidentKind::Speeding);
    let by_report = speeding.filter(|incident| incident.basis == Some(SpeedBasis::Reported));
    by_report.filter_map(|incident| Some((incident.started_at, incident.ended_at?)))
}

/// Runs of reported speeds over the limit, straight from the recording.
fn scan(reports: &[Report], limit_kmh: f64, thresholds: &Thresholds) -> Vec<(Timestamp, Timestamp)> {
    let mut streaks: Vec<(Timestamp, Timestamp)> = Vec::new();
    let mut open: Option<(Timestamp, Timestamp)> = None;
    let enough =
        |&(from, until): &(Timestamp, Timestamp)| until.ms_since(from) >= i64::from(thresholds.speeding_for_s) * 1000;
    for report in reports {
        let (at, Some(kmh)) = (report.position.at, report.position.speed.map(|speed| speed.get())) else { continue };
        if let Some(streak) = open.take_if(|(_, until)| at.ms_since(*until) > SILENCE_MS) {
            streaks.extend(Some(streak).filter(enough));
        }
        if kmh > limit_kmh {
            open = Some(open.map_or((at, at), |(from, _)| (from, at)));
        } else if kmh <= limit_kmh - thresholds.speeding_hysteresis_kmh || open.is_some_and(|open| !enough(&open)) {
            streaks.extend(open.take().filter(enough));
        }
    }
    // A streak that goes on at the end of the recording has no end to compare.
    streaks
}

/// Stops against the reported speed, and against `STOPPED_AT`.
fn at_stops(tracks: &[Track], output: &mut Output) {
    let mut counts = Counts::default();
    for track in tracks {
        let history = follow(track, &Rules::default());
        let slow = |report: &Report| report.position.speed.is_some_and(|speed| speed.get() < STANDING_KMH);
        for (from, until) in runs(&track.reports, |report| slow(report).then_some("")) {
            counts.slow_runs += 1;
            counts.slow_found += usize::from(is_half_found(&history, from, until));
        }
        for (from, until) in runs(&track.reports, |report| report.stopped_at.as_deref()) {
            let during = |report: &&Report| (from..=until).contains(&report.position.at);
            counts.at_stop += 1;
            counts.at_stop_slow += usize::from(track.reports.iter().filter(during).all(slow));
        }
        for pair in track.reports.windows(2) {
            let (from, until) = (pair[0].position.at, pair[1].position.at);
            let path_m = distance_m(Point::from(&pair[0].position), Point::from(&pair[1].position));
            counts.path_km += path_m / 1000.0;
            let inside = |stop: &Stop| stop.started_at <= from && stop.ended_at.is_none_or(|end| until <= end);
            if history.stops.values().any(inside) {
                counts.stop_s += until.ms_since(from) as f64 / 1000.0;
                let seconds = until.ms_since(from) as f64 / 1000.0;
                counts.stop_slow_s += if slow(&pair[0]) || slow(&pair[1]) { seconds } else { 0.0 };
            }
        }
        counts.trips_km += history.trips.values().map(Trip::distance_km).sum::<f64>();
    }
    counts.print(output);
}

#[derive(Default)]
struct Counts {
    slow_runs: usize,
    slow_found: usize,
    at_stop: usize,
    at_stop_slow: usize,
    stop_s: f64,
    stop_slow_s: f64,
    path_km: f64,
    trips_km: f64,
}

impl Counts {
    fn print(&self, output: &mut Output) {
        let mut table = Table::new(["Washington bus, standing", "value"]);
        let slow = self.stop_slow_s / self.stop_s;
        table.row(["times of a minute or more below 3 km/h".into(), self.slow_runs.to_string()]);
        table.row(["… with a stop found for at least half".into(), self.slow_found.to_string()]);
        table.row(["hours of stops found".into(), format!("{:.1}", self.stop_s / 3600.0)]);
        table.row(["… with a reported speed below 3 km/h".into(), format!("{:.1} %", slow * 100.0)]);
        table.row(["times STOPPED_AT for a minute or more".into(), self.at_stop.to_string()]);
        table.row(["… below 3 km/h all the time".into(), self.at_stop_slow.to_string()]);
        table.row(["km between fixes, standing too".into(), format!("{:.0}", self.path_km)]);
        table.row(["km of trips".into(), format!("{:.0}", self.trips_km)]);
        output.table(table);
        output.figure("slow_runs", self.slow_runs);
        output.figure("slow_found", self.slow_found);
        output.figure("stop_time_slow", rounded(slow));
        output.figure("between_fixes_km", rounded(self.path_km));
        output.figure("trips_km", rounded(self.trips_km));
    }
}

fn is_half_found(history: &TrackHistory, from: Timestamp, until: Timestamp) -> bool {
    let overlap_ms =
        |stop: &Stop| stop.ended_at.map_or(until, |end| end.min(until)).ms_since(stop.started_at.max(from)).max(0);
    history.stops.values().map(overlap_ms).sum::<i64>() * 2 >= until.ms_since(from)
}

/// Times of a minute or more in which every report has the same key.
fn runs<'a>(
    reports: &'a [Report],
    key: impl Fn(&'a Report) -> Option<&'a str>,
) -> impl Iterator<Item = (Timestamp, Timestamp)> {
    let mut runs = Vec::new();
    let mut open: Option<(&str, Timestamp, Timestamp)> = None;
    for report in reports {
        let at = report.position.at;
        match (open, key(report)) {
            (Some((same, from, until)), Some(here)) if same == here && at.ms_since(until) <= SILENCE_MS => {
                open = Some((same, from, at));
            }
            (ended, here) => {
                runs.extend(ended.map(|(_, from, until)| (from, until)));
                open = here.map(|here| (here, at, at));
            }
        }
    }
    runs.extend(open.map(|(_, from, until)| (from, until)));
    runs.into_iter().filter(|(from, until)| until.ms_since(*from) >= STANDING_MS)
}

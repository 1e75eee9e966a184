//! `detection`: follows recorded drives and compares trips and stops with labels, or with another source.

mod distances;
mod membership;
mod recordings;
mod score;
mod streaks;

use crate::recordings::Part;
use anyhow::{Result, ensure};
use clap::Args;
use milepost_report::{Report, Table, median, rounded};
use milepost_track::Rules;
use recordings::{Recording, Track, read_delivery_vans, read_new_york, read_washington};
use score::{Score, Times, score_track};
use serde::Serialize;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Every second track, from the first on, was used to choose the thresholds.
const FITTED_EVERY: usize = 2;

/// Options of `detection`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct DetectionOptions {
    /// Folder of recordings, laid out as docs/detection.md says; missing recordings are skipped
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Which tracks to follow
    #[arg(long, value_enum, default_value_t = Part::HeldOut)]
    part: Part,
    /// Prints a line for each labelled track too
    #[arg(long)]
    each: bool,
}

/// Follows every track and prints the comparisons.
pub(crate) fn run_detection(options: &DetectionOptions) -> Result<()> {
    let mut report = Report::new("detection", options)?;
    let mut recordings = Vec::new();
    let buses = options.data.join("nyc-bus-traces-labelled/traces");
    if buses.exists() {
        recordings.push(read_new_york(&buses)?);
    }
    let vans = options.data.join("goal-delivery-activity/trajectories.zip");
    if vans.exists() {
        recordings.push(read_delivery_vans(&vans)?);
    }
    let mut found = !recordings.is_empty();
    if found {
        labelled(&recordings, options, &mut report);
    }
    let washington = options.data.join("wmata-bus-gtfsrt/wmata_gtfsrt_2026-02-16.csv");
    if washington.exists() {
        streaks::compare(&read_washington(&washington)?, &mut report);
        found = true;
    }
    let reference = options.data.join("geodesic-reference/distances.json");
    if reference.exists() {
        distances::compare(&reference, &mut report)?;
        found = true;
    }
    let geofences = options.data.join("geofences");
    if geofences.exists() {
        membership::compare(&geofences, &mut report)?;
        found = true;
    }
    ensure!(found, "no recording was found in {}", options.data.display());
    report.print()
}

fn labelled(recordings: &[Recording], options: &DetectionOptions, report: &mut Report) {
    let mut table = Table::new([
        "labelled drives",
        "tracks",
        "hours",
        "precision",
        "recall",
        "F1 moving",
        "F1 standing",
        "naive F1 moving",
        "standing",
        "stops found",
        "start off s",
        "p90",
        "end off s",
        "p90",
    ]);
    for recording in recordings {
        let tracks = recording.tracks.iter().enumerate().filter(|(index, _)| options.part.has(*index, FITTED_EVERY));
        let tracks: Vec<&Track> = tracks.map(|(_, track)| track).collect();
        let mut total = Score::default();
        for track in &tracks {
            let score = score_track(track, recording.truth, &Rules::default());
            if options.each {
                table.row(row(&format!("  {}", track.name), 1, &score));
            }
            total.add(score);
        }
        table.row(row(recording.name, tracks.len(), &total));
        report.figure(recording.name, figures(tracks.len(), &total));
    }
    report.table(table);
}

fn row(name: &str, tracks: usize, score: &Score) -> [String; 14] {
    let percent = |part: f64| format!("{:.1} %", part * 100.0);
    let seconds = |value: f64| format!("{value:.0}");
    let times: &Times = &score.found;
    [
        name.to_owned(),
        tracks.to_string(),
        format!("{:.1}", times.total_s() / 3600.0),
        percent(times.precision()),
        percent(times.recall()),
        percent(times.f1()),
        percent(times.inverse().f1()),
        percent(score.naive.f1()),
        score.standing.to_string(),
        score.matched.to_string(),
        seconds(median(sizes(&score.start_errors_s))),
        seconds(p90(&score.start_errors_s)),
        seconds(median(sizes(&score.end_errors_s))),
        seconds(p90(&score.end_errors_s)),
    ]
}

fn sizes(errors_s: &[f64]) -> Vec<f64> {
    errors_s.iter().map(|error| error.abs()).collect()
}

fn p90(errors_s: &[f64]) -> f64 {
    let mut sizes = sizes(errors_s);
    sizes.sort_by(f64::total_cmp);
    sizes.get((sizes.len() as f64 * 0.9) as usize).copied().unwrap_or(f64::NAN)
}

fn figures(tracks: usize, score: &Score) -> Value {
    json!({
        "tracks": tracks,
        "hours": rounded(score.found.total_s() / 3600.0),
        "precision": rounded(score.found.precision()),
        "recall": rounded(score.found.recall()),
        "f1_moving": rounded(score.found.f1()),
        "f1_standing": rounded(score.found.inverse().f1()),
        "naive_f1_moving": rounded(score.naive.f1()),
        "naive_f1_standing": rounded(score.naive.inverse().f1()),
        "standing_labelled": score.standing,
        "standing_found": score.matched,
        "start_off_median_s": rounded(median(sizes(&score.start_errors_s))),
        "end_off_median_s": rounded(median(sizes(&score.end_errors_s))),
    })
}

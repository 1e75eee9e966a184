//! `eta`: replays recorded drives and tells how far off the documented arrival time and the better estimate are.

mod moment;
mod recordings;

use crate::report::{Report, Table, rounded};
use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use moment::{ARRIVED_M, Errors, Moment, covered, errors, estimate, line, replay_rider};
use recordings::{
    AUSTIN, BusLeg, Columns, NEW_YORK, Rider, Stop, WASHINGTON, read_buses, read_delivery_drivers, read_text,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Bands of straight distance still to go, in metres, from each to the next.
const BANDS_M: [f64; 5] = [ARRIVED_M, 300.0, 1000.0, 3000.0, f64::INFINITY];

/// Options of `eta`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct EtaOptions {
    /// Folder of recordings, laid out as docs/eta.md says; what is missing is left out
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Which riders to replay
    #[arg(long, value_enum, default_value_t = Part::HeldOut)]
    part: Part,
}

/// Riders by their part in choosing the constants of the estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Part {
    /// Those that had no part in it
    HeldOut,
    /// Those that the constants were fitted to
    Fitted,
    /// Both
    All,
}

/// Riders recorded together.
struct Recording {
    name: &'static str,
    riders: Vec<Rider>,
    /// Every rider of this many, from the first on, was fitted to; none for 0.
    fitted_every: usize,
}

/// Replays every recording and prints what came out.
///
/// # Errors
/// If a recording can't be read or none is there.
pub(crate) fn run_eta(options: &EtaOptions) -> Result<()> {
    let mut report = Report::new("eta", options)?;
    let mut table = Table::new([
        "recording, metres to go",
        "moments",
        "MAE line",
        "average",
        "pace",
        "estimate",
        "gain",
        "median line",
        "estimate",
        "p90 line",
        "estimate",
        "bias line",
        "estimate",
        "in 80 %",
    ]);
    let recordings = read_recordings(&options.data)?;
    ensure!(!recordings.is_empty(), "no recording was found in {}", options.data.display());
    for recording in &recordings {
        let moments = recording.replay(options.part);
        if moments.is_empty() {
            continue; // Such as all of a recording that nothing was fitted to.
        }
        table.row(row(recording.name, &moments));
        for band in BANDS_M.windows(2) {
            let part: Vec<Moment> =
                moments.iter().filter(|moment| (band[0]..band[1]).contains(&moment.straight_m)).copied().collect();
            if !part.is_empty() {
                let name = if band[1].is_finite() {
                    format!("  {} to {}", band[0], band[1])
                } else {
                    format!("  {} and more", band[0])
                };
                table.row(row(&name, &part));
            }
        }
        let (riders, legs) = recording.count(options.part);
        let mut figures = figures(&moments);
        (figures["riders"], figures["legs"]) = (riders.into(), legs.into());
        report.figure(recording.name, figures);
    }
    report.table(table);
    report.print()
}

fn read_recordings(data: &Path) -> Result<Vec<Recording>> {
    let mut recordings = Vec::new();
    let drivers = data.join("goal-delivery-activity/trajectories.zip");
    if drivers.exists() {
        let text = read_text(&drivers)?;
        for (name, stop) in [("delivery van, next stop", Stop::Next), ("delivery van, last stop", Stop::Last)] {
            recordings.push(Recording { name, riders: read_delivery_drivers(&text, stop)?, fitted_every: 2 });
        }
    }
    let mut add_buses = |name, path: &str, columns: &Columns, leg, fitted_every| -> Result<()> {
        let path = data.join(path);
        let files = if path.is_dir() { files_of(&path)? } else { vec![path] };
        if files.first().is_some_and(|file| file.exists()) {
            let texts = files.iter().map(|file| read_text(file)).collect::<Result<Vec<String>>>()?;
            recordings.push(Recording { name, riders: read_buses(&texts, columns, leg)?, fitted_every });
        }
        Ok(())
    };
    let austin = "austin-capmetro-fleet/positions_2016-12-16.csv";
    add_buses("New York bus, 2 km", "nyc-bus-traces-labelled/traces", &NEW_YORK, BusLeg::TwoKilometres, 2)?;
    add_buses("Austin bus 2016, 2 km", austin, &AUSTIN, BusLeg::TwoKilometres, 6)?;
    add_buses("Austin bus 2016, trip", austin, &AUSTIN, BusLeg::WholeTrip, 6)?;
    let austin = "austin-capmetro-fleet/positions_2015-03-07_0800-1059_mph.csv";
    add_buses("Austin bus 2015, 2 km", austin, &AUSTIN, BusLeg::TwoKilometres, 0)?;
    let washington = "wmata-bus-gtfsrt/wmata_gtfsrt_2026-02-16.csv";
    add_buses("Washington bus, stop", washington, &WASHINGTON, BusLeg::TwoKilometresToStop, 0)?;
    Ok(recordings)
}

/// The folder's traces with labels: one file has only another program's guesses.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<PathBuf>>>()?;
    files.retain(|file| file.extension().is_some_and(|ext| ext == "csv") && !file.ends_with("6603-2014-04-15.csv"));
    files.sort();
    Ok(files)
}

impl Recording {
    fn riders(&self, part: Part) -> impl Iterator<Item = &Rider> {
        let fitted = |index: usize| self.fitted_every > 0 && index.is_multiple_of(self.fitted_every);
        let in_part = move |index| part == Part::All || fitted(index) == (part == Part::Fitted);
        self.riders.iter().enumerate().filter(move |(index, _)| in_part(*index)).map(|(_, rider)| rider)
    }

    fn count(&self, part: Part) -> (usize, usize) {
        self.riders(part)
            .filter(|rider| !rider.legs.is_empty())
            .fold((0, 0), |(riders, legs), rider| (riders + 1, legs + rider.legs.len()))
    }

    fn replay(&self, part: Part) -> Vec<Moment> {
        self.riders(part).flat_map(replay_rider).collect()
    }
}

fn row(name: &str, moments: &[Moment]) -> [String; 14] {
    let (line, best) = (line(moments), estimate(moments));
    let seconds = |value: f64| format!("{value:.0}");
    [
        name.to_owned(),
        moments.len().to_string(),
        seconds(line.mean_s),
        seconds(errors(moments, |moment| moment.average_s).mean_s),
        seconds(errors(moments, |moment| moment.pace_s).mean_s),
        seconds(best.mean_s),
        format!("{:.0} %", (1.0 - best.mean_s / line.mean_s) * 100.0),
        seconds(line.median_s),
        seconds(best.median_s),
        seconds(line.p90_s),
        seconds(best.p90_s),
        format!("{:+.0}", line.bias_s),
        format!("{:+.0}", best.bias_s),
        format!("{:.0} %", covered(moments) * 100.0),
    ]
}

fn figures(moments: &[Moment]) -> Value {
    let of = |errors: Errors| {
        json!({
            "mean_absolute_s": rounded(errors.mean_s), "median_absolute_s": rounded(errors.median_s),
            "p90_absolute_s": rounded(errors.p90_s), "bias_s": rounded(errors.bias_s),
        })
    };
    json!({
        "moments": moments.len(),
        "line": of(line(moments)),
        "average": of(errors(moments, |moment| moment.average_s)),
        "pace": of(errors(moments, |moment| moment.pace_s)),
        "estimate": of(estimate(moments)),
        "in_interval": rounded(covered(moments)),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    /// None of these riders had a part in choosing the constants; credits are beside the files.
    const AUSTIN_BUSES: &str = include_str!("../testdata/austin_2016_three_buses.csv");
    const NEW_YORK_BUS: &str = include_str!("../testdata/nyc_7564.csv");
    const VANS: &str = include_str!("../testdata/delivery_vans.csv");

    fn replay_buses(text: &str, columns: &Columns, leg: BusLeg) -> Vec<Moment> {
        read_buses(&[text.to_owned()], columns, leg).unwrap().iter().flat_map(replay_rider).collect()
    }

    /// The estimate's mean error as a part of the line's.
    fn error_ratio(moments: &[Moment]) -> f64 {
        estimate(moments).mean_s / line(moments).mean_s
    }

    #[test]
    fn the_estimate_beats_the_line_on_buses() {
        let austin = replay_buses(AUSTIN_BUSES, &AUSTIN, BusLeg::TwoKilometres);
        let whole_trips = replay_buses(AUSTIN_BUSES, &AUSTIN, BusLeg::WholeTrip);
        let new_york = replay_buses(NEW_YORK_BUS, &NEW_YORK, BusLeg::TwoKilometres);
        let ratios = [&austin, &whole_trips, &new_york].map(|moments| (moments.len(), error_ratio(moments)));
        assert!(ratios.iter().all(|&(moments, ratio)| moments > 50 && ratio < 0.8), "{ratios:?}");
    }

    #[test]
    fn on_the_short_drives_of_vans_neither_is_much_better() {
        let vans = read_delivery_drivers(VANS, Stop::Next).unwrap();
        let moments: Vec<Moment> = vans.iter().flat_map(replay_rider).collect();
        let ratio = error_ratio(&moments);
        assert!(moments.len() > 50 && (0.9..1.1).contains(&ratio), "{} {ratio}", moments.len());
    }

    #[test]
    fn most_arrivals_lie_within_their_interval() {
        let mut moments = replay_buses(AUSTIN_BUSES, &AUSTIN, BusLeg::TwoKilometres);
        moments.extend(replay_buses(NEW_YORK_BUS, &NEW_YORK, BusLeg::TwoKilometres));
        let covered = covered(&moments);
        assert!((0.65..0.95).contains(&covered), "{covered}");
    }

    #[test]
    fn what_lies_ahead_changes_no_estimate() {
        let riders = read_buses(&[AUSTIN_BUSES.to_owned()], &AUSTIN, BusLeg::TwoKilometres).unwrap();
        let (start, end) = riders[0].legs[3];
        let mut cut = riders[0].clone();
        // The end of the leg stays, as it is where the estimates aim at; the way there and all behind it changes.
        cut.fixes.truncate(end + 1);
        cut.legs.truncate(4);
        let (whole, cut) = (replay_rider(&riders[0]), replay_rider(&cut));
        assert!(cut.len() > end - start && cut.len() < whole.len());
        assert!(cut.iter().zip(&whole).all(|(cut, whole)| cut.estimate == whole.estimate));
    }

    #[test]
    fn errors_are_means_medians_and_their_direction() {
        let moment = replay_buses(AUSTIN_BUSES, &AUSTIN, BusLeg::TwoKilometres)[0];
        let moments = [10.0, 20.0, 60.0].map(|line_s| Moment { truth_s: 30.0, line_s, ..moment });
        let expected = Errors { mean_s: 20.0, median_s: 20.0, p90_s: 30.0, bias_s: 0.0 };
        assert_eq!(errors(&moments, |moment| moment.line_s), expected);
    }
}

//! `eta`: replays recorded drives and compares the documented arrival time and the better estimate with the arrivals.

mod buses;
mod moment;
mod recordings;
mod rider;

use crate::recordings::Part;
use anyhow::{Result, ensure};
use clap::Args;
use milepost_report::{Report, Table, rounded};
use moment::{ARRIVED_M, Errors, Moment, TIMES, Time, accurate, covered, errors, estimate, line};
use recordings::read_recordings;
use serde::Serialize;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Bands of the straight distance still to go, metres; each reaches to the next.
const BANDS_M: [f64; 5] = [ARRIVED_M, 300.0, 1000.0, 3000.0, f64::INFINITY];

/// Options of `eta`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct EtaOptions {
    /// Folder of recordings, laid out as docs/eta.md says; missing recordings are skipped
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Which riders to replay
    #[arg(long, value_enum, default_value_t = Part::HeldOut)]
    part: Part,
}

/// Replays every recording and prints the errors.
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
    let mut times = Table::new([
        "recording, seconds to go",
        "moments",
        "accurate line",
        "estimate",
        "MAE line",
        "estimate",
        "moments shown",
        "accurate line",
        "estimate",
    ]);
    let recordings = read_recordings(&options.data)?;
    ensure!(!recordings.is_empty(), "no recording was found in {}", options.data.display());
    let mut all = Vec::new();
    for recording in &recordings {
        let moments = recording.replay(options.part);
        if moments.is_empty() {
            continue; // Nothing was fitted to this recording.
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
        for time in &TIMES {
            times.row(time_row(recording.name, time, &moments));
        }
        all.extend(moments.iter().copied());
        let (riders, legs) = recording.count(options.part);
        let mut figures = figures(&moments);
        (figures["riders"], figures["legs"]) = (riders.into(), legs.into());
        report.figure(recording.name, figures);
    }
    for time in &TIMES {
        times.row(time_row("all", time, &all));
    }
    report.table(table);
    report.table(times);
    report.print()
}

/// The moments with so many seconds to go in truth, and those of which each method says so.
fn time_row(name: &str, time: &Time, moments: &[Moment]) -> [String; 9] {
    let truly: Vec<Moment> = moments.iter().filter(|moment| time.has(moment.truth_s)).copied().collect();
    let shown = |predicted_s: &dyn Fn(&Moment) -> f64| -> Vec<Moment> {
        moments.iter().filter(|moment| time.has(predicted_s(moment))).copied().collect()
    };
    let line_s = |moment: &Moment| moment.line_s;
    let estimate_s = |moment: &Moment| f64::from(moment.estimate.seconds);
    let shown_or_dash =
        |value: f64, unit: &str| if value.is_nan() { "–".to_owned() } else { format!("{value:.0}{unit}") };
    let percent = |part: f64| shown_or_dash(part * 100.0, " %");
    let seconds = |value: f64| shown_or_dash(value, "");
    let (by_line, by_estimate) = (shown(&line_s), shown(&estimate_s));
    [
        format!("{name}, {}", time.name),
        truly.len().to_string(),
        percent(accurate(&truly, time, line_s)),
        percent(accurate(&truly, time, estimate_s)),
        seconds(line(&truly).mean_s),
        seconds(estimate(&truly).mean_s),
        format!("{}, {}", by_line.len(), by_estimate.len()),
        percent(accurate(&by_line, time, line_s)),
        percent(accurate(&by_estimate, time, estimate_s)),
    ]
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
    use crate::recordings::read_vans;
    use buses::{AUSTIN, BusLeg, Columns, NEW_YORK, read_buses};
    use moment::replay_riders;
    use rider::Rider;
    use rider::{Stop, rider_of_van};

    /// Constants were fitted to none of these riders. Credits are beside the files.
    const AUSTIN_BUSES: &str = include_str!("../testdata/austin_2016_three_buses.csv");
    const NEW_YORK_BUS: &str = include_str!("../testdata/nyc_7564.csv");
    const VANS: &str = include_str!("../testdata/delivery_vans.csv");

    fn replay_buses(text: &str, columns: &Columns, leg: BusLeg) -> Vec<Moment> {
        replay_riders(&read_buses(&[text.to_owned()], columns, leg).unwrap().iter().collect::<Vec<_>>())
    }

    /// The estimate's mean error divided by the documented formula's.
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
    fn the_estimate_beats_the_line_on_the_short_drives_of_vans_too() {
        let vans = read_vans(VANS).unwrap();
        let riders: Vec<Rider> = vans.iter().map(|van| rider_of_van(van, Stop::Next)).collect();
        let moments = replay_riders(&riders.iter().collect::<Vec<_>>());
        let ratio = error_ratio(&moments);
        assert!(moments.len() > 50 && ratio < 0.9, "{} {ratio}", moments.len());
    }

    #[test]
    fn most_arrivals_lie_within_their_interval() {
        let mut moments = replay_buses(AUSTIN_BUSES, &AUSTIN, BusLeg::TwoKilometres);
        moments.extend(replay_buses(NEW_YORK_BUS, &NEW_YORK, BusLeg::TwoKilometres));
        let covered = covered(&moments);
        assert!((0.65..0.95).contains(&covered), "{covered}");
    }

    #[test]
    fn later_fixes_change_no_estimate() {
        let riders = read_buses(&[AUSTIN_BUSES.to_owned()], &AUSTIN, BusLeg::TwoKilometres).unwrap();
        let (start, end) = riders[0].legs[3];
        let mut cut = riders[0].clone();
        // The end of the leg stays, because it is the destination. All later fixes are cut off.
        cut.fixes.truncate(end + 1);
        cut.legs.truncate(4);
        let (whole, cut) = (replay_riders(&[&riders[0]]), replay_riders(&[&cut]));
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

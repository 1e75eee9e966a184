//! `fold`: how many positions a second one core can fold.

use anyhow::Result;
use clap::Args;
use milepost_domain::{HeadingDeg, Position, SpeedKmh, Timestamp, VehicleId};
use milepost_geo::{Fence, Point, destination};
use milepost_report::{Goal, Report, Table, median};
use milepost_track::{FenceId, FenceSet, Fences, NoFences, PlacedFence, Rules, TrackFact, TrackState, fold};
use serde::Serialize;
use std::time::Instant;

/// Options of `fold`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct FoldOptions {
    /// Vehicles that drive about a city
    #[arg(long, default_value_t = 100)]
    vehicles: u32,
    /// Positions of each vehicle
    #[arg(long, default_value_t = 10_000)]
    positions: u32,
    /// Geofences all over the city, for the second figure
    #[arg(long, default_value_t = 10_000)]
    fences: u32,
    /// Times that everything is folded; the median counts
    #[arg(long, default_value_t = 5)]
    rounds: u32,
}

/// Folds made-up vehicles and prints the rates.
pub(crate) fn run_fold(options: &FoldOptions) -> Result<()> {
    let mut report = Report::new("fold", options)?;
    let tracks: Vec<Vec<Position>> =
        (0..options.vehicles).map(|vehicle| drive_in_city(vehicle, options.positions)).collect();
    let mut table = Table::new(["what is followed", "positions", "facts", "positions/s"]);
    let mut measure = |name: &str, fences: &dyn Fn(&[Position]) -> usize| {
        let count = tracks.iter().map(Vec::len).sum::<usize>();
        let mut facts = 0;
        let rates = (0..options.rounds.max(1)).map(|_| {
            let begin = Instant::now();
            facts = tracks.iter().map(|track| fences(track)).sum();
            count as f64 / begin.elapsed().as_secs_f64()
        });
        let rate = median(rates.collect());
        table.row([name.to_owned(), count.to_string(), facts.to_string(), format!("{rate:.0}")]);
        rate
    };
    let plain = measure("trips, stops, speeds", &|track| follow(track, &NoFences));
    let set = fences_in_city(options.fences)?;
    let fenced = measure(&format!("and {} fences", options.fences), &|track| follow(track, &set));
    report.table(table);
    report.against_goal("positions_a_second", plain, Goal::AtLeast(1_000_000.0));
    report.against_goal("positions_a_second_with_fences", fenced, Goal::AtLeast(300_000.0));
    report.print()
}

fn follow(track: &[Position], fences: &impl Fences) -> usize {
    let (mut state, mut count, rules) = (TrackState::default(), 0, Rules::default());
    let mut facts: Vec<TrackFact> = Vec::new();
    for position in track {
        fold(&mut state, position, &rules, fences, &mut facts);
        count += facts.len();
        facts.clear();
    }
    count
}

/// Circles, districts with twelve corners and street corridors, in a square of rows 250 m apart.
fn fences_in_city(count: u32) -> Result<FenceSet> {
    let rows = f64::from(count).sqrt().ceil().max(1.0) as u32;
    let corner = destination(
        destination(centre(), heading(270), f64::from(rows) * 125.0),
        heading(180),
        f64::from(rows) * 125.0,
    );
    let fences = (0..count).map(|index| {
        let (east, north) = (f64::from(index % rows) * 250.0, f64::from(index / rows) * 250.0);
        let middle = destination(destination(corner, heading(90), east), heading(0), north);
        let shape = match index % 3 {
            0 => Fence::circle(middle, 100.0 + f64::from(index % 7) * 20.0),
            1 => {
                let corners: Vec<Point> = (0..12)
                    .map(|turn| destination(middle, heading(turn * 30), 150.0 + f64::from(turn % 3) * 40.0))
                    .collect();
                Fence::polygon(&[corners])
            }
            _ => Fence::corridor(&[middle, destination(middle, heading(index % 4 * 90), 400.0)], 40.0),
        };
        let fence = shape.map_err(|refused| anyhow::anyhow!("{refused}"))?;
        Ok(PlacedFence { id: FenceId(u64::from(index)), fence, dwell_ms: Some(300_000), speed_limit_kmh: None })
    });
    Ok(FenceSet::new(fences.collect::<Result<Vec<PlacedFence>>>()?))
}

fn centre() -> Point {
    Point::from_degrees(30.2672, -97.7431).expect("Austin")
}

fn heading(deg: u32) -> HeadingDeg {
    HeadingDeg::new(f64::from(deg % 360)).expect("a remainder of 360")
}

/// Drives of ten minutes along straight streets with a fix every 5 s, and stops of two and of four minutes between them.
fn drive_in_city(vehicle: u32, positions: u32) -> Vec<Position> {
    let vehicle_id = VehicleId::new(&format!("v{vehicle}")).expect("a letter and digits");
    let mut point = destination(centre(), heading(vehicle * 37), f64::from(vehicle % 50) * 200.0);
    let mut at = Timestamp::from_unix_ms(1_717_228_800_000).expect("2024");
    let driven = (0..positions).map(|index| {
        let drives = !matches!(index % 250, 120..=143 | 200..=249);
        let street = heading((index / 20 + vehicle) % 4 * 90);
        // Noise: the golden angle gives headings that hardly repeat.
        let noise = destination(point, heading(index.wrapping_mul(137)), f64::from(index % 7));
        if drives {
            point = destination(point, street, 55.0);
        }
        at = at.plus_ms(5_000);
        Position {
            speed: SpeedKmh::new(if drives { 39.6 } else { 0.0 }).ok(),
            heading: Some(street),
            ..Position::new(vehicle_id.clone(), at, noise.latitude, noise.longitude)
        }
    });
    driven.collect()
}

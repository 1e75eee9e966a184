//! `growth`: what a position costs with few and with many vehicles and tenants, at one rate a second.

use crate::closed_loop::ClosedLoop;
use crate::fleet::{must_be, push_position};
use crate::http::{Client, json_request};
use crate::milepost::{Milepost, ServerOptions};
use crate::process::{cpu_seconds, cpu_seconds_of_all, rss_bytes};
use crate::publishing::now_ms;
use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use milepost_report::{Goal, Report, Table, figure_text};
use serde::Serialize;
use serde_json::json;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Positions in a request, at most. Those of a request are of one tenant.
const BATCH: usize = 1_000;
/// Connections that create vehicles and send positions.
const CONNECTIONS: usize = 4;
/// Driving vehicles go round circles of this radius at 54 km/h, which no rule holds for wrong.
const RADIUS_M: f64 = 1_000.0;
const SPEED_MS: f64 = 15.0;
/// Degrees of latitude a metre.
const DEGREES_A_METRE: f64 = 1.0 / 111_195.0;
/// Vehicles' circles lie in a square of so many columns, as far from each other as their diameter.
const COLUMNS: usize = 320;
/// History is complete within this, or the run fails.
const FOLDED_WITHIN: Duration = Duration::from_secs(120);

/// Options of `growth`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct GrowthOptions {
    #[command(flatten)]
    server: ServerOptions,
    /// Vehicles in all of each run
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000])]
    vehicles: Vec<usize>,
    /// Tenants among which they are divided; every run is made for each
    #[arg(long, value_delimiter = ',', default_values_t = [1])]
    tenants: Vec<usize>,
    /// Positions a second of all vehicles
    #[arg(long, default_value_t = 5_000.0)]
    rate: f64,
    /// Seconds that are measured, after as many that are not
    #[arg(long, default_value_t = 20.0)]
    seconds: f64,
    /// Geofences in all, on the ways of vehicles
    #[arg(long, default_value_t = 1_000)]
    fences: usize,
}

/// What one run found.
#[derive(Debug, Clone, Copy, Serialize)]
struct Run {
    vehicles: usize,
    tenants: usize,
    per_second: f64,
    /// CPU of the server, microseconds a position, history included.
    server_us: f64,
    /// CPU of all PostgreSQL processes of this machine, the same.
    database_us: f64,
    rss_bytes_per_vehicle: f64,
    /// Positions that were not folded yet, the most that was seen, as seconds of the rate.
    behind_s: f64,
}

/// Runs every size and prints the report.
pub(crate) fn run_growth(options: &GrowthOptions) -> Result<()> {
    let mut runs = Vec::new();
    for &tenants in &options.tenants {
        for &vehicles in &options.vehicles {
            ensure!(vehicles >= tenants, "{tenants} tenants need as many vehicles");
            eprintln!("{vehicles} vehicles of {tenants} tenants");
            runs.push(run(options, vehicles, tenants)?);
        }
    }
    let mut table =
        Table::new(["vehicles", "tenants", "positions/s", "server µs", "database µs", "bytes a vehicle", "behind s"]);
    for run in &runs {
        table.row([
            run.vehicles.to_string(),
            run.tenants.to_string(),
            figure_text(run.per_second),
            figure_text(run.server_us),
            figure_text(run.database_us),
            figure_text(run.rss_bytes_per_vehicle),
            figure_text(run.behind_s),
        ]);
    }
    let mut report = Report::new("growth", options)?;
    report.table(table);
    let first = runs.first().context("at least one size")?;
    let cost = |run: &Run| run.server_us + run.database_us;
    for run in &runs[1..] {
        let name = format!("{}_vehicles_{}_tenants", run.vehicles, run.tenants);
        report.against_goal(&format!("cpu_{name}"), cost(run) / cost(first), Goal::AtMost(1.3));
        report.against_goal(&format!("bytes_{name}"), run.rss_bytes_per_vehicle, Goal::AtMost(4_096.0));
        report.against_goal(&format!("behind_{name}"), run.behind_s, Goal::AtMost(2.0));
    }
    report.figure("runs", serde_json::to_value(&runs)?);
    report.print()
}

/// One tenant with its credential and the numbers of its vehicles.
struct Tenant {
    credential: String,
    vehicles: std::ops::Range<usize>,
}

fn run(options: &GrowthOptions, vehicles: usize, tenants: usize) -> Result<Run> {
    let milepost = Milepost::start(&options.server)?;
    let empty = rss_bytes(milepost.pid)?;
    let named = now_ms();
    let tenants: Vec<Tenant> = (0..tenants)
        .map(|number| {
            let name = if tenants == 1 { "default".to_owned() } else { format!("growth-{named}-{number}") };
            let vehicles = number * vehicles / tenants..(number + 1) * vehicles / tenants;
            Ok(Tenant { credential: milepost.bearer_of("admin", &name, &[])?, vehicles })
        })
        .collect::<Result<_>>()?;
    set_up(options, &milepost, &tenants)?;
    let mut status = milepost.client()?;
    let mut sender =
        Sender { requests: batches_of(&tenants), next: 0, load: ClosedLoop::open(&milepost, CONNECTIONS)? };
    sender.send(options, &mut status)?;
    wait_until_folded(&mut status)?;
    let before = (cpu_seconds(milepost.pid)?, cpu_seconds_of_all("postgres")?);
    let begun = Instant::now();
    let (positions, behind) = sender.send(options, &mut status)?;
    let per_second = positions as f64 / begun.elapsed().as_secs_f64();
    wait_until_folded(&mut status)?;
    let used = (cpu_seconds(milepost.pid)? - before.0, cpu_seconds_of_all("postgres")? - before.1);
    Ok(Run {
        vehicles,
        tenants: tenants.len(),
        per_second,
        server_us: used.0 * 1e6 / positions as f64,
        database_us: used.1 * 1e6 / positions as f64,
        rss_bytes_per_vehicle: rss_bytes(milepost.pid)?.saturating_sub(empty) as f64 / vehicles as f64,
        behind_s: behind / options.rate,
    })
}

/// Creates vehicles, and geofences around places that driving ones pass.
fn set_up(options: &GrowthOptions, milepost: &Milepost, tenants: &[Tenant]) -> Result<()> {
    let mut all = tenants.iter().flat_map(|tenant| tenant.vehicles.clone().map(move |number| (tenant, number)));
    let mut load = ClosedLoop::open(milepost, CONNECTIONS)?;
    load.run(Duration::MAX, |_| {
        let (tenant, number) = all.next()?;
        let body = json!({"id": id_of(number), "kind": "truck", "label": id_of(number)}).to_string();
        Some(json_request("POST", "/api/v1/vehicles", &tenant.credential, body.as_bytes()))
    })?;
    for tenant in tenants {
        let fences = (options.fences / tenants.len()).max(1).min(tenant.vehicles.len());
        let mut client = Client::connect(milepost.address, &tenant.credential)?;
        for fence in 0..fences {
            let (latitude, longitude) = place_of(tenant.vehicles.start + fence, 0);
            let geometry = json!({"type": "Point", "coordinates": [longitude, latitude]});
            let body = json!({"name": format!("Fence {fence}"), "geometry": geometry, "radius_m": 150});
            must_be(201, client.call("POST", "/api/v1/geofences", &body)?)?;
        }
    }
    Ok(())
}

/// Sends requests in turn at the rate, over connections that wait for their answers.
struct Sender<'a> {
    requests: Vec<(&'a str, std::ops::Range<usize>)>,
    next: usize,
    load: ClosedLoop,
}

impl Sender<'_> {
    /// Returns the number of positions, and the most that was not folded at one time.
    fn send(&mut self, options: &GrowthOptions, status: &mut Client) -> Result<(u64, f64)> {
        let (begun, mut sent, mut behind) = (Instant::now(), 0_u64, 0.0_f64);
        while begun.elapsed().as_secs_f64() < options.seconds {
            // A tenth of a second of positions at once, then a wait for the rest of it.
            let due = (begun.elapsed().as_secs_f64() + 0.1) * options.rate;
            self.load.run(Duration::MAX, |_| {
                if sent as f64 >= due {
                    return None;
                }
                let (credential, numbers) = self.requests[self.next].clone();
                self.next = (self.next + 1) % self.requests.len();
                sent += numbers.len() as u64;
                Some(json_request("POST", "/api/v1/positions", credential, batch(numbers, now_ms()).as_bytes()))
            })?;
            behind = behind.max(waiting(status)?);
            let ahead = sent as f64 / options.rate - begun.elapsed().as_secs_f64();
            sleep(Duration::from_secs_f64(ahead.max(0.0)));
        }
        Ok((sent, behind))
    }
}

fn batches_of(tenants: &[Tenant]) -> Vec<(&str, std::ops::Range<usize>)> {
    let of = |tenant: &'_ Tenant| {
        let vehicles = tenant.vehicles.clone();
        vehicles.clone().step_by(BATCH).map(move |start| start..vehicles.end.min(start + BATCH)).collect::<Vec<_>>()
    };
    tenants
        .iter()
        .flat_map(|tenant| of(tenant).into_iter().map(|numbers| (tenant.credential.as_str(), numbers)))
        .collect()
}

fn batch(numbers: std::ops::Range<usize>, at_ms: i64) -> String {
    let mut body = "[".to_owned();
    for number in numbers {
        if body.len() > 1 {
            body.push(',');
        }
        let speed_kmh = if drives(number) { SPEED_MS * 3.6 } else { 0.0 };
        push_position(&mut body, Some(&id_of(number)), place_of(number, at_ms), speed_kmh, 0, at_ms);
    }
    body.push(']');
    body
}

fn id_of(number: usize) -> String {
    format!("truck-{number}")
}

/// Half of them drive.
const fn drives(number: usize) -> bool {
    number.is_multiple_of(2)
}

/// Degrees north and east of a vehicle: on its own circle.
fn place_of(number: usize, at_ms: i64) -> (f64, f64) {
    let lap_ms = (std::f64::consts::TAU * RADIUS_M / SPEED_MS * 1_000.0) as i64;
    let turned = if drives(number) { (at_ms % lap_ms) as f64 / lap_ms as f64 } else { 0.0 };
    let (north, east) = (turned * std::f64::consts::TAU).sin_cos();
    let (row, column) = ((number / COLUMNS) as f64, (number % COLUMNS) as f64);
    let metres = |circles: f64, on: f64| (circles * 2.0 + on) * RADIUS_M * DEGREES_A_METRE;
    (-10.0 + metres(row, north), 10.0 + metres(column, east))
}

/// Positions that history does not know yet.
fn waiting(status: &mut Client) -> Result<f64> {
    let metrics = status.metrics()?;
    let gauge = |name: &str| metrics.get(name).copied().with_context(|| format!("/metrics has no {name}"));
    Ok(gauge("milepost_tracks_waiting")? + gauge("milepost_tracks_behind")?)
}

fn wait_until_folded(status: &mut Client) -> Result<()> {
    let begun = Instant::now();
    while waiting(status)? > 0.0 {
        if begun.elapsed() > FOLDED_WITHIN {
            bail!("history is not complete after {FOLDED_WITHIN:?}");
        }
        sleep(Duration::from_millis(50));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vehicles_drive_at_their_speed_or_stand() {
        let distance_m = |number: usize| {
            let (before, after) = (place_of(number, 7_000), place_of(number, 8_000));
            (after.0 - before.0).hypot(after.1 - before.1) / DEGREES_A_METRE
        };
        assert!((distance_m(2) - SPEED_MS).abs() < 0.1, "{}", distance_m(2));
        assert!(distance_m(3) < 1e-6);
    }

    #[test]
    fn every_vehicle_is_in_one_request_of_its_tenant() {
        let tenant = |vehicles| Tenant { credential: "c".to_owned(), vehicles };
        let tenants = [tenant(0..2_500), tenant(2_500..2_501)];
        let all: Vec<_> = batches_of(&tenants).into_iter().map(|(_, numbers)| numbers).collect();
        assert_eq!(all, [0..1_000, 1_000..2_000, 2_000..2_500, 2_500..2_501]);
    }
}

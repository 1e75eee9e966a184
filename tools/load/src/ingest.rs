//! `ingest`: positions a second that Milepost stores, one by one and in batches.

use crate::closed_loop::{ClosedLoop, Rate};
use crate::fleet::Fleet;
use crate::http::json_request;
use crate::milepost::{Milepost, ServerOptions};
use crate::postgres::copy_seconds;
use crate::process::{cpu_seconds, pin_to};
use crate::publishing::now_ms;
use crate::stamp::now_us;
use anyhow::{Result, ensure};
use clap::Args;
use milepost_report::{Goal, Report, Table, figure_text, median, rounded};
use serde::Serialize;
use std::time::Duration;

/// Batches begin two days ago, one second between positions, like an upload of a past drive.
const BATCH_AGE_MS: i64 = 2 * 24 * 3_600_000;
const BATCH_STEP_MS: i64 = 1000;

/// Options of `ingest`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct IngestOptions {
    #[command(flatten)]
    server: ServerOptions,
    /// Kiosks, each with a connection of its own
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds of each measurement of single positions
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Rounds; the figures are their medians. With many short rounds, disturbances by other programs fall on few of them
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// Positions in a batch
    #[arg(long, default_value_t = 1000)]
    batch: usize,
    /// Batches in each round
    #[arg(long, default_value_t = 200)]
    batches: usize,
    /// Connections that send batches
    #[arg(long, default_value_t = 4)]
    batch_connections: usize,
    /// Vehicles in the batches, divided among the connections: each is a gateway that uploads its own vehicles
    #[arg(long, default_value_t = 200)]
    vehicles: usize,
    /// Let every connection send positions of every vehicle, so that many arrive out of order
    #[arg(long)]
    shared_vehicles: bool,
}

/// Measures single positions, then batches, and prints the report.
pub(crate) fn run_ingest(options: &IngestOptions) -> Result<()> {
    ensure!(options.vehicles >= options.batch_connections, "every connection needs a vehicle of its own");
    let milepost = Milepost::start(&options.server)?;
    if !options.server.client_cpus.is_empty() {
        pin_to(&options.server.client_cpus)?;
    }
    let run = now_ms();
    let mut setup = milepost.client()?;
    let kiosks = Fleet::numbered(&format!("single-{run}"), options.connections);
    let mut kiosks = Fleet::set_up(&mut setup, kiosks, true)?;
    let vehicles = Fleet::numbered(&format!("batch-{run}"), options.vehicles);
    let mut vehicles = Fleet::set_up(&mut setup, vehicles, false)?;
    let (mut echoed, mut stored, mut batched, mut copied) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}: single positions", options.rounds);
        echoed.push(send_singles(&milepost, &mut kiosks, "/echo/kiosks/", options)?);
        stored.push(send_singles(&milepost, &mut kiosks, "/api/v1/kiosks/", options)?);
    }
    // Batches come after all single positions: trips are derived from an upload when it has ended, which would disturb the
    // next single positions.
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}: batches", options.rounds);
        batched.push(send_batches(&milepost, &mut vehicles, options)?);
        if let Some(url) = &options.server.database_url
            && url.starts_with("postgres")
        {
            let rows = options.batch * options.batches;
            copied.push(rows as f64 / copy_seconds(url, rows)?);
        }
    }
    report(options, &echoed, &stored, &batched, copied)?.print()
}

/// Every connection sends its next position as soon as the last one is answered.
fn send_singles(milepost: &Milepost, fleet: &mut Fleet, path_prefix: &str, options: &IngestOptions) -> Result<Rate> {
    let mut make = |connection: usize| fleet.buses[connection].kiosk_request(path_prefix, now_ms(), now_us());
    let mut load = ClosedLoop::open(milepost, options.connections)?;
    // A warm-up whose answers are not counted.
    load.run(Duration::from_millis(300), |connection| Some(make(connection)))?;
    load.answers.latency.reset();
    let cpu_s = cpu_seconds(milepost.pid)?;
    let elapsed = load.run(Duration::from_secs_f64(options.seconds), |connection| Some(make(connection)))?;
    load.rate(load.answers.latency.len(), elapsed, cpu_seconds(milepost.pid)? - cpu_s)
}

/// Sends batches that were built before, so that building them takes no CPU from the server.
fn send_batches(milepost: &Milepost, fleet: &mut Fleet, options: &IngestOptions) -> Result<Rate> {
    let start_ms = now_ms() - BATCH_AGE_MS;
    let (count, gateways) = (fleet.buses.len(), options.batch_connections);
    let mut requests: Vec<Vec<Vec<u8>>> = vec![Vec::new(); gateways];
    for batch in 0..options.batches {
        let gateway = batch % gateways;
        let own: Vec<usize> =
            (0..count).filter(|number| options.shared_vehicles || number % gateways == gateway).collect();
        let numbers = own.into_iter().cycle().take(options.batch);
        let body = fleet.batch_every(BATCH_STEP_MS, numbers, start_ms, now_us());
        requests[gateway].push(json_request("POST", "/api/v1/positions", &milepost.credential, body.as_bytes()));
    }
    requests.iter_mut().for_each(|requests| requests.reverse());
    let mut load = ClosedLoop::open(milepost, options.batch_connections)?;
    let cpu_s = cpu_seconds(milepost.pid)?;
    let elapsed = load.run(Duration::MAX, |gateway| requests[gateway].pop())?;
    let positions = (options.batch * options.batches) as u64;
    ensure!(load.answers.accepted == positions, "of {positions} positions {} were accepted", load.answers.accepted);
    load.rate(positions, elapsed, cpu_seconds(milepost.pid)? - cpu_s)
}

fn report(
    options: &IngestOptions,
    echoed: &[Rate],
    stored: &[Rate],
    batched: &[Rate],
    copied: Vec<f64>,
) -> Result<Report> {
    let mut report = Report::new("ingest", options)?;
    let mut table = Table::new(["medians", "positions/s", "p50 ms", "p99 ms", "CPU µs each"]);
    let mut rows = |name: &str, rates: &[Rate]| {
        let cell = |figure: fn(&Rate) -> f64| figure_text(median(rates.iter().map(figure).collect()));
        let per_second = cell(|rate| rate.per_second);
        table.row([
            name.into(),
            per_second,
            cell(|rate| rate.p50_ms),
            cell(|rate| rate.p99_ms),
            cell(|rate| rate.cpu_us),
        ]);
    };
    rows("single, parsed and answered", echoed);
    rows("single, durable", stored);
    rows("batches, durable", batched);
    if !copied.is_empty() {
        let blank = String::new;
        table.row(["bare COPY".into(), figure_text(median(copied.clone())), blank(), blank(), blank()]);
    }
    report.table(table);
    let per_second = |rates: &[Rate]| median(rates.iter().map(|rate| rate.per_second).collect());
    let ratios = echoed.iter().zip(stored).map(|(echoed, stored)| stored.per_second / echoed.per_second);
    report.figure("single_per_second", rounded(per_second(stored)));
    report.figure("echo_per_second", rounded(per_second(echoed)));
    report.figure("single_samples", serde_json::to_value(stored)?);
    report.figure("echo_samples", serde_json::to_value(echoed)?);
    report.figure("batch_samples", serde_json::to_value(batched)?);
    report.against_goal("single_to_echo_ratio", median(ratios.collect()), Goal::AtLeast(0.5));
    if copied.is_empty() {
        report.against_goal("batch_positions_per_second", per_second(batched), Goal::AtLeast(200_000.0));
    } else {
        report.figure("batch_positions_per_second", rounded(per_second(batched)));
        let ratios = batched.iter().zip(&copied).map(|(batched, copied)| batched.per_second / copied);
        report.against_goal("batch_to_copy_ratio", median(ratios.collect()), Goal::AtLeast(0.7));
    }
    Ok(report)
}

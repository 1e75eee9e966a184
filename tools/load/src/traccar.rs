//! `traccar`: the same client against Milepost's form of Traccar's API and against a real Traccar: intake by OsmAnd, fan-out on
//! `/api/socket`, and the delay from the report to the position's frame.

mod side;

use crate::client::{Client, Listener, Waiting};
use crate::closed_loop::{ClosedLoop, Rate};
use crate::frame::Closing;
use crate::histogram::{Durations, durations, quantile_ms};
use crate::http::Response;
use crate::milepost::{Milepost, ServerOptions};
use crate::process::{cpu_seconds, pin_to, raise_open_files};
use crate::publishing::{even_pace, now_ms, publish_on_time};
use crate::stamp::{age_us, now_us, stamp_of};
use anyhow::{Result, bail};
use clap::Args;
use milepost_report::{Goal, Report, Table, figure_text, median, rounded};
use serde::Serialize;
use side::{RealTraccar, Side};
use std::time::Duration;

/// Publishing connections: one commit must not delay the next report.
const PUBLISHERS: usize = 32;
/// All frames have arrived after this long without one.
const QUIET: Duration = Duration::from_secs(1);

/// Options of `traccar`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct TraccarOptions {
    #[command(flatten)]
    server: ServerOptions,
    #[command(flatten)]
    real: RealTraccar,
    /// Devices
    #[arg(long, default_value_t = 100)]
    devices: usize,
    /// Connections that report, each its next position when the last is answered
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Sockets of the fan-out, each of which sees all devices
    #[arg(long, default_value_t = 200)]
    sockets: usize,
    /// Positions a second of the fan-out. A Traccar on one core is saturated at some 25 with 200 sockets
    #[arg(long, default_value_t = 10.0)]
    rate: f64,
    /// Sockets while the delay is measured, with a position a second of each device
    #[arg(long, default_value_t = 20)]
    watchers: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Seconds of intake before the first measurement, so that a Java machine has compiled what it runs
    #[arg(long, default_value_t = 60.0)]
    warm_up: f64,
    /// Rounds, in which the servers take turns; the figures are their medians
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// What one round showed of one server.
#[derive(Debug, Clone, Copy, Serialize)]
struct Round {
    intake: Rate,
    fan_out: Paced,
    end_to_end: Paced,
}

/// Positions at a fixed pace, with sockets.
#[derive(Debug, Clone, Copy, Serialize)]
struct Paced {
    deliveries: u64,
    expected: u64,
    p50_ms: f64,
    p99_ms: f64,
    /// Server CPU microseconds a delivery, without what the same positions cost when nobody looks.
    cpu_us: f64,
    /// The longest delay between a report's planned time and its sending.
    max_late_ms: f64,
}

/// Measures both servers in turns, and prints the report.
pub(crate) fn run_traccar(mut options: TraccarOptions) -> Result<()> {
    raise_open_files()?;
    options.server.traccar_api = true;
    let milepost = Milepost::start(&options.server)?;
    if !options.server.client_cpus.is_empty() {
        pin_to(&options.server.client_cpus)?;
    }
    let run = now_ms();
    let devices: Vec<String> = (0..options.devices).map(|number| format!("load-{run}-{number}")).collect();
    let mut sides = vec![Side::of_milepost(&milepost, &devices)?];
    sides.extend(Side::of_traccar(&options.real, &devices)?);
    for side in &sides {
        eprintln!("{}: warming up", side.name);
        take_in(side, &options, options.warm_up)?;
    }
    let mut rounds: Vec<Vec<Round>> = vec![Vec::new(); sides.len()];
    for round in 1..=options.rounds {
        for (side, rounds) in sides.iter().zip(&mut rounds) {
            eprintln!("round {round} of {}: {}", options.rounds, side.name);
            rounds.push(measure(side, &options)?);
        }
    }
    report(&options, &sides, &rounds)?.print()
}

fn measure(side: &Side, options: &TraccarOptions) -> Result<Round> {
    let intake = take_in(side, options, options.seconds)?;
    let fan_out = send_paced(side, options.sockets, options.rate, options.seconds)?;
    let end_to_end = send_paced(side, options.watchers, options.devices as f64, options.seconds)?;
    Ok(Round { intake, fan_out, end_to_end })
}

/// Every connection sends its next report as soon as the last one is answered.
fn take_in(side: &Side, options: &TraccarOptions, seconds: f64) -> Result<Rate> {
    let mut load = ClosedLoop::open_at(side.osmand, options.connections)?;
    let mut number = 0;
    // A server that knows a device's time already takes the next one for a duplicate, so that times go on.
    let start_ms = now_ms();
    let mut next = |_| {
        number += 1;
        Some(side.report(number, start_ms + (number / options.devices as u64) as i64, now_us()))
    };
    load.run(Duration::from_millis(300), &mut next)?;
    load.answers.latency.reset();
    let cpu_s = cpu_seconds(side.pid)?;
    let elapsed = load.run(Duration::from_secs_f64(seconds), &mut next)?;
    load.rate(load.answers.latency.len(), elapsed, cpu_seconds(side.pid)? - cpu_s)
}

/// Sends reports at a fixed pace, first with nobody looking, then with sockets that each see all of them.
fn send_paced(side: &Side, sockets: usize, rate: f64, seconds: f64) -> Result<Paced> {
    let mut client = Client::new(Waiting::Sleep)?;
    client.open_publishers(PUBLISHERS, side.osmand)?;
    let mut heard = Heard { latency: durations(), refused: None };
    // A connection that says nothing at first is closed.
    for publisher in 0..PUBLISHERS {
        client.publish(publisher, side.report(publisher as u64, now_ms(), now_us()))?;
    }
    client.poll_until_quiet(QUIET, &mut heard)?;
    let publish = |client: &mut Client, heard: &mut Heard| {
        let cpu_s = cpu_seconds(side.pid)?;
        let make = |number, stamp_us| side.report(number, now_ms(), stamp_us);
        let published = publish_on_time(client, even_pace(rate, seconds), make, heard)?;
        client.poll_until_quiet(QUIET, heard)?;
        if let Some(refused) = heard.refused.take() {
            bail!("{}: {refused}", side.name);
        }
        Ok((published, cpu_seconds(side.pid)? - cpu_s))
    };
    let (_, unseen_s) = publish(&mut client, &mut heard)?;
    client.open_watchers(sockets, &side.socket())?;
    client.poll_until_quiet(QUIET, &mut heard)?;
    // What each socket is shown first is no delivery.
    heard.latency.reset();
    let (published, seen_s) = publish(&mut client, &mut heard)?;
    let deliveries = heard.latency.len();
    Ok(Paced {
        deliveries,
        expected: published.requests * sockets as u64,
        p50_ms: quantile_ms(&heard.latency, 0.5),
        p99_ms: quantile_ms(&heard.latency, 0.99),
        cpu_us: (seen_s - unseen_s) * 1e6 / deliveries.max(1) as f64,
        max_late_ms: published.max_late_us as f64 / 1e3,
    })
}

/// The delays of the positions that sockets were sent.
struct Heard {
    latency: Durations,
    refused: Option<String>,
}

impl Listener for Heard {
    fn message(&mut self, _watcher: usize, payload: &[u8], at_us: u64) {
        if payload.starts_with(b"{\"positions\"")
            && let Some(stamp_us) = stamp_of(payload, b"\"course\":")
        {
            self.latency.saturating_record(age_us(stamp_us, at_us));
        }
    }

    fn answer(&mut self, _publisher: usize, response: &Response<'_>) {
        if !(200..300).contains(&response.status) {
            self.refused = Some(format!("a report was answered {}", response.status));
        }
    }

    fn closed(&mut self, watcher: usize, closing: &Closing) {
        self.refused = Some(format!("socket {watcher} was closed with {} {}", closing.code, closing.reason));
    }
}

fn report(options: &TraccarOptions, sides: &[Side], rounds: &[Vec<Round>]) -> Result<Report> {
    let mut report = Report::new("traccar", options)?;
    let mut table =
        Table::new(["medians", "intake/s", "CPU µs each", "fan-out CPU µs", "of", "p50 ms", "p99 ms", "of"]);
    let middle = |rounds: &[Round], figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
    for (side, rounds) in sides.iter().zip(rounds) {
        let cell = |figure: fn(&Round) -> f64| figure_text(middle(rounds, figure));
        table.row([
            side.name.to_owned(),
            cell(|round| round.intake.per_second),
            cell(|round| round.intake.cpu_us),
            cell(|round| round.fan_out.cpu_us),
            cell(|round| round.fan_out.deliveries as f64 / round.fan_out.expected as f64),
            cell(|round| round.end_to_end.p50_ms),
            cell(|round| round.end_to_end.p99_ms),
            cell(|round| round.end_to_end.deliveries as f64 / round.end_to_end.expected as f64),
        ]);
        report.figure(&format!("{}_rounds", side.name.to_lowercase()), serde_json::to_value(rounds)?);
    }
    report.table(table);
    report.against_goal("p99_ms", middle(&rounds[0], |round| round.end_to_end.p99_ms), Goal::AtMost(20.0));
    if let [ours, theirs] = rounds {
        let ratio = |figure: fn(&Round) -> f64| {
            median(ours.iter().zip(theirs).map(|(ours, theirs)| figure(ours) / figure(theirs)).collect())
        };
        report.against_goal("intake_ratio", ratio(|round| round.intake.per_second), Goal::AtLeast(20.0));
        report.against_goal("fan_out_cpu_ratio", ratio(|round| round.fan_out.cpu_us), Goal::AtMost(0.2));
        report.figure("p99_ratio", rounded(ratio(|round| round.end_to_end.p99_ms)));
    }
    Ok(report)
}

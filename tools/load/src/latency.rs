//! `latency`: the time that a position takes from its kiosk to every watcher, and whether every screen shows the newest.

use crate::client::{Client, Waiting};
use crate::fleet::{Fleet, push_position};
use crate::histogram::{max_ms, quantile_ms};
use crate::http::json_request;
use crate::milepost::{Milepost, ServerOptions};
use crate::process::pin_to;
use crate::publishing::{Published, even_pace, now_ms, publish_on_time};
use crate::replay::{SpeedUnit, read_fixes};
use crate::screens::Screens;
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use milepost_report::{Goal, Report, Table, figure_text, median};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// Publishing connections: one commit must not delay the next position.
const PUBLISHERS: usize = 32;
/// All messages have arrived after this long without one.
const QUIET: Duration = Duration::from_secs(1);

/// Options of `latency`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct LatencyOptions {
    #[command(flatten)]
    server: ServerOptions,
    /// Buses, each with a kiosk
    #[arg(long, default_value_t = 100)]
    buses: usize,
    /// Sockets on /ws/bus-tracking/
    #[arg(long, default_value_t = 20)]
    watchers: usize,
    /// Positions a second of each bus
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// Seconds of each round
    #[arg(long, default_value_t = 20.0)]
    seconds: f64,
    /// Rounds; the figures are their medians
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Replay this CSV of a recorded fleet instead, once
    #[arg(long, value_name = "FILE", requires = "speed_unit")]
    replay: Option<PathBuf>,
    /// The unit of the file's speeds
    #[arg(long)]
    speed_unit: Option<SpeedUnit>,
    /// Leave out positions recorded before this instant, such as 2016-12-16T08:00:00-06:00
    #[arg(long)]
    #[serde(serialize_with = "as_text")]
    from: Option<jiff::Timestamp>,
    /// Leave out positions recorded from this instant on
    #[arg(long)]
    #[serde(serialize_with = "as_text")]
    until: Option<jiff::Timestamp>,
    /// How many times faster than it was recorded
    #[arg(long, default_value_t = 60.0)]
    faster: f64,
}

/// The result of one round.
#[derive(Debug, Clone, Copy, Serialize)]
struct Round {
    positions: u64,
    deliveries: u64,
    /// The number of messages that should have been delivered.
    expected: u64,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    /// The longest delay between a position's planned time and its sending.
    max_late_ms: f64,
    /// Buses on the watchers' screens that did not end on their newest position.
    stale: usize,
}

/// Runs every round and prints the report.
pub(crate) fn run_latency(options: &LatencyOptions) -> Result<()> {
    let rounds = match &options.replay {
        Some(file) => {
            let unit = options.speed_unit.context("--speed-unit is required with --replay")?;
            vec![run_round(options, |milepost, client| replay(options, file, unit, milepost, client))?]
        }
        None => (0..options.rounds)
            .map(|_| run_round(options, |milepost, client| drive(options, milepost, client)))
            .collect::<Result<_>>()?,
    };
    let mut table =
        Table::new(["round", "positions", "deliveries", "expected", "p50 ms", "p99 ms", "max ms", "late ms", "stale"]);
    for (number, round) in rounds.iter().enumerate() {
        table.row([
            (number + 1).to_string(),
            round.positions.to_string(),
            round.deliveries.to_string(),
            round.expected.to_string(),
            figure_text(round.p50_ms),
            figure_text(round.p99_ms),
            figure_text(round.max_ms),
            figure_text(round.max_late_ms),
            round.stale.to_string(),
        ]);
    }
    let mut report = Report::new("latency", options)?;
    report.table(table);
    report.figure("rounds", serde_json::to_value(&rounds)?);
    report.against_goal("p99_ms", median(rounds.iter().map(|round| round.p99_ms).collect()), Goal::AtMost(25.0));
    let stale = rounds.iter().map(|round| round.stale).sum::<usize>();
    report.against_goal("stale_screens", stale as f64, Goal::AtMost(0.0));
    report.print()
}

/// Starts a server and runs `publish` against it.
fn run_round(options: &LatencyOptions, publish: impl FnOnce(&Milepost, &mut Client) -> Result<Round>) -> Result<Round> {
    let milepost = Milepost::start(&options.server)?;
    if !options.server.client_cpus.is_empty() {
        pin_to(&options.server.client_cpus)?;
    }
    let mut client = Client::new(Waiting::Sleep)?;
    client.open_publishers(PUBLISHERS, milepost.address)?;
    publish(&milepost, &mut client)
}

/// Every kiosk pings at the same pace, one after the other.
fn drive(options: &LatencyOptions, milepost: &Milepost, client: &mut Client) -> Result<Round> {
    let prefix = format!("lat-{}", now_ms());
    let mut fleet = Fleet::set_up(&mut milepost.client()?, Fleet::numbered(&prefix, options.buses), true)?;
    let known = fleet.clone();
    let mut screens = Screens::new(options.watchers, &known);
    client.open_watchers(options.watchers, &milepost.bus_socket(false))?;
    let times = even_pace(options.rate * options.buses as f64, options.seconds);
    let make = |number: u64, stamp_us| {
        let bus = &mut fleet.buses[number as usize % options.buses];
        bus.kiosk_request("/api/v1/kiosks/", now_ms(), stamp_us)
    };
    let published = publish_on_time(client, times, make, &mut screens)?;
    let newest_ms: Vec<i64> = fleet.buses.iter().map(|bus| bus.newest_ms).collect();
    end_round(client, options, published, screens, &newest_ms)
}

/// Sends every recorded fix at its time, `faster` times as fast.
fn replay(
    options: &LatencyOptions,
    file: &PathBuf,
    unit: SpeedUnit,
    milepost: &Milepost,
    client: &mut Client,
) -> Result<Round> {
    let csv = std::fs::read_to_string(file).with_context(|| format!("can't read {}", file.display()))?;
    let mut fixes = read_fixes(&csv, unit)?;
    let from_ms = options.from.map_or(i64::MIN, jiff::Timestamp::as_millisecond);
    let until_ms = options.until.map_or(i64::MAX, jiff::Timestamp::as_millisecond);
    fixes.retain(|fix| (from_ms..until_ms).contains(&fix.at_ms));
    let first_ms = fixes.first().context("the file has no fix in that time")?.at_ms;
    let vehicles: BTreeSet<&str> = fixes.iter().map(|fix| fix.vehicle.as_str()).collect();
    let known = Fleet::set_up(&mut milepost.client()?, vehicles.into_iter().map(str::to_owned), false)?;
    let mut screens = Screens::new(options.watchers, &known);
    client.open_watchers(options.watchers, &milepost.bus_socket(false))?;
    let mut newest_ms = vec![0; known.buses.len()];
    let times =
        fixes.iter().map(|fix| Duration::from_secs_f64((fix.at_ms - first_ms) as f64 / 1000.0 / options.faster));
    let mut left = fixes.iter();
    let make = |_, stamp_us| {
        let fix = left.next().expect("there is a time for each fix");
        if let Some(bus) = known.number_of(&fix.vehicle) {
            newest_ms[bus] = fix.at_ms;
        }
        let mut body = String::new();
        push_position(&mut body, Some(&fix.vehicle), fix.place, fix.speed_kmh, stamp_us, fix.at_ms);
        json_request("POST", "/api/v1/positions", &milepost.credential, body.as_bytes())
    };
    let published = publish_on_time(client, times, make, &mut screens)?;
    end_round(client, options, published, screens, &newest_ms)
}

fn end_round(
    client: &mut Client,
    options: &LatencyOptions,
    published: Published,
    mut screens: Screens<'_>,
    newest_ms: &[i64],
) -> Result<Round> {
    client.poll_until_quiet(QUIET, &mut screens)?;
    screens.deliveries.check()?;
    let stale = screens.stale(newest_ms);
    let deliveries = &screens.deliveries;
    ensure!(!deliveries.latency.is_empty(), "no watcher received anything");
    Ok(Round {
        positions: published.requests,
        deliveries: deliveries.messages,
        expected: published.requests * options.watchers as u64,
        p50_ms: quantile_ms(&deliveries.latency, 0.5),
        p99_ms: quantile_ms(&deliveries.latency, 0.99),
        max_ms: max_ms(&deliveries.latency),
        max_late_ms: published.max_late_us as f64 / 1000.0,
        stale,
    })
}

fn as_text<S: serde::Serializer>(instant: &Option<jiff::Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    instant.map(|instant| instant.to_string()).serialize(serializer)
}

//! `nodes`: what a position costs that comes from another node, beside one that was taken by the watcher's own node.

use crate::client::{Client, Waiting};
use crate::fleet::Fleet;
use crate::histogram::quantile_ms;
use crate::milepost::{Milepost, ServerOptions};
use crate::process::cpu_seconds;
use crate::publishing::{even_pace, now_ms, publish_on_time};
use crate::screens::Screens;
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use milepost_report::{Goal, Report, Table, figure_text, median};
use serde::Serialize;
use std::thread::sleep;
use std::time::Duration;

/// Publishing connections: one commit must not delay the next position.
const PUBLISHERS: usize = 32;
/// All messages have arrived after this long without one.
const QUIET: Duration = Duration::from_secs(1);
/// Until every node knows the others, and their relays work.
const ACQUAINTANCE: Duration = Duration::from_secs(3);

/// Options of `nodes`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct NodesOptions {
    #[command(flatten)]
    server: ServerOptions,
    /// Buses, each with a kiosk
    #[arg(long, default_value_t = 100)]
    buses: usize,
    /// Sockets on /ws/bus-tracking/ in all
    #[arg(long, default_value_t = 20)]
    watchers: usize,
    /// Positions a second of each bus
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// Positions a second of all buses while the cost of receiving them is measured
    #[arg(long, default_value_t = 1000.0)]
    relayed: f64,
    /// Seconds of each step
    #[arg(long, default_value_t = 15.0)]
    seconds: f64,
    /// Rounds; the figures are their medians
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

/// What one step found.
#[derive(Debug, Clone, Copy, Serialize)]
struct Step {
    positions: u64,
    deliveries: u64,
    p50_ms: f64,
    p99_ms: f64,
    /// CPU of all nodes, microseconds a delivery.
    cpu_us: f64,
}

/// The result of one round.
#[derive(Debug, Clone, Copy, Serialize)]
struct Round {
    /// Watchers on the node that takes the positions, which is alone.
    own: Step,
    /// Watchers on another node.
    other: Step,
    /// Watchers spread over three nodes.
    spread: Step,
    /// CPU of a node that receives all positions for one watcher, microseconds a position, without what it uses when idle.
    received_us: f64,
    /// The same with the watcher on the node that takes them, beside what that node uses without one.
    delivered_us: f64,
}

/// Runs every round and prints the report.
pub(crate) fn run_nodes(options: &NodesOptions) -> Result<()> {
    ensure!(
        options.server.database_url.is_some() && options.server.redis_url.is_some(),
        "several nodes need --database-url postgres://… and --redis-url redis://…"
    );
    let rounds = (0..options.rounds).map(|_| run_round(options)).collect::<Result<Vec<_>>>()?;
    let mut table =
        Table::new(["round", "watchers", "positions", "deliveries", "p50 ms", "p99 ms", "CPU µs a delivery"]);
    for (number, round) in rounds.iter().enumerate() {
        for (name, step) in [("own node", round.own), ("other node", round.other), ("three nodes", round.spread)] {
            table.row([
                (number + 1).to_string(),
                name.to_owned(),
                step.positions.to_string(),
                step.deliveries.to_string(),
                figure_text(step.p50_ms),
                figure_text(step.p99_ms),
                figure_text(step.cpu_us),
            ]);
        }
    }
    let mut report = Report::new("nodes", options)?;
    report.table(table);
    report.figure("rounds", serde_json::to_value(&rounds)?);
    let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
    report.against_goal("p99_ms_above_own_node", of(|round| round.other.p99_ms - round.own.p99_ms), Goal::AtMost(10.0));
    report.against_goal("received_us", of(|round| round.received_us - round.delivered_us), Goal::AtMost(3.0));
    report.against_goal("cpu_of_three_nodes", of(|round| round.spread.cpu_us / round.own.cpu_us), Goal::AtMost(1.1));
    report.print()
}

fn run_round(options: &NodesOptions) -> Result<Round> {
    let one = Milepost::start(&options.server)?;
    let own = step(options, &one, &[&one], &[&one])?;
    let (two, three) = (Milepost::start(&options.server)?, Milepost::start(&options.server)?);
    sleep(ACQUAINTANCE);
    let all = [&one, &two, &three];
    let other = step(options, &one, &[&two], &all)?;
    let spread = step(options, &one, &all, &all)?;
    let received_us = busy_us(options, &one, &three, true)?;
    let delivered_us = busy_us(options, &one, &one, true)? - busy_us(options, &one, &one, false)?;
    Ok(Round { own, other, spread, received_us, delivered_us })
}

/// Positions at an even pace to `taker`, seen by sockets that are spread over `watched`. The CPU is that of `counted`.
fn step(options: &NodesOptions, taker: &Milepost, watched: &[&Milepost], counted: &[&Milepost]) -> Result<Step> {
    let mut fleet = new_fleet(options, taker)?;
    let known = fleet.clone();
    let mut screens = Screens::new(options.watchers, &known);
    let mut client = Client::new(Waiting::Sleep)?;
    client.open_publishers(PUBLISHERS, taker.address)?;
    for watcher in 0..options.watchers {
        client.open_watchers(1, &watched[watcher % watched.len()].bus_socket(false))?;
    }
    // The snapshots hold places of earlier steps, whose delay says nothing.
    client.poll_until_quiet(QUIET, &mut Screens::new(options.watchers, &known))?;
    let before = cpu_of(counted)?;
    let times = even_pace(options.rate * options.buses as f64, options.seconds);
    let make = |number: u64, stamp_us| {
        let bus = &mut fleet.buses[number as usize % options.buses];
        bus.kiosk_request("/api/v1/kiosks/", now_ms(), stamp_us)
    };
    let published = publish_on_time(&mut client, times, make, &mut screens)?;
    client.poll_until_quiet(QUIET, &mut screens)?;
    let used = cpu_of(counted)? - before;
    screens.deliveries.check()?;
    let newest_ms: Vec<i64> = fleet.buses.iter().map(|bus| bus.newest_ms).collect();
    ensure!(screens.stale(&newest_ms) == 0, "a watcher does not show the newest position of a bus");
    let deliveries = &screens.deliveries;
    Ok(Step {
        positions: published.requests,
        deliveries: deliveries.messages,
        p50_ms: quantile_ms(&deliveries.latency, 0.5),
        p99_ms: quantile_ms(&deliveries.latency, 0.99),
        cpu_us: used * 1e6 / deliveries.messages as f64,
    })
}

/// CPU that `measured` uses for each position that `taker` takes, microseconds, with one watcher there or none. What it uses
/// without positions is left out.
fn busy_us(options: &NodesOptions, taker: &Milepost, measured: &Milepost, is_watched: bool) -> Result<f64> {
    let mut fleet = new_fleet(options, taker)?;
    let known = fleet.clone();
    let mut screens = Screens::new(1, &known);
    let mut client = Client::new(Waiting::Sleep)?;
    if is_watched {
        client.open_watchers(1, &measured.bus_socket(false))?;
    }
    client.poll_until_quiet(QUIET, &mut screens)?;
    let idle = cpu_of(&[measured])?;
    sleep(Duration::from_secs_f64(options.seconds));
    // Not before the wait: the server closes connections that send nothing.
    client.open_publishers(PUBLISHERS, taker.address)?;
    let begun = cpu_of(&[measured])?;
    let times = even_pace(options.relayed, options.seconds);
    let make = |number: u64, stamp_us| {
        let bus = &mut fleet.buses[number as usize % options.buses];
        bus.kiosk_request("/api/v1/kiosks/", now_ms(), stamp_us)
    };
    let published = publish_on_time(&mut client, times, make, &mut screens)?;
    let used = cpu_of(&[measured])? - begun - (begun - idle);
    Ok(used * 1e6 / published.requests as f64)
}

/// Buses of their own for each step: what an earlier one left is no position of theirs.
fn new_fleet(options: &NodesOptions, node: &Milepost) -> Result<Fleet> {
    let prefix = format!("n-{}", now_ms());
    Fleet::set_up(&mut node.client()?, Fleet::numbered(&prefix, options.buses), true).context("the fleet")
}

fn cpu_of(nodes: &[&Milepost]) -> Result<f64> {
    nodes.iter().map(|node| cpu_seconds(node.pid)).sum()
}

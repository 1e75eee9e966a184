//! `deploy`: a new version takes the place of the running one under many sockets, which come back when they are advised to.

use crate::client::{Client, Listener, Waiting};
use crate::fleet::Fleet;
use crate::frame::Closing;
use crate::http::{Response, json_request};
use crate::milepost::{Milepost, ServerOptions};
use crate::process::raise_open_files;
use crate::publishing::{even_pace, now_ms, publish_on_time};
use crate::screens::Screens;
use anyhow::{Result, ensure};
use clap::Args;
use milepost_report::{Goal, Report, Table, figure_text};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::{Duration, Instant};

/// Sockets that are opened before snapshots are read, so that none stays unread.
const OPENED_AT_ONCE: usize = 500;
/// A client without advice, or that finds nobody, comes back after this.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Everything has arrived after this long without a message.
const QUIET: Duration = Duration::from_secs(2);
/// Reconnects are counted by spans of this length.
const SPAN: Duration = Duration::from_secs(1);

/// Options of `deploy`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct DeployOptions {
    #[command(flatten)]
    server: ServerOptions,
    /// Sockets on /ws/bus-tracking/
    #[arg(long, default_value_t = 10_000)]
    sockets: usize,
    /// Buses, each in the snapshot of every socket
    #[arg(long, default_value_t = 10)]
    buses: usize,
}

/// The clients that were closed, by the time at which they come back.
struct Leavers<'a> {
    screens: Screens<'a>,
    due: BinaryHeap<Reverse<(Instant, usize)>>,
    advised: usize,
}

impl Leavers<'_> {
    fn comes_back(&mut self, watcher: usize, after: Duration) {
        self.due.push(Reverse((Instant::now() + after, watcher)));
    }

    fn take_due(&mut self) -> Option<usize> {
        let due = self.due.peek().filter(|Reverse((at, _))| *at <= Instant::now())?.0.1;
        self.due.pop();
        Some(due)
    }
}

impl Listener for Leavers<'_> {
    fn message(&mut self, watcher: usize, payload: &[u8], at_us: u64) {
        self.screens.message(watcher, payload, at_us);
    }

    fn answer(&mut self, publisher: usize, response: &Response<'_>) {
        self.screens.answer(publisher, response);
    }

    fn closed(&mut self, watcher: usize, closing: &Closing) {
        self.advised += usize::from(closing.advice().is_some());
        self.comes_back(watcher, closing.advice().unwrap_or(RETRY_AFTER));
    }
}

/// Measures one deployment, and prints the report.
pub(crate) fn run_deploy(options: &DeployOptions) -> Result<()> {
    raise_open_files()?;
    let mut milepost = Milepost::start(&options.server)?;
    let mut fleet = Fleet::set_up(&mut milepost.client()?, Fleet::numbered("deploy", options.buses), false)?;
    let known = fleet.clone();
    let mut leavers = Leavers { screens: Screens::new(options.sockets, &known), due: BinaryHeap::new(), advised: 0 };
    let mut client = Client::new(Waiting::Sleep)?;
    let handshake = milepost.bus_socket(false);
    publish(&mut client, &milepost, &mut fleet, &mut leavers)?;
    let mut left = options.sockets;
    while left > 0 {
        let some = left.min(OPENED_AT_ONCE);
        client.open_watchers(some, &handshake)?;
        client.poll_for(Duration::from_millis(10), &mut leavers)?;
        left -= some;
    }
    client.poll_until_quiet(QUIET, &mut leavers)?;
    ensure!(leavers.due.is_empty(), "a socket was closed before the deployment");

    let begun = Instant::now();
    milepost.deploy(&options.server, || client.poll_for(Duration::from_millis(10), &mut leavers))?;
    let served_again = begun.elapsed();
    // The new version gets positions that no socket has seen yet.
    publish(&mut client, &milepost, &mut fleet, &mut leavers)?;
    let (mut spans, mut refused, mut back) = (BTreeMap::<u128, usize>::new(), 0_usize, 0);
    let mut last_back = Duration::ZERO;
    while back < options.sockets {
        ensure!(begun.elapsed() < Duration::from_secs(120), "{back} sockets came back within two minutes");
        while let Some(watcher) = leavers.take_due() {
            if client.reopen_watcher(watcher, &handshake).is_err() {
                refused += 1;
                leavers.comes_back(watcher, RETRY_AFTER);
                continue;
            }
            back += 1;
            last_back = begun.elapsed();
            *spans.entry(last_back.as_millis() / SPAN.as_millis()).or_default() += 1;
        }
        client.poll_for(Duration::from_millis(2), &mut leavers)?;
    }
    client.poll_until_quiet(QUIET, &mut leavers)?;
    let newest_ms: Vec<i64> = fleet.buses.iter().map(|bus| bus.newest_ms).collect();

    let mut table = Table::new(["second after the stop signal", "sockets that came back"]);
    for (span, count) in &spans {
        table.row([span.to_string(), count.to_string()]);
    }
    let first = spans.keys().next().copied().unwrap_or(0);
    let seconds = (last_back.as_secs_f64() - first as f64).max(SPAN.as_secs_f64());
    let (peak, mean) = (spans.values().max().copied().unwrap_or(0) as f64, options.sockets as f64 / seconds);
    let mut report = Report::new("deploy", options)?;
    report.table(table);
    report.figure("served_again_after_s", figure_text(served_again.as_secs_f64()));
    report.figure("all_back_after_s", figure_text(last_back.as_secs_f64()));
    report.figure("advised_when_to_come_back", leavers.advised);
    report.figure("refused_and_came_again", refused);
    report.against_goal("peak_to_mean_reconnects", peak / mean, Goal::AtMost(2.0));
    report.against_goal("stale_screens", leavers.screens.stale(&newest_ms) as f64, Goal::AtMost(0.0));
    report.print()
}

/// Moves every bus, over a connection of its own.
fn publish(client: &mut Client, milepost: &Milepost, fleet: &mut Fleet, leavers: &mut Leavers<'_>) -> Result<()> {
    client.open_publishers(1, milepost.address)?;
    let buses = fleet.buses.len();
    let body = fleet.batch(0..buses, now_ms(), 0);
    let make = |_, _| json_request("POST", "/api/v1/positions", &milepost.credential, body.as_bytes());
    publish_on_time(client, even_pace(1.0, 1.0), make, leavers)?;
    while client.waiting_publishers() > 0 {
        client.poll_for(Duration::from_millis(10), leavers)?;
    }
    // The server closes it when it is idle.
    client.close_publishers();
    Ok(())
}

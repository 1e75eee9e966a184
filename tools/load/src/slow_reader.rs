//! `slow-reader`: one socket stops reading at full rate. The server's memory and the other sockets must not be affected.

use crate::client::{Client, Waiting};
use crate::deliveries::Deliveries;
use crate::fleet::Fleet;
use crate::histogram::{max_ms, quantile_ms};
use crate::http::json_request;
use crate::milepost::{Milepost, ServerOptions};
use crate::process::{pin_to, raise_open_files, rss_bytes};
use crate::publishing::{even_pace, now_ms, publish_on_time};
use crate::screens::Screens;
use anyhow::{Result, ensure};
use clap::Args;
use milepost_report::{Goal, Report, Table, figure_text, rounded};
use serde::Serialize;
use std::time::{Duration, Instant};

/// Publishing connections.
const PUBLISHERS: usize = 8;
/// All messages have arrived after this long without one.
const QUIET: Duration = Duration::from_secs(1);
/// How long the stopped reader may take to catch up after it reads again: TCP probes a full receiver at growing intervals
/// of up to two minutes.
const MAX_RESUME: Duration = Duration::from_secs(150);
/// How often the server's memory is sampled.
const SAMPLE_SECONDS: f64 = 1.0;

/// Options of `slow-reader`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct SlowReaderOptions {
    #[command(flatten)]
    server: ServerOptions,
    /// Sockets that keep reading
    #[arg(long, default_value_t = 200)]
    sockets: usize,
    /// Buses: a burst has one position of each, in one request
    #[arg(long, default_value_t = 16)]
    buses: usize,
    /// Bursts a second
    #[arg(long, default_value_t = 50.0)]
    rate: f64,
    /// Seconds during which one more socket does not read
    #[arg(long, default_value_t = 60.0)]
    seconds: f64,
    /// Seconds measured before that
    #[arg(long, default_value_t = 20.0)]
    before_seconds: f64,
}

/// Measurements before or while the socket does not read.
struct Phase {
    deliveries: Deliveries,
    rss_start_bytes: u64,
    rss_peak_bytes: u64,
}

/// Measures before and while one socket does not read, and prints the report.
pub(crate) fn run_slow_reader(options: &SlowReaderOptions) -> Result<()> {
    raise_open_files()?;
    let milepost = Milepost::start(&options.server)?;
    if !options.server.client_cpus.is_empty() {
        pin_to(&options.server.client_cpus)?;
    }
    let prefix = format!("slow-{}", now_ms());
    let mut fleet = Fleet::set_up(&mut milepost.client()?, Fleet::numbered(&prefix, options.buses), false)?;
    let mut client = Client::new(Waiting::Sleep)?;
    client.open_publishers(PUBLISHERS, milepost.address)?;
    client.open_watchers(options.sockets + 1, &milepost.bus_socket(false))?;

    eprintln!("before: {} s", options.before_seconds);
    let before = run_phase(options, options.before_seconds, &milepost, &mut client, &mut fleet)?;
    eprintln!("one socket stops reading: {} s", options.seconds);
    let stopped = options.sockets;
    client.pause_watcher(stopped)?;
    let during = run_phase(options, options.seconds, &milepost, &mut client, &mut fleet)?;

    // The socket reads again: it gets what the server kept for it, or the snapshot of a new connection if the server closed the
    // old one.
    let newest_ms: Vec<i64> = fleet.buses.iter().map(|bus| bus.newest_ms).collect();
    let mut screens = Screens::new(options.sockets + 1, &fleet);
    client.resume_watcher(stopped)?;
    let resumed = Instant::now();
    let mut close_code = None;
    while screens.stale_of(stopped, &newest_ms) > 0 && resumed.elapsed() < MAX_RESUME {
        client.poll_for(Duration::from_millis(20), &mut screens)?;
        if close_code.is_none() && screens.deliveries.closed.is_some() {
            close_code = screens.deliveries.closed;
            client.reopen_watcher(stopped, &milepost.bus_socket(false))?;
        }
    }
    let resume_seconds = resumed.elapsed().as_secs_f64();
    let stale = screens.stale_of(stopped, &newest_ms);

    let mut table = Table::new(["phase", "deliveries", "p50 ms", "p99 ms", "max ms", "RSS MiB", "peak MiB"]);
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    for (name, phase) in [("before", &before), ("one stopped", &during)] {
        let latency = &phase.deliveries.latency;
        table.row([
            name.to_owned(),
            phase.deliveries.messages.to_string(),
            figure_text(quantile_ms(latency, 0.5)),
            figure_text(quantile_ms(latency, 0.99)),
            figure_text(max_ms(latency)),
            figure_text(mib(phase.rss_start_bytes)),
            figure_text(mib(phase.rss_peak_bytes)),
        ]);
    }
    let mut report = Report::new("slow-reader", options)?;
    report.table(table);
    let offered_bytes = during.deliveries.payload_bytes as f64 / options.sockets as f64;
    report.figure("offered_to_the_stopped_mib", rounded(offered_bytes / f64::from(1 << 20)));
    report.figure("messages_after_resuming", screens.deliveries.messages);
    report.figure("seconds_until_up_to_date", rounded(resume_seconds));
    report.figure("close_code", close_code);
    let p99 = |phase: &Phase| quantile_ms(&phase.deliveries.latency, 0.99);
    report.against_goal("others_p99_ratio", p99(&during) / p99(&before), Goal::AtMost(1.25));
    let growth = during.rss_peak_bytes.saturating_sub(before.rss_peak_bytes);
    report.against_goal("rss_growth_mib", mib(growth), Goal::AtMost(1.0));
    report.against_goal("stale_after_resuming", stale as f64, Goal::AtMost(0.0));
    report.print()
}

/// Publishes at full rate and samples the server's memory every second.
fn run_phase(
    options: &SlowReaderOptions,
    seconds: f64,
    milepost: &Milepost,
    client: &mut Client,
    fleet: &mut Fleet,
) -> Result<Phase> {
    let mut deliveries = Deliveries::new(true);
    let rss_start_bytes = rss_bytes(milepost.pid)?;
    let mut rss_peak_bytes = rss_start_bytes;
    let samples = (seconds / SAMPLE_SECONDS).ceil() as usize;
    for _ in 0..samples {
        let times = even_pace(options.rate, SAMPLE_SECONDS);
        let make = |_, stamp_us| {
            let body = fleet.batch(0..options.buses, now_ms(), stamp_us);
            json_request("POST", "/api/v1/positions", &milepost.credential, body.as_bytes())
        };
        publish_on_time(client, times, make, &mut deliveries)?;
        rss_peak_bytes = rss_peak_bytes.max(rss_bytes(milepost.pid)?);
    }
    client.poll_until_quiet(QUIET, &mut deliveries)?;
    deliveries.check()?;
    ensure!(!deliveries.latency.is_empty(), "no watcher received anything");
    Ok(Phase { deliveries, rss_start_bytes, rss_peak_bytes })
}

//! `idle`: the server's memory for a socket or a stream that only waits.

mod streams;

use crate::client::{Client, Waiting};
use crate::deliveries::Deliveries;
use crate::fleet::Fleet;
use crate::http::json_request;
use crate::milepost::{Milepost, ServerOptions};
use crate::process::{pin_to, raise_open_files, rss_bytes};
use crate::publishing::{even_pace, now_ms, publish_on_time};
use anyhow::{Result, ensure};
use clap::Args;
use milepost_report::{Goal, Report, Table, figure_text, rounded};
use serde::Serialize;
use std::time::{Duration, Instant};
use streams::measure_streams;

/// Files that a process needs beside its sockets.
const SPARE_FILES: u64 = 100;

/// Options of `idle`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct IdleOptions {
    #[command(flatten)]
    server: ServerOptions,
    /// Sockets on /ws/bus-tracking/
    #[arg(long, default_value_t = 10_000)]
    sockets: usize,
    /// Streams on /api/events, measured apart; 0 leaves them out
    #[arg(long, default_value_t = 10_000)]
    streams: usize,
    /// Buses, each in the snapshot that a new socket gets
    #[arg(long, default_value_t = 10)]
    buses: usize,
    /// Seconds to wait until the server has settled
    #[arg(long, default_value_t = 5.0)]
    settle_seconds: f64,
}

/// Measures sockets, then streams, and prints the report.
pub(crate) fn run_idle(options: &IdleOptions) -> Result<()> {
    let open_files = raise_open_files()?;
    ensure!(
        options.sockets.max(options.streams) as u64 + SPARE_FILES <= open_files,
        "{} connections need more open files than the {open_files} that the system allows: raise `ulimit -Hn`",
        options.sockets.max(options.streams)
    );
    if !options.server.client_cpus.is_empty() {
        pin_to(&options.server.client_cpus)?;
    }
    let mut table = Table::new(["kind", "count", "before MiB", "after MiB", "KiB each", "after a message", "opened/s"]);
    let mut measured = |name: &str, count: usize, memory: Memory| {
        table.row(memory.row(name, count));
        memory
    };
    let (plain, _) = measure_sockets(options, false)?;
    let plain = measured("sockets", options.sockets, plain);
    let (deflated, negotiated) = measure_sockets(options, true)?;
    let name = if negotiated { "sockets, deflate" } else { "sockets, deflate refused" };
    let deflated = measured(name, options.sockets, deflated);
    let streams = match options.streams {
        0 => None,
        count => Some(measured("streams", count, measure_streams(options)?)),
    };
    let mut report = Report::new("idle", options)?;
    report.table(table);
    report.against_goal("rss_kib_per_socket", plain.kib_each, Goal::AtMost(6.0));
    report.figure("rss_kib_per_socket_after_a_message", rounded(plain.kib_each_after_message));
    if let Some(streams) = streams {
        report.against_goal("rss_kib_per_stream", streams.kib_each, Goal::AtMost(10.0));
        report.figure("rss_kib_per_stream_after_a_message", rounded(streams.kib_each_after_message));
    }
    if negotiated {
        report.figure("rss_kib_per_deflate_socket", rounded(deflated.kib_each));
        report.against_goal("deflate_adds_kib", deflated.kib_each - plain.kib_each, Goal::AtMost(1.0));
    } else {
        report.figure("rss_kib_per_deflate_socket", "the server did not agree to permessage-deflate");
    }
    report.print()
}

/// Resident memory of one server process.
struct Memory {
    before_bytes: u64,
    after_bytes: u64,
    kib_each: f64,
    kib_each_after_message: f64,
    opened_per_second: f64,
}

impl Memory {
    fn row(&self, name: &str, count: usize) -> [String; 7] {
        let mib = |bytes: u64| figure_text(bytes as f64 / f64::from(1 << 20));
        [
            name.to_owned(),
            count.to_string(),
            mib(self.before_bytes),
            mib(self.after_bytes),
            figure_text(self.kib_each),
            figure_text(self.kib_each_after_message),
            figure_text(self.opened_per_second),
        ]
    }
}

/// Starts a server for this measurement alone, because a process keeps memory that it has used once. Also returns
/// whether permessage-deflate was negotiated.
fn measure_sockets(options: &IdleOptions, deflate: bool) -> Result<(Memory, bool)> {
    let milepost = Milepost::start(&options.server)?;
    let mut fleet = Fleet::set_up(&mut milepost.client()?, Fleet::numbered("idle", options.buses), false)?;
    let mut client = Client::new(Waiting::Sleep)?;
    client.open_publishers(1, milepost.address)?;
    let mut deliveries = Deliveries::new(false);
    let mut publish = |client: &mut Client, deliveries: &mut Deliveries| {
        let body = fleet.batch(0..options.buses, now_ms(), 0);
        let make = |_, _| json_request("POST", "/api/v1/positions", &milepost.credential, body.as_bytes());
        publish_on_time(client, even_pace(1.0, 1.0), make, deliveries)
    };
    // A few sockets are opened and closed first, so that memory for the first one is not counted.
    publish(&mut client, &mut deliveries)?;
    client.open_watchers(20, &milepost.bus_socket(deflate))?;
    client.poll_for(Duration::from_secs(1), &mut deliveries)?;
    client.close_watchers();
    client.poll_for(Duration::from_secs(1), &mut deliveries)?;

    let before_bytes = rss_bytes(milepost.pid)?;
    let start = Instant::now();
    // Snapshots are read while sockets are being opened, so that none stays unread.
    let mut left = options.sockets;
    while left > 0 {
        let some = left.min(500);
        client.open_watchers(some, &milepost.bus_socket(deflate))?;
        client.poll_for(Duration::from_millis(10), &mut deliveries)?;
        left -= some;
    }
    let opened_per_second = options.sockets as f64 / start.elapsed().as_secs_f64();
    client.poll_for(Duration::from_secs_f64(options.settle_seconds), &mut deliveries)?;
    let each = |bytes: u64| bytes.saturating_sub(before_bytes) as f64 / 1024.0 / options.sockets as f64;
    let after_bytes = rss_bytes(milepost.pid)?;
    publish(&mut client, &mut deliveries)?;
    client.poll_for(Duration::from_secs_f64(options.settle_seconds), &mut deliveries)?;
    deliveries.check()?;
    let memory = Memory {
        before_bytes,
        after_bytes,
        kib_each: each(after_bytes),
        kib_each_after_message: each(rss_bytes(milepost.pid)?),
        opened_per_second,
    };
    Ok((memory, client.deflated_watchers() == options.sockets))
}

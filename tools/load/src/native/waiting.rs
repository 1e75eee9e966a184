//! Connections that wait: their memory, and how soon many that come at once are ready.

use super::{Counted, Form, NativeOptions, SUBSCRIPTIONS};
use crate::client::{Client, Waiting};
use crate::fleet::Fleet;
use crate::http::json_request;
use crate::milepost::Milepost;
use crate::process::rss_bytes;
use crate::publishing::{even_pace, now_ms, publish_on_time};
use anyhow::{Result, ensure};
use milepost_report::figure_text;
use std::time::{Duration, Instant};

/// Connections that are opened before those that are opened earlier are read.
const OPENED_TOGETHER: usize = 100;
/// The longest wait for the last `ready`.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server of its own for each measurement, because a process keeps memory that it has used once.
struct Bench {
    milepost: Milepost,
    client: Client,
    counted: Counted,
}

impl Bench {
    fn start(options: &NativeOptions, vehicles: usize) -> Result<Self> {
        let milepost = Milepost::start(&options.server)?;
        let mut fleet = Fleet::set_up(&mut milepost.client()?, Fleet::numbered("native", vehicles), false)?;
        let mut client = Client::new(Waiting::Sleep)?;
        client.open_publishers(1, milepost.address)?;
        let mut counted = Counted::default();
        let body = fleet.batch(0..vehicles, now_ms(), 0);
        let make = |_, _| json_request("POST", "/api/v1/positions", &milepost.credential, body.as_bytes());
        publish_on_time(&mut client, even_pace(1.0, 1.0), make, &mut counted)?;
        let mut bench = Self { milepost, client, counted };
        // A few connections are opened and closed first, so that memory for the first one is not counted.
        bench.open(20)?;
        bench.greet(0, 20)?;
        bench.wait_until_ready(20)?;
        bench.client.close_watchers();
        bench.client.poll_for(Duration::from_secs(1), &mut bench.counted)?;
        bench.counted.check()?;
        bench.counted = Counted::default();
        Ok(bench)
    }

    fn open(&mut self, connections: usize) -> Result<()> {
        self.client.open_watchers(connections, &self.milepost.live_socket(false))
    }

    fn greet(&mut self, from: usize, connections: usize) -> Result<()> {
        let greeting = Form::JSON.greeting(&SUBSCRIPTIONS);
        (from..from + connections).try_for_each(|connection| self.client.send(connection, &greeting))
    }

    fn wait_until_ready(&mut self, connections: usize) -> Result<()> {
        let begun = Instant::now();
        while self.counted.ready < connections * SUBSCRIPTIONS.len() {
            self.client.poll(Instant::now() + Duration::from_millis(100), &mut self.counted)?;
            self.counted.check()?;
            let ready = self.counted.ready;
            ensure!(begun.elapsed() < PATIENCE, "only {ready} subscriptions of {connections} connections are ready");
        }
        Ok(())
    }
}

/// Resident memory of one server process.
pub(super) struct Memory {
    before_bytes: u64,
    after_bytes: u64,
    connections: usize,
}

impl Memory {
    pub(super) fn kib_each(&self) -> f64 {
        self.after_bytes.saturating_sub(self.before_bytes) as f64 / 1024.0 / self.connections as f64
    }

    pub(super) fn row(&self, vehicles: usize, connections: usize) -> [String; 5] {
        let mib = |bytes: u64| figure_text(bytes as f64 / f64::from(1 << 20));
        [
            vehicles.to_string(),
            connections.to_string(),
            mib(self.before_bytes),
            mib(self.after_bytes),
            figure_text(self.kib_each()),
        ]
    }
}

/// Opens connections with three subscriptions, and waits until the server has settled.
pub(super) fn measure_memory(options: &NativeOptions, vehicles: usize) -> Result<Memory> {
    let mut bench = Bench::start(options, vehicles)?;
    let before_bytes = rss_bytes(bench.milepost.pid)?;
    let mut opened = 0;
    while opened < options.connections {
        let some = OPENED_TOGETHER.min(options.connections - opened);
        bench.open(some)?;
        bench.greet(opened, some)?;
        opened += some;
        // Snapshots are read while connections are being opened, so that none stays unread.
        bench.wait_until_ready(opened)?;
    }
    bench.client.poll_for(Duration::from_secs_f64(options.settle_seconds), &mut bench.counted)?;
    bench.counted.check()?;
    let after_bytes = rss_bytes(bench.milepost.pid)?;
    Ok(Memory { before_bytes, after_bytes, connections: options.connections })
}

/// Seconds since the first connection was begun.
pub(super) struct Crowd {
    /// Until all handshakes were answered.
    pub(super) open_s: f64,
    /// Until all subscriptions of all connections were ready.
    pub(super) ready_s: f64,
}

/// Opens connections as fast as this program can, and has them subscribe together.
pub(super) fn measure_crowd(options: &NativeOptions, vehicles: usize) -> Result<Crowd> {
    let mut bench = Bench::start(options, vehicles)?;
    let begun = Instant::now();
    bench.open(options.crowd)?;
    let open_s = begun.elapsed().as_secs_f64();
    bench.greet(0, options.crowd)?;
    bench.wait_until_ready(options.crowd)?;
    Ok(Crowd { open_s, ready_s: begun.elapsed().as_secs_f64() })
}

//! `fanout`: what a delivery costs Milepost, against the floor, side by side in one run.

use crate::child::Child;
use crate::client::{Client, Waiting};
use crate::deliveries::Deliveries;
use crate::fleet::Fleet;
use crate::floor::{Control, Order};
use crate::http::json_request;
use crate::milepost::{Milepost, ServerOptions};
use crate::process::{cpu_seconds, machine_cpu_seconds, pin_to, raise_open_files, rss_bytes};
use crate::publishing::{even_pace, now_ms, publish_flood, publish_on_time};
use crate::report::{Goal, Report, Table, figure_text, median};
use crate::watcher::Handshake;
use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde::Serialize;
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

/// Publishing connections: enough that a slow commit doesn't hold up the next publication.
const PUBLISHERS: usize = 8;
/// Silence after which a run is over.
const QUIET: Duration = Duration::from_millis(300);

/// Options of `fanout`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct FanoutOptions {
    #[command(flatten)]
    server: ServerOptions,
    /// Sockets on /ws/bus-tracking/
    #[arg(long, default_value_t = 1000)]
    sockets: usize,
    /// Rounds; the figures are their medians
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 6.0)]
    seconds: f64,
    /// Positions a second, one frame a write
    #[arg(long, default_value_t = 50.0)]
    each_rate: f64,
    /// Positions in a burst when gathered: as many buses, one request
    #[arg(long, default_value_t = 16)]
    burst: usize,
    /// Bursts a second when gathered
    #[arg(long, default_value_t = 10.0)]
    gathered_rate: f64,
    /// Messages a socket that a flood may be ahead of the receipts
    #[arg(long, default_value_t = 64)]
    flood_window: u64,
    /// Only one of the ways (each, gathered or flood)
    #[arg(long)]
    only: Option<String>,
}

/// For five seconds after connecting, live messages are compared with the snapshot: what is measured is the time after that.
const SETTLE: Duration = Duration::from_secs(6);

/// A way to publish.
#[derive(Debug, Clone, Copy)]
struct Way {
    name: &'static str,
    frames_per_burst: usize,
    /// 0 floods.
    bursts_per_second: f64,
}

/// What one measurement of one server gave.
#[derive(Debug, Clone, Copy, Serialize)]
struct Sample {
    /// Server CPU seconds per million deliveries, all included.
    cpu_s_per_million: f64,
    /// The same without what publishing costs when nobody watches.
    net_cpu_s_per_million: f64,
    deliveries_per_second: f64,
    /// Of what was published, the share that arrived: under flood newer positions replace older ones.
    delivered_share: f64,
    p50_ms: f64,
    p99_ms: f64,
    spread_p99_ms: f64,
    payload_bytes: f64,
    rss_mib: f64,
    /// CPU that other programs took meanwhile: above a few percent the sample is disturbed.
    foreign_cpu_share: f64,
}

/// Runs it.
///
/// # Errors
/// If a server does not start, refuses, or breaks the protocol.
pub(crate) fn run_fanout(mut options: FanoutOptions) -> Result<()> {
    raise_open_files()?;
    if options.server.server_cpus.is_empty() {
        options.server.server_cpus = vec![0];
    }
    if options.server.client_cpus.is_empty() {
        options.server.client_cpus = vec![1];
    }
    let ways: Vec<Way> = [
        Way { name: "each", frames_per_burst: 1, bursts_per_second: options.each_rate },
        Way { name: "gathered", frames_per_burst: options.burst, bursts_per_second: options.gathered_rate },
        Way { name: "flood", frames_per_burst: options.burst, bursts_per_second: 0.0 },
    ]
    .into_iter()
    .filter(|way| options.only.as_deref().is_none_or(|only| only == way.name))
    .collect();
    ensure!(!ways.is_empty(), "--only takes each, gathered or flood");
    let mut samples: Vec<Vec<(Sample, Sample)>> = vec![Vec::new(); ways.len()];
    for round in 1..=options.rounds {
        let mut bench = Bench::start(&options)?;
        let costs: Vec<f64> = ways.iter().map(|way| bench.measure_ingest(way)).collect::<Result<_>>()?;
        bench.connect()?;
        for ((way, cost_s), samples) in ways.iter().zip(costs).zip(&mut samples) {
            eprintln!("round {round} of {}: {}", options.rounds, way.name);
            let milepost = bench.measure_milepost(way, cost_s)?;
            let floor = bench.measure_floor(way, milepost.payload_bytes.round() as usize)?;
            samples.push((milepost, floor));
        }
    }
    report(&options, &ways, &samples)?.print()
}

/// Both servers with the same client program, connected to the same number of sockets each.
struct Bench<'a> {
    options: &'a FanoutOptions,
    milepost: Milepost,
    floor: Child,
    control: Control,
    floor_address: SocketAddr,
    milepost_client: Client,
    floor_client: Client,
    fleet: Fleet,
}

impl<'a> Bench<'a> {
    fn start(options: &'a FanoutOptions) -> Result<Self> {
        let milepost = Milepost::start(&options.server)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("floor");
        let floor = Child::start(command, &options.server.server_cpus)?;
        let address = |key: &'static str| floor.wait_for(key, move |line| line.strip_prefix(key)?.trim().parse().ok());
        let (floor_address, control) = (address("sockets")?, Control::connect(address("control")?)?);
        pin_to(&options.server.client_cpus)?;
        let prefix = format!("fan-{}", now_ms());
        let fleet = Fleet::set_up(&mut milepost.client()?, Fleet::numbered(&prefix, options.burst), false)?;
        let mut milepost_client = Client::new(Waiting::Spin)?;
        milepost_client.open_publishers(PUBLISHERS, milepost.address)?;
        let floor_client = Client::new(Waiting::Spin)?;
        Ok(Self { options, milepost, floor, control, floor_address, milepost_client, floor_client, fleet })
    }

    /// Opens the sockets of both, and takes in the snapshots that a new socket gets.
    fn connect(&mut self) -> Result<()> {
        self.milepost_client.open_watchers(self.options.sockets, &self.milepost.bus_socket(false))?;
        let floor_socket = Handshake {
            address: self.floor_address,
            path: "/".to_owned(),
            credential: "x-no: credential".to_owned(),
            deflate: false,
        };
        self.floor_client.open_watchers(self.options.sockets, &floor_socket)?;
        while self.control.connections()? < self.options.sockets {
            std::thread::sleep(Duration::from_millis(10));
        }
        self.milepost_client.listen_until_quiet(QUIET, &mut Deliveries::new(false))?;
        std::thread::sleep(SETTLE);
        Ok(())
    }

    /// CPU seconds that one burst costs while nobody watches. Under flood that says nothing: bursts follow each other
    /// so fast that they share commits and wake-ups, so a flood's cost is told with taking in included.
    fn measure_ingest(&mut self, way: &Way) -> Result<f64> {
        if way.bursts_per_second == 0.0 {
            return Ok(0.0);
        }
        let (sample, bursts) = self.publish(way, 0)?;
        Ok(sample.0 / bursts as f64)
    }

    fn measure_milepost(&mut self, way: &Way, ingest_cost_s: f64) -> Result<Sample> {
        let meter = Meter::start(self.milepost.pid, self.floor.pid())?;
        let ((_, deliveries), bursts) = self.publish(way, self.options.sockets as u64)?;
        let published = bursts * (way.frames_per_burst * self.options.sockets) as u64;
        meter.sample(&deliveries, published, ingest_cost_s * bursts as f64)
    }

    /// Publishes to Milepost; answers its CPU seconds, what came, and the bursts.
    fn publish(&mut self, way: &Way, sockets: u64) -> Result<((f64, Deliveries), u64)> {
        let flood = way.bursts_per_second == 0.0;
        let mut deliveries = Deliveries::new(!flood);
        let buses = self.fleet.buses.len();
        let credential = self.milepost.credential.clone();
        let (fleet, frames) = (&mut self.fleet, way.frames_per_burst);
        let make = |number: u64, stamp_us| {
            let numbers = (0..frames).map(|frame| (number as usize * frames + frame) % buses);
            let body = fleet.batch(numbers, now_ms(), stamp_us);
            json_request("POST", "/api/v1/positions", &credential, body.as_bytes())
        };
        let before_s = cpu_seconds(self.milepost.pid)?;
        let (client, seconds) = (&mut self.milepost_client, self.options.seconds);
        let published = if flood {
            let shape = (sockets, frames as u64, self.options.flood_window);
            publish_flood(client, shape, seconds, make, &mut deliveries)?
        } else {
            publish_on_time(client, even_pace(way.bursts_per_second, seconds), make, &mut deliveries)?
        };
        client.listen_until_quiet(QUIET, &mut deliveries)?;
        deliveries.check()?;
        ensure!(
            published.max_late_us < 1_000_000,
            "the server can't take the positions in at this pace: publish slower"
        );
        Ok(((cpu_seconds(self.milepost.pid)? - before_s, deliveries), published.requests))
    }

    fn measure_floor(&mut self, way: &Way, payload_bytes: usize) -> Result<Sample> {
        let order = Order {
            frames_per_burst: way.frames_per_burst,
            gathered: way.frames_per_burst > 1,
            bursts_per_second: way.bursts_per_second,
            seconds: self.options.seconds,
            payload_bytes,
        };
        let meter = Meter::start(self.floor.pid(), self.milepost.pid)?;
        let mut deliveries = Deliveries::new(way.bursts_per_second > 0.0);
        self.control.give(&order)?;
        self.floor_client.listen_for(Duration::from_secs_f64(order.seconds), &mut deliveries)?;
        self.floor_client.listen_until_quiet(QUIET, &mut deliveries)?;
        deliveries.check()?;
        let bursts = self.control.answer()?;
        meter.sample(&deliveries, (bursts * way.frames_per_burst * self.options.sockets) as u64, 0.0)
    }
}

/// The state of the machine when a measurement begins.
struct Meter {
    pid: u32,
    ours: [u32; 3],
    start: Instant,
    cpu_s: f64,
    foreign_cpu_s: f64,
}

impl Meter {
    fn start(pid: u32, other_pid: u32) -> Result<Self> {
        let ours = [pid, other_pid, std::process::id()];
        Ok(Self {
            pid,
            ours,
            start: Instant::now(),
            cpu_s: cpu_seconds(pid)?,
            foreign_cpu_s: foreign_cpu_seconds(&ours)?,
        })
    }

    fn sample(&self, deliveries: &Deliveries, published: u64, ingest_s: f64) -> Result<Sample> {
        let cpu_s = cpu_seconds(self.pid)? - self.cpu_s;
        ensure!(deliveries.messages > 0, "nothing was delivered");
        let millions = deliveries.messages as f64 / 1e6;
        let ms = |us: u64| us as f64 / 1000.0;
        Ok(Sample {
            cpu_s_per_million: cpu_s / millions,
            net_cpu_s_per_million: (cpu_s - ingest_s) / millions,
            deliveries_per_second: deliveries.per_second(),
            delivered_share: deliveries.messages as f64 / published as f64,
            p50_ms: ms(deliveries.latency.quantile_us(0.5)),
            p99_ms: ms(deliveries.latency.quantile_us(0.99)),
            spread_p99_ms: ms(deliveries.spread.quantile_us(0.99)),
            payload_bytes: deliveries.payload_bytes as f64 / deliveries.messages as f64,
            rss_mib: rss_bytes(self.pid)? as f64 / f64::from(1 << 20),
            foreign_cpu_share: ((foreign_cpu_seconds(&self.ours)? - self.foreign_cpu_s)
                / self.start.elapsed().as_secs_f64())
            .max(0.0),
        })
    }
}

/// CPU seconds of everything but these programs.
fn foreign_cpu_seconds(ours: &[u32]) -> Result<f64> {
    let ours_s = ours.iter().map(|&pid| cpu_seconds(pid)).sum::<Result<f64>>()?;
    Ok(machine_cpu_seconds()? - ours_s)
}

fn report(options: &FanoutOptions, ways: &[Way], samples: &[Vec<(Sample, Sample)>]) -> Result<Report> {
    let mut report = Report::new("fanout", options)?;
    let mut table = Table::new([
        "medians",
        "CPU s/M",
        "net",
        "deliveries/s",
        "arrived",
        "p50 ms",
        "p99 ms",
        "spread p99",
        "bytes",
        "RSS MiB",
        "foreign CPU",
    ]);
    let mut goals = Vec::new();
    for (way, samples) in ways.iter().zip(samples) {
        let middle = |figure: &dyn Fn(&(Sample, Sample)) -> f64| median(samples.iter().map(figure).collect());
        for (name, pick) in [("floor", (|pair| pair.1) as fn(&(Sample, Sample)) -> Sample), ("milepost", |pair| pair.0)]
        {
            let cell = |figure: fn(&Sample) -> f64| figure_text(middle(&|pair| figure(&pick(pair))));
            table.row([
                format!("{} {name}", way.name),
                cell(|sample| sample.cpu_s_per_million),
                cell(|sample| sample.net_cpu_s_per_million),
                cell(|sample| sample.deliveries_per_second),
                cell(|sample| sample.delivered_share),
                cell(|sample| sample.p50_ms),
                cell(|sample| sample.p99_ms),
                cell(|sample| sample.spread_p99_ms),
                cell(|sample| sample.payload_bytes),
                cell(|sample| sample.rss_mib),
                cell(|sample| sample.foreign_cpu_share),
            ]);
        }
        // A ratio is taken within its round, where both ran side by side; then the middle one of the rounds.
        let ratio = |figure: fn(&Sample) -> f64| middle(&|pair| figure(&pair.0) / figure(&pair.1));
        let name = |figure: &str| format!("{}_{figure}_ratio", way.name);
        report.figure(&format!("{}_samples", way.name), serde_json::to_value(samples).context("numbers are JSON")?);
        report.figure(&name("raw_cpu"), crate::report::rounded(ratio(|sample| sample.cpu_s_per_million)));
        let net_cpu = ratio(|sample| sample.net_cpu_s_per_million);
        match way.name {
            "each" => {
                goals.push((name("cpu"), net_cpu, Goal::AtMost(1.25)));
                goals.push((name("p99"), ratio(|sample| sample.p99_ms), Goal::AtMost(1.5)));
                goals.push((name("spread_p99"), ratio(|sample| sample.spread_p99_ms), Goal::AtMost(1.5)));
            }
            "gathered" => goals.push((name("cpu"), net_cpu, Goal::AtMost(1.15))),
            _ => goals.push((name("deliveries"), ratio(|sample| sample.deliveries_per_second), Goal::AtLeast(0.65))),
        }
    }
    report.table(table);
    for (name, value, goal) in goals {
        report.against_goal(&name, value, goal);
    }
    Ok(report)
}

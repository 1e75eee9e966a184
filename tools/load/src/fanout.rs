//! `fanout`: what a delivery costs Milepost, beside what it costs the floor in the same run.

mod bench;
mod meter;

use crate::milepost::ServerOptions;
use crate::process::raise_open_files;
use anyhow::{Context as _, Result, ensure};
use bench::Bench;
use clap::{Args, ValueEnum};
use meter::Sample;
use milepost_report::{Goal, Report, Table, figure_text, median, rounded};
use serde::Serialize;

/// Options of `fanout`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct FanoutOptions {
    #[command(flatten)]
    server: ServerOptions,
    /// How many sockets
    #[arg(long, default_value_t = 1000)]
    sockets: usize,
    /// What they follow: the bus socket, or all vehicles on /ws as JSON or rows
    #[arg(long, value_enum, default_value_t = Followed::Bus)]
    follow: Followed,
    /// Rounds; the figures are their medians
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 6.0)]
    seconds: f64,
    /// Positions a second, one frame a write
    #[arg(long, default_value_t = 50.0)]
    each_rate: f64,
    /// Positions in a gathered burst: one for each bus, in one request
    #[arg(long, default_value_t = 16)]
    burst: usize,
    /// Bursts a second when gathered
    #[arg(long, default_value_t = 10.0)]
    gathered_rate: f64,
    /// Messages for each socket that a flood may be ahead of the receipts
    #[arg(long, default_value_t = 64)]
    flood_window: u64,
    /// Only one of the modes (each, gathered or flood)
    #[arg(long)]
    only: Option<String>,
}

/// What the sockets follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
enum Followed {
    Bus,
    Json,
    Rows,
}

/// How positions are published.
#[derive(Debug, Clone, Copy)]
struct Mode {
    name: &'static str,
    frames_per_burst: usize,
    /// 0 means as fast as the sockets accept them.
    bursts_per_second: f64,
}

/// Measures both servers and prints the report.
pub(crate) fn run_fanout(mut options: FanoutOptions) -> Result<()> {
    raise_open_files()?;
    if options.server.server_cpus.is_empty() {
        options.server.server_cpus = vec![0];
    }
    if options.server.client_cpus.is_empty() {
        options.server.client_cpus = vec![1];
    }
    let modes: Vec<Mode> = [
        Mode { name: "each", frames_per_burst: 1, bursts_per_second: options.each_rate },
        Mode { name: "gathered", frames_per_burst: options.burst, bursts_per_second: options.gathered_rate },
        Mode { name: "flood", frames_per_burst: options.burst, bursts_per_second: 0.0 },
    ]
    .into_iter()
    .filter(|mode| match options.only.as_deref() {
        Some(only) => only == mode.name,
        // Rows of a burst come in one message, so that a flood can't be counted.
        None => options.follow == Followed::Bus || mode.name != "flood",
    })
    .collect();
    ensure!(!modes.is_empty(), "--only takes each, gathered or flood");
    let mut samples: Vec<Vec<(Sample, Sample)>> = vec![Vec::new(); modes.len()];
    for round in 1..=options.rounds {
        let mut bench = Bench::start(&options)?;
        let costs: Vec<f64> = modes.iter().map(|mode| bench.measure_ingest(mode)).collect::<Result<_>>()?;
        bench.connect()?;
        for ((mode, cost_s), samples) in modes.iter().zip(costs).zip(&mut samples) {
            eprintln!("round {round} of {}: {}", options.rounds, mode.name);
            let milepost = bench.measure_milepost(mode, cost_s)?;
            let floor = bench.measure_floor(mode, &milepost)?;
            samples.push((milepost, floor));
        }
    }
    report(&options, &modes, &samples)?.print()
}

fn report(options: &FanoutOptions, modes: &[Mode], samples: &[Vec<(Sample, Sample)>]) -> Result<Report> {
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
    for (mode, samples) in modes.iter().zip(samples) {
        let middle = |figure: &dyn Fn(&(Sample, Sample)) -> f64| median(samples.iter().map(figure).collect());
        for (name, pick) in [("floor", (|pair| pair.1) as fn(&(Sample, Sample)) -> Sample), ("milepost", |pair| pair.0)]
        {
            let cell = |figure: fn(&Sample) -> f64| figure_text(middle(&|pair| figure(&pick(pair))));
            table.row([
                format!("{} {name}", mode.name),
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
        // A ratio is computed for each round, in which both ran side by side. The report shows the median of the rounds.
        let ratio = |figure: fn(&Sample) -> f64| middle(&|pair| figure(&pair.0) / figure(&pair.1));
        let name = |figure: &str| format!("{}_{figure}_ratio", mode.name);
        report.figure(&format!("{}_samples", mode.name), serde_json::to_value(samples).context("numbers are JSON")?);
        report.figure(&name("raw_cpu"), rounded(ratio(|sample| sample.cpu_s_per_million)));
        let net_cpu = ratio(|sample| sample.net_cpu_s_per_million);
        if options.follow != Followed::Bus {
            // Without delays: places are rounded there, and carry no stamp.
            goals.push((name("cpu"), net_cpu, Goal::AtMost(1.15)));
            continue;
        }
        match mode.name {
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

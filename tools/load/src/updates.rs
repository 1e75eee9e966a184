//! `updates`: updates of deliveries a second, each durable, beside a route that stores nothing and beside durable positions.

use crate::closed_loop::{ClosedLoop, Rate};
use crate::fleet::{Fleet, must_be, place_at};
use crate::http::{Client, json_request};
use crate::milepost::{Milepost, ServerOptions};
use crate::process::{cpu_seconds, pin_to};
use crate::publishing::now_ms;
use crate::stamp::now_us;
use anyhow::{Context as _, Result};
use clap::Args;
use milepost_report::{Goal, Report, Table, figure_text, median, rounded};
use serde::Serialize;
use serde_json::json;
use std::time::Duration;

/// Options of `updates`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct UpdatesOptions {
    #[command(flatten)]
    server: ServerOptions,
    /// Riders and kiosks, each with a connection of its own
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Rounds; the figures are their medians
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// A rider with its delivery.
struct Rider {
    path: String,
    credential: String,
}

impl Rider {
    fn set_up(milepost: &Milepost, number: usize) -> Result<Self> {
        let credential = milepost.bearer_of("rider", "default", &[])?;
        let order = json!({"order_id": format!("order-{number}"), "rider_id": format!("load-{}-{number}", now_ms()),
            "dropoff_lat": 30.3, "dropoff_lng": -97.7});
        let mut client = Client::connect(milepost.address, &credential)?;
        let started = must_be(200, client.call("POST", "/tracking/start", &order)?)?;
        let id = started["tracking_id"].as_str().context("a delivery has an id")?;
        Ok(Self { path: format!("/tracking/update/{id}"), credential })
    }

    /// Drives like the buses: no rule holds it for wrong.
    fn request(&self) -> Vec<u8> {
        let (latitude, longitude) = place_at(now_ms());
        let body = format!(r#"{{"lat":{latitude:.6},"lng":{longitude:.6}}}"#);
        json_request("POST", &self.path, &self.credential, body.as_bytes())
    }
}

/// Measures in turns, and prints the report.
pub(crate) fn run_updates(options: &UpdatesOptions) -> Result<()> {
    let milepost = Milepost::start(&options.server)?;
    if !options.server.client_cpus.is_empty() {
        pin_to(&options.server.client_cpus)?;
    }
    let kiosks = Fleet::numbered(&format!("updates-{}", now_ms()), options.connections);
    let mut kiosks = Fleet::set_up(&mut milepost.client()?, kiosks, true)?;
    let riders = (0..options.connections).map(|number| Rider::set_up(&milepost, number)).collect::<Result<Vec<_>>>()?;
    let mut rates: [Vec<Rate>; 3] = Default::default();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        let mut ping = |path: &str, number: usize| kiosks.buses[number].kiosk_request(path, now_ms(), now_us());
        rates[0].push(send(&milepost, options, |number| ping("/echo/kiosks/", number))?);
        rates[1].push(send(&milepost, options, |number| ping("/api/v1/kiosks/", number))?);
        rates[2].push(send(&milepost, options, |number| riders[number].request())?);
    }
    report(options, &rates)?.print()
}

/// Every connection sends its next request as soon as the last one is answered.
fn send(milepost: &Milepost, options: &UpdatesOptions, mut make: impl FnMut(usize) -> Vec<u8>) -> Result<Rate> {
    let mut load = ClosedLoop::open(milepost, options.connections)?;
    // A warm-up whose answers are not counted.
    load.run(Duration::from_millis(300), |connection| Some(make(connection)))?;
    load.answers.latency.reset();
    let cpu_s = cpu_seconds(milepost.pid)?;
    let elapsed = load.run(Duration::from_secs_f64(options.seconds), |connection| Some(make(connection)))?;
    load.rate(load.answers.latency.len(), elapsed, cpu_seconds(milepost.pid)? - cpu_s)
}

fn report(options: &UpdatesOptions, rates: &[Vec<Rate>; 3]) -> Result<Report> {
    let mut report = Report::new("updates", options)?;
    let mut table = Table::new(["medians", "a second", "p50 ms", "p99 ms", "CPU µs each"]);
    let figure = |rates: &[Rate], of: fn(&Rate) -> f64| median(rates.iter().map(of).collect());
    let names = ["position, parsed and answered", "position, durable", "delivery's update, durable"];
    for (name, rates) in names.into_iter().zip(rates) {
        table.row([
            name.into(),
            figure_text(figure(rates, |rate| rate.per_second)),
            figure_text(figure(rates, |rate| rate.p50_ms)),
            figure_text(figure(rates, |rate| rate.p99_ms)),
            figure_text(figure(rates, |rate| rate.cpu_us)),
        ]);
    }
    report.table(table);
    let [echoed, positions, updates] = rates;
    report.figure("echo_samples", serde_json::to_value(echoed)?);
    report.figure("position_samples", serde_json::to_value(positions)?);
    report.figure("update_samples", serde_json::to_value(updates)?);
    report.figure("position_cpu_us", rounded(figure(positions, |rate| rate.cpu_us)));
    report.against_goal("updates_per_second", figure(updates, |rate| rate.per_second), Goal::AtLeast(15_000.0));
    report.against_goal("update_cpu_us", figure(updates, |rate| rate.cpu_us), Goal::AtMost(60.0));
    Ok(report)
}

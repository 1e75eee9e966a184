//! One measurement of one server: CPU, delays and memory.

use crate::deliveries::Deliveries;
use crate::histogram::quantile_ms;
use crate::process::{cpu_seconds, machine_cpu_seconds, rss_bytes};
use anyhow::{Result, ensure};
use serde::Serialize;
use std::time::Instant;

/// The result of one measurement of one server.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Sample {
    /// Server CPU seconds per million deliveries, ingest included.
    pub(super) cpu_s_per_million: f64,
    /// The same without the cost of publishing to no watcher.
    pub(super) net_cpu_s_per_million: f64,
    pub(super) deliveries_per_second: f64,
    /// The share of the published messages that arrived: in a flood newer positions replace older ones.
    pub(super) delivered_share: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) spread_p99_ms: f64,
    pub(super) payload_bytes: f64,
    pub(super) rss_mib: f64,
    /// CPU time of other programs during the measurement. Above a few percent the sample is disturbed.
    pub(super) foreign_cpu_share: f64,
}

/// The state of the machine when a measurement begins.
pub(super) struct Meter {
    pid: u32,
    ours: [u32; 3],
    start: Instant,
    cpu_s: f64,
    foreign_cpu_s: f64,
}

impl Meter {
    pub(super) fn start(pid: u32, other_pid: u32) -> Result<Self> {
        let ours = [pid, other_pid, std::process::id()];
        Ok(Self {
            pid,
            ours,
            start: Instant::now(),
            cpu_s: cpu_seconds(pid)?,
            foreign_cpu_s: foreign_cpu_seconds(&ours)?,
        })
    }

    pub(super) fn sample(&self, deliveries: &Deliveries, published: u64, ingest_s: f64) -> Result<Sample> {
        let cpu_s = cpu_seconds(self.pid)? - self.cpu_s;
        ensure!(deliveries.messages > 0, "nothing was delivered");
        let millions = deliveries.messages as f64 / 1e6;
        Ok(Sample {
            cpu_s_per_million: cpu_s / millions,
            net_cpu_s_per_million: (cpu_s - ingest_s) / millions,
            deliveries_per_second: deliveries.per_second(),
            delivered_share: deliveries.messages as f64 / published as f64,
            p50_ms: quantile_ms(&deliveries.latency, 0.5),
            p99_ms: quantile_ms(&deliveries.latency, 0.99),
            spread_p99_ms: quantile_ms(&deliveries.spread, 0.99),
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

//! What Prometheus' client libraries say of every process, under the same names. Linux only: elsewhere they are missing.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;
use std::fs::{read_dir, read_to_string};

/// Reads `/proc` at each scrape.
#[derive(Debug)]
pub(super) struct ProcessStats;

impl Collector for ProcessStats {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Some(stat) = Stat::read() else { return Ok(()) };
        let cpu = ConstCounter::new(stat.cpu_s);
        let to = encoder.encode_descriptor("process_cpu_seconds", "Time of the processors", None, cpu.metric_type())?;
        cpu.encode(to)?;
        let open = read_dir("/proc/self/fd").map(|entries| entries.count() as f64).ok();
        for (name, help, value) in [
            ("process_resident_memory_bytes", "Memory in use", Some(stat.resident_bytes)),
            ("process_virtual_memory_bytes", "Addresses in use", Some(stat.virtual_bytes)),
            ("process_threads", "Threads", Some(stat.threads)),
            ("process_start_time_seconds", "When the process began, Unix seconds", stat.started_s),
            ("process_open_fds", "Open files", open),
            ("process_max_fds", "Files that may be open", max_open_files()),
        ] {
            if let Some(value) = value {
                let gauge = ConstGauge::new(value);
                gauge.encode(encoder.encode_descriptor(name, help, None, gauge.metric_type())?)?;
            }
        }
        Ok(())
    }
}

struct Stat {
    cpu_s: f64,
    threads: f64,
    started_s: Option<f64>,
    virtual_bytes: f64,
    resident_bytes: f64,
}

impl Stat {
    /// `/proc/self/stat`, whose fields proc(5) numbers from 1.
    fn read() -> Option<Self> {
        let text = read_to_string("/proc/self/stat").ok()?;
        // The second field is the program's name in parentheses, which may hold anything.
        let fields: Vec<f64> =
            text.rsplit_once(") ")?.1.split(' ').map(|field| field.trim().parse().unwrap_or(0.0)).collect();
        let field = |number: usize| fields.get(number - 3).copied();
        let per_s = rustix::param::clock_ticks_per_second() as f64;
        let booted = read_to_string("/proc/stat").ok();
        let booted_s = booted.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("btime ")));
        let booted_s: Option<f64> = booted_s.and_then(|text| text.trim().parse().ok());
        let started = field(22)? / per_s;
        Some(Self {
            cpu_s: (field(14)? + field(15)?) / per_s,
            threads: field(20)?,
            started_s: booted_s.map(|booted| booted + started),
            virtual_bytes: field(23)?,
            resident_bytes: field(24)? * rustix::param::page_size() as f64,
        })
    }
}

fn max_open_files() -> Option<f64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current.map(|files| files as f64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_process_is_measured() {
        let stat = Stat::read().unwrap();
        assert!(stat.resident_bytes > 1e6 && stat.virtual_bytes >= stat.resident_bytes && stat.threads >= 1.0);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        let age = now - stat.started_s.unwrap();
        assert!((-2.0..86_400.0).contains(&age), "{age}");
        assert!(max_open_files().unwrap() >= 16.0);
    }
}

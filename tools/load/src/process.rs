//! CPU time, memory, CPU affinity and open files, from the kernel.

use anyhow::{Context as _, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::fs;

/// Linux counts CPU time in hundredths of a second in `/proc` on every architecture.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU seconds that process `pid` has used, in user and kernel together, ended threads included.
pub(crate) fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).with_context(|| format!("process {pid} is gone"))?;
    cpu_seconds_in(&stat).context("/proc/PID/stat has an unknown form")
}

/// Resident memory of process `pid` in bytes.
pub(crate) fn rss_bytes(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).with_context(|| format!("process {pid} is gone"))?;
    rss_bytes_in(&status).context("/proc/PID/status has an unknown form")
}

/// CPU seconds that all running processes of this name have used.
pub(crate) fn cpu_seconds_of_all(name: &str) -> Result<f64> {
    let mut sum = 0.0;
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // One that ends meanwhile counts no more.
        if fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|found| found.trim_end() == name) {
            sum += cpu_seconds(pid).unwrap_or(0.0);
        }
    }
    Ok(sum)
}

/// CPU seconds that the whole machine has been busy since it started, time stolen by its host included.
///
/// Growth beyond that of the programs under test shows that something else disturbed a run.
pub(crate) fn machine_cpu_seconds() -> Result<f64> {
    machine_cpu_seconds_in(&fs::read_to_string("/proc/stat")?).context("/proc/stat has an unknown form")
}

/// The CPUs that this process may use, in order.
pub(crate) fn allowed_cpus() -> Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect())
}

/// Restricts the calling thread, and all threads and processes that it starts later, to `cpus`.
pub(crate) fn pin_to(cpus: &[usize]) -> Result<()> {
    let mut set = CpuSet::new();
    cpus.iter().for_each(|&cpu| set.set(cpu));
    sched_setaffinity(None, &set).with_context(|| format!("can't run on CPUs {cpus:?}"))
}

/// Raises the limit of open files to the hard limit, and returns it.
pub(crate) fn raise_open_files() -> Result<u64> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    Ok(limit.maximum.unwrap_or(u64::MAX))
}

/// The second field may hold spaces and brackets, so that fields are counted from its last closing bracket.
fn cpu_seconds_in(stat: &str) -> Option<f64> {
    let mut fields = stat[stat.rfind(')')? + 1..].split_ascii_whitespace();
    let user_ticks: f64 = fields.nth(11)?.parse().ok()?;
    let kernel_ticks: f64 = fields.next()?.parse().ok()?;
    Some((user_ticks + kernel_ticks) / TICKS_PER_SECOND)
}

/// The first line sums up all CPUs: user, nice, system, idle, iowait, irq, softirq, steal.
fn machine_cpu_seconds_in(stat: &str) -> Option<f64> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<f64> = line.split_ascii_whitespace().take(8).map_while(|field| field.parse().ok()).collect();
    let [user, nice, system, _idle, _iowait, irq, softirq, steal] = ticks[..] else { return None };
    Some((user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND)
}

fn rss_bytes_in(status: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: u64 = line.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[test]
    fn cpu_time_is_found_behind_a_name_with_brackets() {
        let stat = "4242 (a (b) c) S 1 4242 4242 0 -1 4194304 100 0 0 0 250 75 0 0 20 0 3 0 1000 1 2 3";
        assert_eq!(cpu_seconds_in(stat), Some(3.25));
        assert_eq!(cpu_seconds_in("4242 (cut"), None);
    }

    #[test]
    fn waiting_is_not_being_busy() {
        let stat = "cpu  100 10 50 9000 800 5 15 20 0 0\ncpu0 1 2 3\n";
        assert_eq!(machine_cpu_seconds_in(stat), Some(2.0));
        assert_eq!(machine_cpu_seconds_in("cpu  1 2 3\n"), None);
    }

    #[test]
    fn resident_memory_is_in_bytes() {
        assert_eq!(rss_bytes_in("Name:\tx\nVmRSS:\t    1204 kB\nThreads: 1\n"), Some(1_232_896));
        assert_eq!(rss_bytes_in("Name:\tzombie\n"), None);
    }

    #[test]
    fn this_process_has_memory_and_a_cpu() {
        assert!(rss_bytes(std::process::id()).unwrap() > 100_000);
        assert!(cpu_seconds(std::process::id()).unwrap() >= 0.0);
        assert!(!allowed_cpus().unwrap().is_empty());
    }
}

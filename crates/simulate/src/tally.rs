//! Counts a run's fixes by outcome and its calls by duration.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Sixteen buckets for each doubling: a percentile is off by at most 6 %, for any duration in 8 KB.
const BUCKETS: usize = 61 * 16;

/// Counters that all senders share.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Fixes that were made for sending.
    pub(crate) made: AtomicU64,
    pub(crate) sent: AtomicU64,
    pub(crate) accepted: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) errors: AtomicU64,
    pub(crate) dropped: AtomicU64,
    latency_us: Vec<AtomicU64>,
}

/// The counts of a run so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The number of vehicles.
    pub vehicles: usize,
    /// Fixes that the server has answered for.
    pub sent: u64,
    /// Fixes of these that the server stored.
    pub accepted: u64,
    /// Fixes of these that the server had already.
    pub duplicates: u64,
    /// Fixes of these that the server refused.
    pub rejected: u64,
    /// Calls that failed and were tried again: no connection, 429, 5xx.
    pub errors: u64,
    /// Fixes that were never sent, since their vehicle's backlog was full or the run ended.
    pub dropped: u64,
    /// Rows of replayed files that could not be read.
    pub unread_rows: u64,
    /// The time since the first fix was due.
    pub elapsed: Duration,
    /// Half of the answered calls took at most this long.
    pub p50: Duration,
    /// 99 of 100 answered calls took at most this long.
    pub p99: Duration,
    /// The server's explanation of the first refusal.
    pub first_refusal: Option<String>,
}

impl Default for Tally {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            made: zero(),
            sent: zero(),
            accepted: zero(),
            duplicates: zero(),
            rejected: zero(),
            errors: zero(),
            dropped: zero(),
            latency_us: (0..BUCKETS).map(|_| zero()).collect(),
        }
    }
}

impl Tally {
    /// Counts an answered call.
    pub(crate) fn add_latency(&self, latency: Duration) {
        let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        self.latency_us[bucket(us)].fetch_add(1, Relaxed);
    }

    /// Ends the count: fixes that were made and not answered for are dropped, in a backlog or in a call that was cut off.
    pub(crate) fn close(&self) {
        self.dropped.store(self.made.load(Relaxed).saturating_sub(self.sent.load(Relaxed)), Relaxed);
    }

    pub(crate) fn summary(&self, elapsed: Duration) -> Summary {
        let counts: Vec<u64> = self.latency_us.iter().map(|count| count.load(Relaxed)).collect();
        Summary {
            sent: self.sent.load(Relaxed),
            accepted: self.accepted.load(Relaxed),
            duplicates: self.duplicates.load(Relaxed),
            rejected: self.rejected.load(Relaxed),
            errors: self.errors.load(Relaxed),
            dropped: self.dropped.load(Relaxed),
            elapsed,
            p50: percentile(&counts, 0.50),
            p99: percentile(&counts, 0.99),
            ..Summary::default()
        }
    }
}

fn bucket(us: u64) -> usize {
    if us < 16 {
        return us as usize;
    }
    let doubling = 63 - us.leading_zeros() as usize;
    (doubling - 3) * 16 + ((us >> (doubling - 4)) & 15) as usize
}

/// The first microsecond past a bucket.
fn bucket_end_us(index: usize) -> u64 {
    if index < 16 {
        return index as u64 + 1;
    }
    let (doubling, part) = (index / 16 + 3, index as u64 % 16);
    (16 + part + 1).checked_shl(doubling as u32 - 4).unwrap_or(u64::MAX)
}

fn percentile(counts: &[u64], share: f64) -> Duration {
    let total: u64 = counts.iter().sum();
    let wanted = (total as f64 * share).ceil() as u64;
    let mut seen = 0;
    for (index, count) in counts.iter().enumerate() {
        seen += count;
        if seen >= wanted && total > 0 {
            return Duration::from_micros(bucket_end_us(index));
        }
    }
    Duration::ZERO
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        let rate = if seconds > 0.0 { self.sent as f64 / seconds } else { 0.0 };
        write!(
            f,
            "{} vehicles, {:.0} s: sent {}, accepted {}, duplicates {}, rejected {}, errors {}, dropped {}, {rate:.1}/s, p50 {:.1} ms, p99 {:.1} ms",
            self.vehicles,
            seconds,
            self.sent,
            self.accepted,
            self.duplicates,
            self.rejected,
            self.errors,
            self.dropped,
            self.p50.as_secs_f64() * 1e3,
            self.p99.as_secs_f64() * 1e3,
        )?;
        if self.unread_rows > 0 {
            write!(f, ", {} rows not read", self.unread_rows)?;
        }
        if let Some(refusal) = &self.first_refusal {
            write!(f, "; first refusal: {refusal}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_off_by_at_most_a_sixteenth() {
        let tally = Tally::default();
        for ms in 1..=1000 {
            tally.add_latency(Duration::from_millis(ms));
        }
        let summary = tally.summary(Duration::from_secs(1));
        assert!((500.0..=532.0).contains(&(summary.p50.as_secs_f64() * 1e3)), "{:?}", summary.p50);
        assert!((990.0..=1053.0).contains(&(summary.p99.as_secs_f64() * 1e3)), "{:?}", summary.p99);
    }

    #[test]
    fn every_duration_has_a_bucket_that_ends_after_it() {
        for us in [0, 1, 15, 16, 17, 31, 32, 1 << 20, u64::MAX >> 8, u64::MAX] {
            let index = bucket(us);
            assert!(index < BUCKETS, "{us}");
            assert!(us == u64::MAX || bucket_end_us(index) > us, "{us}");
        }
    }
}

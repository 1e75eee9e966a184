//! Counts durations in buckets whose width grows with the value, so that millions of samples take a few kilobytes.

/// Buckets for each doubling: a percentile is at most 1/64 (1.6 %) above the true value.
const STEPS_PER_DOUBLING: u64 = 64;
const STEPS_BITS: u32 = STEPS_PER_DOUBLING.trailing_zeros();
/// Values from 2^40 µs (12 days) on share the last bucket.
const DOUBLINGS: u64 = 40;

/// Durations in whole microseconds.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    max_us: u64,
}

impl Histogram {
    /// Empty.
    pub(crate) fn new() -> Self {
        Self {
            buckets: vec![0; (STEPS_PER_DOUBLING * (DOUBLINGS - u64::from(STEPS_BITS) + 1)) as usize],
            count: 0,
            max_us: 0,
        }
    }

    /// Adds one sample.
    pub(crate) fn add(&mut self, us: u64) {
        let last = self.buckets.len() - 1;
        self.buckets[bucket_of(us).min(last)] += 1;
        self.count += 1;
        self.max_us = self.max_us.max(us);
    }

    /// How many samples.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// The largest sample, exactly; 0 when empty.
    pub(crate) const fn max_us(&self) -> u64 {
        self.max_us
    }

    /// The value that a share `quantile` (0 to 1) of the samples does not exceed; 0 when empty.
    pub(crate) fn quantile_us(&self, quantile: f64) -> u64 {
        let wanted = (quantile * self.count as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, &samples) in self.buckets.iter().enumerate() {
            seen += samples;
            if seen >= wanted {
                return upper_edge_us(bucket).min(self.max_us);
            }
        }
        self.max_us
    }
}

/// Below 64 every value has its own bucket; above, the six bits after the leading one choose.
const fn bucket_of(us: u64) -> usize {
    if us < STEPS_PER_DOUBLING {
        return us as usize;
    }
    let doubling = us.ilog2() - STEPS_BITS;
    let step = (us >> doubling) - STEPS_PER_DOUBLING;
    (STEPS_PER_DOUBLING * (doubling as u64 + 1) + step) as usize
}

/// The largest value that falls into `bucket`.
const fn upper_edge_us(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < STEPS_PER_DOUBLING {
        return bucket;
    }
    let doubling = bucket / STEPS_PER_DOUBLING - 1;
    let step = bucket % STEPS_PER_DOUBLING;
    ((STEPS_PER_DOUBLING + step + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_falls_into_a_bucket_whose_edge_is_at_most_one_part_in_64_above() {
        for us in (0..10_000).chain([65_535, 65_536, 1_000_000, 123_456_789]) {
            let edge = upper_edge_us(bucket_of(us));
            assert!(edge >= us && edge - us <= us / 64, "{us} → {edge}");
            assert!(bucket_of(edge + 1) == bucket_of(us) + 1, "{us}: the next bucket starts after the edge");
        }
    }

    #[test]
    fn quantiles_of_one_to_a_thousand() {
        let mut histogram = Histogram::new();
        assert_eq!(histogram.quantile_us(0.99), 0, "empty");
        (1..=1000).for_each(|us| histogram.add(us));
        assert!((500..=508).contains(&histogram.quantile_us(0.5)));
        assert!((990..=1000).contains(&histogram.quantile_us(0.99)));
        assert_eq!((histogram.quantile_us(1.0), histogram.max_us(), histogram.count()), (1000, 1000, 1000));
    }

    #[test]
    fn a_value_beyond_all_buckets_counts_in_the_last() {
        let mut histogram = Histogram::new();
        histogram.add(u64::MAX);
        assert_eq!(histogram.count(), 1);
        assert!(histogram.quantile_us(0.5) > 1 << 39);
    }
}

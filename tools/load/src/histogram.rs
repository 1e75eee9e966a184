//! Histograms of durations in microseconds.

use hdrhistogram::Histogram;

/// Longer durations are counted as this one.
const MAX_US: u64 = 3_600_000_000;

/// Counts durations; percentiles are exact to three digits.
pub(crate) type Durations = Histogram<u64>;

/// An empty histogram.
pub(crate) fn durations() -> Durations {
    Histogram::new_with_max(MAX_US, 3).expect("an hour and three digits are within its limits")
}

/// The duration in milliseconds that a share `quantile` (0 to 1) of the samples does not exceed; 0 without samples.
pub(crate) fn quantile_ms(durations: &Durations, quantile: f64) -> f64 {
    durations.value_at_quantile(quantile) as f64 / 1000.0
}

/// The longest duration in milliseconds.
pub(crate) fn max_ms(durations: &Durations) -> f64 {
    durations.max() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_exact_to_three_digits() {
        let mut histogram = durations();
        assert_eq!(quantile_ms(&histogram, 0.99), 0.0, "without samples");
        (1..=100_000).for_each(|us| histogram.saturating_record(us));
        assert!((49.9..=50.1).contains(&quantile_ms(&histogram, 0.5)));
        assert!((98.9..=99.1).contains(&quantile_ms(&histogram, 0.99)));
    }

    #[test]
    fn a_duration_beyond_the_largest_counts_as_the_largest() {
        let mut histogram = durations();
        histogram.saturating_record(u64::MAX);
        assert_eq!(histogram.len(), 1);
        assert!(max_ms(&histogram) >= 3_600_000.0);
    }
}

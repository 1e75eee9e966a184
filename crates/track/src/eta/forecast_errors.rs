//! How far off a tenant's forecasts were, so that an interval holds four of five arrivals.

use std::collections::VecDeque;

/// Forecasts are compared with those of about the same length, because the near ones are off by more in relation to their
/// length. Upper ends of all bands but the last, seconds.
const BANDS_S: [f64; 3] = [120.0, 300.0, 700.0];
/// Where most forecasts of each band lie, seconds.
const MIDDLES_S: [f64; 4] = [70.0, 200.0, 480.0, 1200.0];
/// Errors are ratios of times to which this is added, seconds: a few seconds more or less mean little to a short time.
const OFFSET_S: f64 = 30.0;
/// The newest errors of each band that count.
const KEPT: usize = 400;
/// The part of the arrivals that lies below the interval, and above it.
const TAIL: f64 = 0.095;
/// Few errors have not shown their extremes yet: the tails are made smaller by up to this part of all arrivals,
const FEW_TAIL: f64 = 0.025;
/// by half of it when a band holds as many errors as this.
const FEW: f64 = 120.0;
/// All of the prior weighs as much as this many errors.
const PRIOR_WEIGHT: f64 = 20.0;

/// The errors of an unknown tenant: twenty quantiles, 2.5 % to 97.5 %, of the recordings that constants were fitted to
/// (`docs/eta.md`), the log of (arrival + 30 s) / (forecast + 30 s), for each band.
const PRIOR: [[f32; 20]; 4] = [
    [
        -0.42, -0.26, -0.17, -0.09, -0.04, -0.01, 0.03, 0.06, 0.09, 0.12, 0.16, 0.19, 0.22, 0.26, 0.31, 0.38, 0.46,
        0.57, 0.77, 1.20,
    ],
    [
        -0.76, -0.64, -0.56, -0.47, -0.40, -0.33, -0.28, -0.22, -0.18, -0.14, -0.10, -0.06, -0.01, 0.06, 0.13, 0.20,
        0.28, 0.38, 0.49, 0.77,
    ],
    [
        -0.94, -0.68, -0.54, -0.45, -0.37, -0.32, -0.26, -0.20, -0.15, -0.10, -0.05, 0.00, 0.05, 0.10, 0.15, 0.21,
        0.28, 0.37, 0.48, 0.75,
    ],
    [
        -0.62, -0.43, -0.32, -0.25, -0.19, -0.14, -0.10, -0.06, -0.03, 0.01, 0.03, 0.07, 0.10, 0.13, 0.16, 0.20, 0.25,
        0.31, 0.40, 0.55,
    ],
];

/// The newest errors of a tenant's forecasts. The default knows the prior alone.
#[derive(Debug, Clone)]
pub(super) struct ForecastErrors {
    bands: [Band; 4],
}

#[derive(Debug, Clone)]
struct Band {
    errors: VecDeque<f32>,
    /// Its two quantiles.
    ends: (f32, f32),
}

impl Default for ForecastErrors {
    fn default() -> Self {
        let bands = PRIOR.map(|prior| Band { errors: VecDeque::new(), ends: ends_of(&prior, &VecDeque::new()) });
        Self { bands }
    }
}

impl ForecastErrors {
    /// Learns how long riders took for whom `travel_s` was forecast.
    pub(super) fn learn(&mut self, forecasts: &[Forecast]) {
        let mut touched = [false; 4];
        for forecast in forecasts {
            let error = ((forecast.took_s + OFFSET_S) / (forecast.travel_s + OFFSET_S)).ln() as f32;
            if !error.is_finite() {
                continue;
            }
            let index = band_of(forecast.travel_s);
            let errors = &mut self.bands[index].errors;
            if errors.len() == KEPT {
                errors.pop_front();
            }
            errors.push_back(error);
            touched[index] = true;
        }
        for (index, band) in self.bands.iter_mut().enumerate().filter(|(index, _)| touched[*index]) {
            band.ends = ends_of(&PRIOR[index], &band.errors);
        }
    }

    /// The interval that four of five arrivals lie in, seconds, for a rider of whom `travel_s` is forecast. Both ends grow with the
    /// forecast, from band to band too.
    pub(super) fn interval_s(&self, travel_s: f64) -> (f64, f64) {
        (self.end_s(travel_s, |band| band.ends.0), self.end_s(travel_s, |band| band.ends.1))
    }

    /// One end. It is exact in the middle of each band, and linear in between.
    fn end_s(&self, travel_s: f64, error: impl Fn(&Band) -> f32) -> f64 {
        let factor = |index: usize| f64::from(error(&self.bands[index])).exp();
        let first = MIDDLES_S[0];
        if travel_s <= first {
            return factor(0) * (travel_s + OFFSET_S) - OFFSET_S;
        }
        let (mut from_s, mut end_s) = (first, factor(0) * (first + OFFSET_S) - OFFSET_S);
        for (index, &middle_s) in MIDDLES_S.iter().enumerate().skip(1) {
            let next_s = (factor(index) * (middle_s + OFFSET_S) - OFFSET_S).max(end_s);
            if travel_s <= middle_s {
                return end_s + (next_s - end_s) * (travel_s - from_s) / (middle_s - from_s);
            }
            (from_s, end_s) = (middle_s, next_s);
        }
        end_s + factor(MIDDLES_S.len() - 1) * (travel_s - from_s)
    }

    /// About the memory on the heap, bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bands.iter().map(|band| band.errors.capacity() * size_of::<f32>()).sum()
    }
}

/// A forecast whose outcome is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Forecast {
    /// What was forecast, seconds.
    pub(super) travel_s: f64,
    /// What it took, seconds.
    pub(super) took_s: f64,
}

fn band_of(travel_s: f64) -> usize {
    BANDS_S.iter().filter(|&&end| travel_s >= end).count()
}

/// Both quantiles of a band's errors, mixed with the prior.
fn ends_of(prior: &[f32], errors: &VecDeque<f32>) -> (f32, f32) {
    let count = errors.len() as f64;
    let tail = TAIL - FEW_TAIL * FEW / (FEW + count);
    let prior_weight = PRIOR_WEIGHT / prior.len() as f64;
    let mut weighted: Vec<(f32, f64)> = prior.iter().map(|&error| (error, prior_weight)).collect();
    weighted.extend(errors.iter().map(|&error| (error, 1.0)));
    weighted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let whole = PRIOR_WEIGHT + count;
    let quantile = |part: f64| {
        let mut sum = 0.0;
        let found = weighted.iter().find(|(_, weight)| {
            sum += weight;
            sum >= part * whole
        });
        found.or(weighted.last()).map_or(0.0, |(error, _)| *error)
    };
    (quantile(tail), quantile(1.0 - tail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_follows_what_happened_to_forecasts_of_about_that_length() {
        let mut errors = ForecastErrors::default();
        let (early, late) = errors.interval_s(480.0);
        assert!(early < 480.0 && late > 480.0, "{early} {late}");
        let near = errors.interval_s(60.0);
        // Every rider takes twice the time, give or take a tenth.
        for index in 0..200 {
            let took_s = 1000.0 * (0.9 + f64::from(index % 20) * 0.01);
            errors.learn(&[Forecast { travel_s: 480.0, took_s }]);
        }
        let (early, late) = errors.interval_s(480.0);
        assert!((750.0..950.0).contains(&early) && (1040.0..1150.0).contains(&late), "{early} {late}");
        assert_eq!(errors.interval_s(60.0), near, "nothing was learned of near riders");
    }

    #[test]
    fn about_four_of_five_of_many_outcomes_lie_inside_and_old_ones_are_forgotten() {
        let mut errors = ForecastErrors::default();
        let outcome = |index: usize, scale: f64| scale * (0.5 + (index * 7919 % 1000) as f64 / 1000.0);
        for index in 0..1000 {
            errors.learn(&[Forecast { travel_s: 200.0, took_s: outcome(index, 4000.0) }]);
        }
        for index in 0..KEPT {
            errors.learn(&[Forecast { travel_s: 200.0, took_s: outcome(index, 200.0) }]);
        }
        let (early, late) = errors.interval_s(200.0);
        let inside = (0..1000).filter(|&index| (early..=late).contains(&outcome(index, 200.0))).count();
        assert!((760..860).contains(&inside), "{inside}");
    }
}

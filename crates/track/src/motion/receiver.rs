//! The noise of a vehicle's receiver, learned while the vehicle stands.

use crate::Rules;
use crate::fix::Fix;
use crate::saved::{point, time};
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};
use serde::{Deserialize, Serialize};

/// The learned noise stays within this range, metres.
const LEARNED_M: std::ops::RangeInclusive<f64> = 4.0..=25.0;
/// When the noise shrinks, each fix closes this part of the difference.
const LEARNING: f64 = 0.02;
/// A vehicle that moves for this long within the largest circle of standing gets nowhere, milliseconds.
const LINGERING_MS: i64 = 120_000;
/// In that case the noise is larger than was learned, by this factor.
const LINGERING_NOISE: f64 = 1.5;

/// The noise, and signs that it is larger than was learned.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Receiver {
    /// One standard deviation along each axis, metres; `None` until the vehicle stood.
    noise_m: Option<f64>,
    /// Where and since when the vehicle changes from stay point to stay point without getting away.
    lingering: Option<Lingering>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Lingering {
    #[serde(with = "point")]
    point: Point,
    #[serde(with = "time")]
    since: Timestamp,
}

impl Receiver {
    /// One standard deviation along each axis, metres; `None` until the vehicle stood.
    pub(super) const fn noise_m(&self) -> Option<f64> {
        self.noise_m
    }

    /// Learns from the noise that was measured while standing: an increase counts at once, a decrease gradually.
    pub(super) fn learn(&mut self, measured_m: f64) {
        let known_m = self.noise_m.unwrap_or(measured_m);
        let change_m = measured_m - known_m;
        let learned_m = if change_m > 0.0 { measured_m } else { known_m + change_m * LEARNING };
        self.noise_m = Some(learned_m.clamp(*LEARNED_M.start(), *LEARNED_M.end()));
    }

    /// A vehicle that leaves stay point after stay point and gets nowhere has a noisier receiver than was learned.
    pub(super) fn linger(&mut self, fix: &Fix, rules: &Rules) {
        let within_m = rules.thresholds().still_radius_max_m;
        let here = Lingering { point: fix.point, since: fix.at };
        let lingering = self.lingering.get_or_insert_with(|| here.clone());
        if distance_m(lingering.point, fix.point) > within_m {
            *lingering = here;
        } else if fix.at.ms_since(lingering.since) >= LINGERING_MS {
            let noise_m = self.noise_m.unwrap_or(rules.thresholds().noise_m).max(fix.noise_m);
            self.noise_m = Some((noise_m * LINGERING_NOISE).min(*LEARNED_M.end()));
            *lingering = here;
        }
    }
}

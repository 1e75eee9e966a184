//! How far off a vehicle's receiver is, learned while it stands.

use crate::Rules;
use crate::saved::{point, time};
use crate::state::Fix;
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};
use serde::{Deserialize, Serialize};

/// What is learned of a receiver's noise is held within this, metres.
const LEARNED_M: std::ops::RangeInclusive<f64> = 4.0..=25.0;
/// A better receiver than known is believed by this part of the difference at each fix.
const LEARNING: f64 = 0.02;
/// So long within the largest circle of standing, without standing, is getting nowhere, milliseconds …
const LINGERING_MS: i64 = 120_000;
/// … and makes the noise so many times what was thought.
const LINGERING_NOISE: f64 = 1.5;

/// What is known of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Receiver {
    /// One standard deviation along each axis, metres; `None` until the vehicle stood.
    noise_m: Option<f64>,
    /// Where and since when the vehicle leaves one spot after the other.
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

    /// While it stands its noise shows: what is worse than known is believed at once, what is better by and by.
    pub(super) fn learn(&mut self, seen_m: f64) {
        let known_m = self.noise_m.unwrap_or(seen_m);
        let learned_m = if seen_m > known_m { seen_m } else { known_m + (seen_m - known_m) * LEARNING };
        self.noise_m = Some(learned_m.clamp(*LEARNED_M.start(), *LEARNED_M.end()));
    }

    /// Who leaves one spot after the other and gets nowhere has a noisier receiver than is known.
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

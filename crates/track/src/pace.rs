//! How fast a vehicle is, whom to believe about it, and when that is too fast.

use crate::belief::{Step, seconds};
use crate::incident::{Incident, IncidentKind, SpeedBasis};
use crate::saved::{point, time};
use crate::state::Fix;
use crate::{Rules, TrackFact};
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};
use serde::{Deserialize, Serialize};

/// A speed is derived from the way over at least this time: noise would make speeds of shorter steps. Milliseconds.
const WINDOW_MS: i64 = 10_000;
/// And over not more than this: nobody drives evenly for so long.
const WINDOW_MAX_MS: i64 = 120_000;
/// A told speed is contradicted when it is more than so many times the derived one, or the derived so many times it …
const CONTRADICTION: f64 = 2.0;
/// … and this besides, km/h: braking, curves and late reports make that much of a difference.
const CONTRADICTION_KMH: f64 = 30.0;
/// So many windows in a row must contradict the device.
const DOUBTS: u8 = 2;
/// A streak is over after so long without a fix, milliseconds.
const STREAK_SILENCE_MS: i64 = 120_000;

/// Speeds of the last fixes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Pace {
    window: Option<Window>,
    doubts: u8,
    streak: Option<Streak>,
}

/// Since when the way is measured, and what the device told meanwhile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Window {
    #[serde(with = "time")]
    since: Timestamp,
    #[serde(with = "point")]
    from: Point,
    told_sum_kmh: f64,
    told: u32,
}

/// A time over the limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Streak {
    /// As it was told.
    incident: Incident,
    peak_kmh: f64,
    #[serde(with = "time")]
    until: Timestamp,
    told: bool,
}

/// A believed speed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speed {
    pub(crate) kmh: f64,
    /// What it may be at most: a derived speed is told by what is sure.
    most_kmh: f64,
    basis: SpeedBasis,
    /// Since when it was so fast: a derived speed is of a time, a told one of an instant.
    since: Timestamp,
    point: Point,
}

impl Pace {
    /// Is what the device tells believed?
    pub(crate) const fn believes_told(&self) -> bool {
        self.doubts < DOUBTS
    }

    /// The speed at a fix; `None` while there is neither a reading nor enough way.
    pub(crate) fn judge(&mut self, fix: &Fix, step: Step, rules: &Rules) -> Option<Speed> {
        let told = fix.speed_kmh.filter(|&kmh| kmh <= rules.thresholds().max_speed_kmh);
        if step.relocated {
            self.window = None;
        }
        let window = self.window.get_or_insert_with(|| Window::new(fix));
        if let Some(kmh) = told {
            window.told_sum_kmh += kmh;
            window.told += 1;
        }
        let window_ms = fix.at.ms_since(window.since);
        let mut derived = None;
        if window_ms >= WINDOW_MS {
            if window_ms <= WINDOW_MAX_MS {
                // What both ends may be off is taken from the way: an alert needs to be sure.
                let way_m = distance_m(window.from, fix.point);
                let sure_m = (way_m - 2.0 * fix.noise_m).max(0.0);
                let kmh = sure_m / seconds(window_ms) * 3.6;
                let most_kmh = (way_m + 2.0 * fix.noise_m) / seconds(window_ms) * 3.6;
                if window.told > 0 {
                    let told_kmh = window.told_sum_kmh / f64::from(window.told);
                    let contradicted = told_kmh > CONTRADICTION * most_kmh + CONTRADICTION_KMH
                        || kmh > CONTRADICTION * told_kmh + CONTRADICTION_KMH;
                    self.doubts = if contradicted { (self.doubts + 1).min(DOUBTS) } else { 0 };
                }
                derived =
                    Some(Speed { kmh, most_kmh, basis: SpeedBasis::Derived, since: window.since, point: window.from });
            }
            let next = Window::new(fix);
            // This fix's reading belongs to both windows: it is the end of the one and the beginning of the other.
            let (told_sum_kmh, told) = told.map_or((0.0, 0), |kmh| (kmh, 1));
            *window = Window { told_sum_kmh, told, ..next };
        }
        match told {
            Some(kmh) if self.believes_told() => {
                Some(Speed { kmh, most_kmh: kmh, basis: SpeedBasis::Told, since: fix.at, point: fix.point })
            }
            _ => derived,
        }
    }

    /// Compares with the limit and tells of violations.
    pub(crate) fn watch(
        &mut self,
        fix: &Fix,
        speed: Option<Speed>,
        limit_kmh: f64,
        rules: &Rules,
        facts: &mut Vec<TrackFact>,
    ) {
        let thresholds = rules.thresholds();
        if self.streak.as_ref().is_some_and(|streak| {
            fix.at.ms_since(streak.until) > STREAK_SILENCE_MS || streak.incident.limit != limit_kmh
        }) {
            self.end(facts);
        }
        let Some(speed) = speed else { return };
        if let Some(streak) = &mut self.streak {
            if speed.kmh > limit_kmh {
                streak.until = fix.at;
                streak.peak_kmh = streak.peak_kmh.max(speed.kmh);
            } else if !streak.told || speed.most_kmh <= limit_kmh - thresholds.speeding_hysteresis_kmh {
                return self.end(facts);
            }
        } else if speed.kmh > limit_kmh {
            let incident = Incident {
                kind: IncidentKind::Speeding,
                started_at: speed.since,
                ended_at: None,
                point: speed.point,
                value: speed.kmh,
                limit: limit_kmh,
                basis: Some(speed.basis),
            };
            self.streak = Some(Streak { incident, peak_kmh: speed.kmh, until: fix.at, told: false });
        }
        if let Some(streak) = &mut self.streak
            && !streak.told
            && streak.until.ms_since(streak.incident.started_at) >= i64::from(thresholds.speeding_for_s) * 1000
        {
            (streak.told, streak.incident.value) = (true, streak.peak_kmh);
            facts.push(TrackFact::IncidentBegan(streak.incident));
        }
    }

    /// The violation that goes on.
    pub(crate) fn told(&self) -> Option<Incident> {
        self.streak.as_ref().filter(|streak| streak.told).map(|streak| streak.incident)
    }

    fn end(&mut self, facts: &mut Vec<TrackFact>) {
        if let Some(streak) = self.streak.take().filter(|streak| streak.told) {
            let (ended_at, value) = (Some(streak.until), streak.peak_kmh);
            facts.push(TrackFact::IncidentEnded(Incident { ended_at, value, ..streak.incident }));
        }
    }
}

impl Window {
    fn new(fix: &Fix) -> Self {
        Self { since: fix.at, from: fix.point, told_sum_kmh: 0.0, told: 0 }
    }
}

//! The speed of a vehicle, whether its device can be trusted about it, and violations of the limit.

use crate::fix::{Fix, seconds};
use crate::incident::{Incident, IncidentKind, SpeedBasis};
use crate::outlier_filter::Movement;
use crate::saved::{point, time};
use crate::{Rules, TrackFact};
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};
use serde::{Deserialize, Serialize};

/// A derived speed is distance over at least this time, milliseconds. Over less, noise would look like speed.
const WINDOW_MS: i64 = 10_000;
/// A derived speed is distance over at most this time, milliseconds. Nobody drives evenly for longer.
const WINDOW_MAX_MS: i64 = 120_000;
/// The reported and the derived speed contradict each other when one is more than this many times the other …
const CONTRADICTION: f64 = 2.0;
/// … plus this, km/h. Braking, curves and late reports explain smaller differences.
const CONTRADICTION_KMH: f64 = 30.0;
/// After this many windows in a row with a contradiction the reported speed is not trusted.
const DOUBTS: u8 = 2;
/// A violation is over after this long without a fix, milliseconds.
const STREAK_SILENCE_MS: i64 = 120_000;

/// Measures speeds and watches the limit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct SpeedMonitor {
    window: Option<Window>,
    /// Windows in a row that contradicted the reported speed.
    doubts: u8,
    streak: Option<Streak>,
}

/// The time over which distance is measured, and the speeds that the device reported meanwhile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Window {
    #[serde(with = "time")]
    since: Timestamp,
    #[serde(with = "point")]
    from: Point,
    #[serde(rename = "told_sum_kmh")]
    reported_sum_kmh: f64,
    /// How many speeds the device reported.
    #[serde(rename = "told")]
    reported: u32,
}

/// A time above the limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Streak {
    /// As its first fact gives it.
    incident: Incident,
    peak_kmh: f64,
    #[serde(with = "time")]
    until: Timestamp,
    /// It lasted long enough for a fact.
    #[serde(rename = "told")]
    announced: bool,
}

/// A trusted speed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speed {
    pub(crate) kmh: f64,
    /// Upper bound, km/h. A derived `kmh` is the lower bound that noise leaves.
    most_kmh: f64,
    basis: SpeedBasis,
    /// Start of the time that the speed belongs to: a window for a derived speed, an instant for a reported one.
    since: Timestamp,
    point: Point,
}

impl SpeedMonitor {
    /// Is the speed that the device reports trusted?
    pub(crate) const fn trusts_reported(&self) -> bool {
        self.doubts < DOUBTS
    }

    /// The speed at a fix; `None` while there is neither a trusted report nor a finished window.
    pub(crate) fn measure(&mut self, fix: &Fix, movement: Movement, rules: &Rules) -> Option<Speed> {
        let reported = fix.speed_kmh.filter(|&kmh| kmh <= rules.thresholds().max_speed_kmh);
        if movement.relocated {
            self.window = None;
        }
        let window = self.window.get_or_insert_with(|| Window::new(fix));
        if let Some(kmh) = reported {
            window.reported_sum_kmh += kmh;
            window.reported += 1;
        }
        let window_ms = fix.at.ms_since(window.since);
        let mut derived = None;
        if window_ms >= WINDOW_MS {
            if window_ms <= WINDOW_MAX_MS {
                // The noise of both ends is subtracted: an alert must be certain.
                let path_m = distance_m(window.from, fix.point);
                let sure_m = (path_m - 2.0 * fix.noise_m).max(0.0);
                let kmh = sure_m / seconds(window_ms) * 3.6;
                let most_kmh = (path_m + 2.0 * fix.noise_m) / seconds(window_ms) * 3.6;
                if window.reported > 0 {
                    let reported_kmh = window.reported_sum_kmh / f64::from(window.reported);
                    let contradicted = reported_kmh > CONTRADICTION * most_kmh + CONTRADICTION_KMH
                        || kmh > CONTRADICTION * reported_kmh + CONTRADICTION_KMH;
                    self.doubts = if contradicted { (self.doubts + 1).min(DOUBTS) } else { 0 };
                }
                derived =
                    Some(Speed { kmh, most_kmh, basis: SpeedBasis::Derived, since: window.since, point: window.from });
            }
            let next = Window::new(fix);
            // This fix ends one window and begins the next, so its reported speed belongs to both.
            let (reported_sum_kmh, reported) = reported.map_or((0.0, 0), |kmh| (kmh, 1));
            *window = Window { reported_sum_kmh, reported, ..next };
        }
        match reported {
            Some(kmh) if self.trusts_reported() => {
                Some(Speed { kmh, most_kmh: kmh, basis: SpeedBasis::Reported, since: fix.at, point: fix.point })
            }
            _ => derived,
        }
    }

    /// Compares the speed with the limit and reports violations.
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
            } else if !streak.announced || speed.most_kmh <= limit_kmh - thresholds.speeding_hysteresis_kmh {
                return self.end(facts);
            }
        } else if speed.kmh > limit_kmh {
            let incident = Incident {
                started_at: speed.since,
                point: speed.point,
                basis: Some(speed.basis),
                ..Incident::at(fix, IncidentKind::Speeding, speed.kmh, limit_kmh)
            };
            self.streak = Some(Streak { incident, peak_kmh: speed.kmh, until: fix.at, announced: false });
        }
        if let Some(streak) = &mut self.streak
            && !streak.announced
            && streak.until.ms_since(streak.incident.started_at) >= i64::from(thresholds.speeding_for_s) * 1000
        {
            let peak_kmh = streak.peak_kmh;
            (streak.announced, streak.incident.value, streak.incident.first_value) = (true, peak_kmh, Some(peak_kmh));
            facts.push(TrackFact::IncidentBegan(streak.incident));
        }
    }

    /// The violation under way.
    pub(crate) fn open_incident(&self) -> Option<Incident> {
        self.streak.as_ref().filter(|streak| streak.announced).map(|streak| streak.incident)
    }

    fn end(&mut self, facts: &mut Vec<TrackFact>) {
        if let Some(streak) = self.streak.take().filter(|streak| streak.announced) {
            let (ended_at, value) = (Some(streak.until), streak.peak_kmh);
            facts.push(TrackFact::IncidentEnded(Incident { ended_at, value, ..streak.incident }));
        }
    }
}

impl Window {
    fn new(fix: &Fix) -> Self {
        Self { since: fix.at, from: fix.point, reported_sum_kmh: 0.0, reported: 0 }
    }
}

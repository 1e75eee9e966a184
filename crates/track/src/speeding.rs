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

/// Braking harder than this is no braking, m/s²: tyres at their best.
const BRAKING_MPS2: f64 = 8.0;

/// Measures speeds and watches the limit.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct SpeedMonitor {
    window: Option<Window>,
    /// Windows in a row that contradicted the reported speed.
    doubts: u8,
    streak: Option<Streak>,
    /// The last two windows that ended, if they follow each other and the present one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ended: Vec<Stretch>,
    /// The speed that the last fix reported, and whether the step to it was too short for that, on average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reported: Option<(f64, bool)>,
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

/// The derived speed of a window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Stretch {
    #[serde(with = "time")]
    since: Timestamp,
    #[serde(with = "time")]
    until: Timestamp,
    #[serde(with = "point")]
    from: Point,
    /// Lower bound that noise leaves, km/h.
    kmh: f64,
    /// Upper bound, km/h.
    most_kmh: f64,
    /// The limit at its end, km/h.
    limit_kmh: f64,
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

/// What is known of the speed at a fix.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Measured {
    /// The speed that the device reports, if that is trusted; else the derived speed of the window that ends here. km/h.
    pub(crate) present_kmh: Option<f64>,
    /// The same, if it is certain enough to be held against a driver.
    pub(crate) sure_kmh: Option<f64>,
    /// The speed a moment ago, known with more certainty by now.
    pub(crate) past_kmh: Option<f64>,
    /// The speed to compare with the limit.
    judged: Option<Speed>,
}

/// A speed that is certain enough to be held against a driver.
#[derive(Debug, Clone, Copy)]
struct Speed {
    kmh: f64,
    /// Upper bound, km/h. A derived `kmh` is the lower bound that noise leaves.
    most_kmh: f64,
    basis: SpeedBasis,
    /// The time that the speed belongs to: a window for a derived speed, an instant for a reported one.
    since: Timestamp,
    until: Timestamp,
    point: Point,
    /// The highest limit of that time, km/h; `None` for the limit at the fix.
    limit_kmh: Option<f64>,
}

impl SpeedMonitor {
    /// Is the speed that the device reports trusted?
    pub(crate) const fn trusts_reported(&self) -> bool {
        self.doubts < DOUBTS
    }

    /// The speed at a fix.
    pub(crate) fn measure(&mut self, fix: &Fix, movement: Movement, rules: &Rules) -> Measured {
        let thresholds = rules.thresholds();
        let reported = fix.speed_kmh.filter(|&kmh| kmh <= thresholds.max_speed_kmh);
        let step = Step::of(fix, &movement);
        let can_reach = |kmh: f64| step.is_none_or(|step| step.has_room(kmh, thresholds.max_acceleration_mps2));
        let seems_short = |kmh: f64| step.is_some_and(|step| step.seems_short(kmh));
        // The step after a fix says more about the speed that it reported.
        let last = self.reported.take().filter(|&(kmh, before_seems_short)| {
            step.is_none_or(|step| step.has_room(kmh, BRAKING_MPS2)) && !(before_seems_short && seems_short(kmh))
        });
        let derived = self.end_window(fix, movement, reported);
        let is_reported = reported.is_some() && self.trusts_reported();
        let judged = derived.filter(|_| !is_reported).and_then(|stretch| self.judge(stretch, fix));
        if let Some(stretch) = derived {
            self.ended.truncate(1);
            self.ended.insert(0, stretch);
        }
        if !is_reported {
            let sure_kmh = judged.zip(derived).map(|(judged, now)| judged.kmh.min(now.kmh));
            let (present_kmh, past_kmh) = (derived.map(|now| now.kmh), judged.map(|judged| judged.kmh));
            return Measured { present_kmh, sure_kmh, past_kmh, judged };
        }
        let believed = reported.filter(|&kmh| can_reach(kmh));
        self.reported = believed.map(|kmh| (kmh, seems_short(kmh)));
        let at_fix = |kmh| Speed {
            kmh,
            most_kmh: kmh,
            basis: SpeedBasis::Reported,
            since: fix.at,
            until: fix.at,
            point: fix.point,
            limit_kmh: None,
        };
        Measured {
            present_kmh: believed,
            sure_kmh: believed,
            past_kmh: last.map(|(kmh, _)| kmh),
            judged: believed.map(at_fix),
        }
    }

    /// The derived speed of the window that ends with the fix, if one does.
    fn end_window(&mut self, fix: &Fix, movement: Movement, reported: Option<f64>) -> Option<Stretch> {
        if movement.relocated {
            self.window = None;
            self.ended.clear();
        }
        let window = self.window.get_or_insert_with(|| Window::new(fix));
        if let Some(kmh) = reported {
            window.reported_sum_kmh += kmh;
            window.reported += 1;
        }
        let window_ms = fix.at.ms_since(window.since);
        if window_ms < WINDOW_MS {
            return None;
        }
        let mut derived = None;
        if window_ms <= WINDOW_MAX_MS {
            let (kmh, most_kmh) = bounds_kmh(window.from, window.since, fix);
            if window.reported > 0 {
                let reported_kmh = window.reported_sum_kmh / f64::from(window.reported);
                let contradicted = reported_kmh > CONTRADICTION * most_kmh + CONTRADICTION_KMH
                    || kmh > CONTRADICTION * reported_kmh + CONTRADICTION_KMH;
                self.doubts = if contradicted { (self.doubts + 1).min(DOUBTS) } else { 0 };
            }
            let (since, from) = (window.since, window.from);
            derived = Some(Stretch { since, until: fix.at, from, kmh, most_kmh, limit_kmh: f64::MAX });
        } else {
            self.ended.clear();
        }
        let next = Window::new(fix);
        // This fix ends one window and begins the next, so its reported speed belongs to both.
        let (reported_sum_kmh, reported) = reported.map_or((0.0, 0), |kmh| (kmh, 1));
        *window = Window { reported_sum_kmh, reported, ..next };
        derived
    }

    /// The speed of the window before `after`, as far as three windows in a row agree on it. A fix with a wrong time or place
    /// spoils two of them: a wrong time makes one too fast and one too slow, which the median passes over; a wrong place makes
    /// both too fast, but not both together.
    fn judge(&self, after: Stretch, fix: &Fix) -> Option<Speed> {
        let [middle, before] = self.ended[..] else { return None };
        let kmh = median(before.kmh, middle.kmh, after.kmh);
        let together = if kmh > 0.0 {
            let first = Fix { noise_m: fix.noise_m, ..Fix::new(after.from, after.since) };
            bounds_kmh(before.from, before.since, &first).0.max(bounds_kmh(middle.from, middle.since, fix).0)
        } else {
            0.0
        };
        Some(Speed {
            kmh: kmh.min(together),
            most_kmh: median(before.most_kmh, middle.most_kmh, after.most_kmh),
            basis: SpeedBasis::Derived,
            since: middle.since,
            until: middle.until,
            point: middle.from,
            limit_kmh: Some(before.limit_kmh.max(middle.limit_kmh)),
        })
    }

    /// Compares the speed with the limit and reports violations.
    pub(crate) fn watch(
        &mut self,
        fix: &Fix,
        measured: Measured,
        limit_kmh: f64,
        rules: &Rules,
        facts: &mut Vec<TrackFact>,
    ) {
        let thresholds = rules.thresholds();
        if let Some(newest) = self.ended.first_mut().filter(|newest| newest.until == fix.at) {
            newest.limit_kmh = limit_kmh;
        }
        let speed = measured.judged;
        let limit_kmh = speed.and_then(|speed| speed.limit_kmh).unwrap_or(limit_kmh);
        let now = speed.map_or(fix.at, |speed| speed.since);
        if self.streak.as_ref().is_some_and(|streak| {
            let is_derived = streak.incident.basis == Some(SpeedBasis::Derived);
            // A derived speed is judged when the next window has ended.
            let lag_ms = if is_derived && speed.is_none() { 2 * WINDOW_MAX_MS } else { 0 };
            now.ms_since(streak.until) > STREAK_SILENCE_MS + lag_ms
                || streak.incident.limit != limit_kmh && (speed.is_some() || !is_derived)
        }) {
            self.end(facts);
        }
        let Some(speed) = speed else { return };
        if let Some(streak) = &mut self.streak {
            if speed.kmh > limit_kmh {
                streak.until = speed.until;
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
            self.streak = Some(Streak { incident, peak_kmh: speed.kmh, until: speed.until, announced: false });
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

/// A step from one fix to the next.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// Its length at most, metres.
    most_m: f64,
    seconds: f64,
}

impl Step {
    /// `None` if nothing is known of the way.
    fn of(fix: &Fix, movement: &Movement) -> Option<Self> {
        let from = movement.from.filter(|from| !movement.relocated && fix.at.ms_since(from.at) <= WINDOW_MAX_MS)?;
        Some(Self { most_m: movement.distance_m + 2.0 * fix.noise_m, seconds: fix.seconds_since(from.at) })
    }

    /// Is it long enough to come to this speed, or to lose it?
    fn has_room(self, kmh: f64, acceleration_mps2: f64) -> bool {
        let mps = kmh / 3.6;
        let least_m = if mps <= acceleration_mps2 * self.seconds {
            mps * mps / (2.0 * acceleration_mps2)
        } else {
            mps * self.seconds - acceleration_mps2 * self.seconds * self.seconds / 2.0
        };
        least_m <= self.most_m
    }

    /// Is its average speed so much lower that both contradict each other?
    fn seems_short(self, kmh: f64) -> bool {
        kmh > CONTRADICTION * self.most_m / self.seconds * 3.6 + CONTRADICTION_KMH
    }
}

/// The average speed from a place to a fix, at least and at most. The noise of both ends counts: an alert must be certain.
fn bounds_kmh(from: Point, since: Timestamp, fix: &Fix) -> (f64, f64) {
    let (path_m, time_s) = (distance_m(from, fix.point), seconds(fix.at.ms_since(since)));
    let noise_m = 2.0 * fix.noise_m;
    ((path_m - noise_m).max(0.0) / time_s * 3.6, (path_m + noise_m) / time_s * 3.6)
}

const fn median(a: f64, b: f64, c: f64) -> f64 {
    a.max(b).min(a.min(b).max(c))
}

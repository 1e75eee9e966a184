//! Compares detected trips and stops with the labels: by time, and by where standing begins and ends.

use super::recordings::{Report, Track, Truth};
use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};
use milepost_track::{NoFences, Rules, TrackHistory, TrackState, fold};

/// Between two fixes that are further apart it is unknown how the vehicle moved.
const UNKNOWN_MS: i64 = 300_000;
/// Shorter standing is not compared at its ends, because a label begins and ends with a fix.
const STANDING_MS: i64 = 60_000;
/// The naive method: a speed above this between two fixes is moving.
const NAIVE_KMH: f64 = 5.0;

/// Seconds by detected and labelled motion.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Times {
    both_s: f64,
    only_found_s: f64,
    only_true_s: f64,
    neither_s: f64,
}

impl Times {
    fn add(&mut self, seconds: f64, found: bool, truth: bool) {
        *(match (found, truth) {
            (true, true) => &mut self.both_s,
            (true, false) => &mut self.only_found_s,
            (false, true) => &mut self.only_true_s,
            (false, false) => &mut self.neither_s,
        }) += seconds;
    }

    fn merge(&mut self, other: Self) {
        self.both_s += other.both_s;
        self.only_found_s += other.only_found_s;
        self.only_true_s += other.only_true_s;
        self.neither_s += other.neither_s;
    }

    pub(super) fn total_s(&self) -> f64 {
        self.both_s + self.only_found_s + self.only_true_s + self.neither_s
    }

    /// The share of the detected time that is true.
    pub(super) fn precision(&self) -> f64 {
        self.both_s / (self.both_s + self.only_found_s)
    }

    /// The share of the true time that was detected.
    pub(super) fn recall(&self) -> f64 {
        self.both_s / (self.both_s + self.only_true_s)
    }

    /// The harmonic mean of precision and recall.
    pub(super) fn f1(&self) -> f64 {
        2.0 * self.both_s / (2.0 * self.both_s + self.only_found_s + self.only_true_s)
    }

    /// The same for standing.
    pub(super) const fn inverse(&self) -> Self {
        Self {
            both_s: self.neither_s,
            only_found_s: self.only_true_s,
            only_true_s: self.only_found_s,
            neither_s: self.both_s,
        }
    }
}

/// The result for some tracks.
#[derive(Debug, Default)]
pub(super) struct Score {
    pub(super) found: Times,
    pub(super) naive: Times,
    /// Labelled standing of a minute or more.
    pub(super) standing: usize,
    /// Labelled standing in which a stop was found.
    pub(super) matched: usize,
    /// How much later than labelled a matched stop began; negative if earlier.
    pub(super) start_errors_s: Vec<f64>,
    pub(super) end_errors_s: Vec<f64>,
}

impl Score {
    pub(super) fn add(&mut self, other: Self) {
        self.found.merge(other.found);
        self.naive.merge(other.naive);
        self.standing += other.standing;
        self.matched += other.matched;
        self.start_errors_s.extend(other.start_errors_s);
        self.end_errors_s.extend(other.end_errors_s);
    }
}

/// A time, with an end if it has one.
type Span = (Timestamp, Option<Timestamp>);

/// Follows a track to its end.
pub(super) fn follow(track: &Track, rules: &Rules) -> TrackHistory {
    let (mut state, mut facts, mut history) = (TrackState::default(), Vec::new(), TrackHistory::default());
    for report in &track.reports {
        fold(&mut state, &report.position, rules, &NoFences, &mut facts);
    }
    facts.iter().for_each(|fact| history.apply(fact));
    history
}

/// Scores one track.
pub(super) fn score_track(track: &Track, truth: Truth, rules: &Rules) -> Score {
    let history = follow(track, rules);
    let first = track.reports.first().map(|report| report.position.at);
    let standing: Vec<Span> = match truth {
        Truth::Driving => history.stops.values().map(|stop| (stop.started_at, stop.ended_at)).collect(),
        // All time outside of trips.
        Truth::OnTrip => {
            let trips: Vec<Span> = history.trips.values().map(|trip| (trip.started_at, trip.ended_at)).collect();
            let begins = first.into_iter().chain(trips.iter().filter_map(|(_, ended_at)| *ended_at));
            let ends = trips.iter().map(|(started_at, _)| Some(*started_at)).chain([None]);
            begins.zip(ends).collect()
        }
    };
    let mut score = Score::default();
    for pair in track.reports.windows(2) {
        let (from, until) = (&pair[0], &pair[1]);
        let ms = until.position.at.ms_since(from.position.at);
        let Some(moving) = from.moving.filter(|_| from.moving == until.moving && ms <= UNKNOWN_MS) else { continue };
        let stood_ms: i64 = standing.iter().map(|span| overlap_ms(*span, from.position.at, until.position.at)).sum();
        let stood_ms = stood_ms.min(ms);
        score.found.add(stood_ms as f64 / 1000.0, false, moving);
        score.found.add((ms - stood_ms) as f64 / 1000.0, true, moving);
        let path_m = distance_m(Point::from(&from.position), Point::from(&until.position));
        score.naive.add(ms as f64 / 1000.0, path_m / ms as f64 * 3600.0 > NAIVE_KMH, moving);
    }
    boundary_errors_s(&track.reports, &standing, &mut score);
    score
}

/// Compares the boundaries of labelled standing of a minute or more. A boundary lies between the last fix of one label
/// and the first of the next.
fn boundary_errors_s(reports: &[Report], standing: &[Span], score: &mut Score) {
    let (mut last_moving, mut stands): (Option<Timestamp>, Option<(Timestamp, Timestamp)>) = (None, None);
    for (at, moving) in reports.iter().filter_map(|report| Some((report.position.at, report.moving?))) {
        if !moving {
            stands = Some(stands.map_or((at, at), |(first_standing, _)| (first_standing, at)));
            continue;
        }
        if let (Some(last_moving), Some((first_standing, last_standing))) = (last_moving, stands.take())
            && last_standing.ms_since(first_standing) >= STANDING_MS
        {
            score.standing += 1;
            let best = standing.iter().max_by_key(|span| overlap_ms(**span, first_standing, last_standing));
            let found = best.filter(|span| overlap_ms(**span, first_standing, last_standing) > 0);
            if let Some((started_at, Some(ended_at))) = found {
                score.matched += 1;
                score.start_errors_s.push(off_s(*started_at, last_moving, first_standing));
                score.end_errors_s.push(off_s(*ended_at, last_standing, at));
            }
        }
        last_moving = Some(at);
    }
}

/// How far a time lies outside of the two fixes that enclose the true boundary, seconds.
fn off_s(at: Timestamp, earliest: Timestamp, latest: Timestamp) -> f64 {
    let ms = if at < earliest { at.ms_since(earliest) } else { at.ms_since(latest).max(0) };
    ms as f64 / 1000.0
}

fn overlap_ms((from, until): Span, a: Timestamp, b: Timestamp) -> i64 {
    until.map_or(b, |until| until.min(b)).ms_since(from.max(a)).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_recall_and_f1_are_of_times() {
        let mut times = Times::default();
        times.add(60.0, true, true);
        times.add(20.0, true, false);
        times.add(40.0, false, true);
        times.add(100.0, false, false);
        assert_eq!((times.precision(), times.recall()), (0.75, 0.6));
        assert!((times.f1() - 2.0 * 0.75 * 0.6 / 1.35).abs() < 1e-12);
        assert!((times.inverse().precision() - 100.0 / 140.0).abs() < 1e-12);
    }
}

//! How often a vehicle's device reports.

use serde::{Deserialize, Serialize};

/// The rhythm is the median of this many times between fixes.
const INTERVALS: usize = 5;
/// With fewer times between fixes of a moving vehicle those while it stands count too.
const LEAST_MOVING: usize = 3;
/// With fewer times between fixes the rhythm is unknown.
const LEAST: usize = 2;
/// A silence of this many times the rhythm is none: one report may be missing, and clocks drift.
const USUAL: f64 = 2.5;
/// A device that reports less often than this has no rhythm by which trips could be told apart, milliseconds.
const SLOWEST_MS: i64 = 90 * 60 * 1000;

/// The last times between two fixes, the newest last, milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Rhythm {
    /// While the vehicle moved. A device may sleep while its vehicle stands.
    moving: Vec<i64>,
    all: Vec<i64>,
}

impl Rhythm {
    /// Is nothing known yet?
    pub(crate) const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Takes note of the time between two fixes.
    pub(super) fn learn(&mut self, interval_ms: i64, moved: bool) {
        push(&mut self.all, interval_ms);
        if moved {
            push(&mut self.moving, interval_ms);
        }
    }

    /// The longest time between two reports that is no silence; 0 if the rhythm is not known.
    pub(super) fn usual_ms(&self) -> i64 {
        let intervals = if self.moving.len() >= LEAST_MOVING { &self.moving } else { &self.all };
        if intervals.len() < LEAST {
            return 0;
        }
        silence_ms(median_ms(intervals).min(SLOWEST_MS))
    }

    /// A device whose last report is no older than this is not offline; 0 if nothing is known. A device that sleeps while its
    /// vehicle stands, and one that now and then reports more often, is judged by the longer of its usual times.
    pub(crate) fn awake_ms(&self) -> i64 {
        silence_ms(median_ms(&self.all).max(median_ms(&self.moving)))
    }
}

/// 0 of none.
fn median_ms(intervals: &[i64]) -> i64 {
    let mut sorted = intervals.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

fn silence_ms(usual_ms: i64) -> i64 {
    (usual_ms as f64 * USUAL) as i64
}

fn push(intervals: &mut Vec<i64>, interval_ms: i64) {
    if intervals.len() == INTERVALS {
        intervals.remove(0);
    }
    intervals.push(interval_ms);
}

#[cfg(test)]
mod tests {
    use super::Rhythm;

    fn usual_min(intervals: &[(i64, bool)]) -> i64 {
        let mut rhythm = Rhythm::default();
        intervals.iter().for_each(|&(minutes, moved)| rhythm.learn(minutes * 60_000, moved));
        rhythm.usual_ms() / 60_000
    }

    #[test]
    fn the_rhythm_is_that_of_a_moving_vehicle_once_it_has_moved() {
        assert_eq!(usual_min(&[(40, false)]), 0, "one time is no rhythm");
        assert_eq!(usual_min(&[(40, false), (40, false)]), 100);
        assert_eq!(
            usual_min(&[(40, false), (40, true), (1, false), (40, true)]),
            100,
            "an extra report changes nothing"
        );
        let sleeper: Vec<_> = [(1, true); 3].into_iter().chain([(60, false); 50]).collect();
        assert_eq!(usual_min(&sleeper), 2, "it sleeps while the vehicle stands");
        assert_eq!(usual_min(&[(1, true), (1, true), (1, true), (40, true), (40, true), (40, true)]), 100);
        assert_eq!(usual_min(&[(1_000, true); 5]), 225);
    }

    #[test]
    fn a_device_is_awake_for_the_longer_of_its_usual_times() {
        let awake_min = |intervals: &[(i64, bool)]| {
            let mut rhythm = Rhythm::default();
            intervals.iter().for_each(|&(minutes, moved)| rhythm.learn(minutes * 60_000, moved));
            rhythm.awake_ms() / 60_000
        };
        assert_eq!(awake_min(&[]), 0);
        assert_eq!(awake_min(&[(60, false)]), 150, "one time is better than none");
        assert_eq!(awake_min(&[(60, true), (60, true), (60, true), (1, false), (1, false), (1, false)]), 150);
        assert_eq!(awake_min(&[(1, true), (1, true), (1, true), (60, false), (60, false), (60, false)]), 150);
        assert_eq!(awake_min(&[(1_440, false); 3]), 3_600, "once a day");
        assert_eq!(awake_min(&[(1, true), (1, true), (1, true), (1_440, false)]), 2, "one long silence is no rhythm");
    }
}

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
        let mut sorted = intervals.clone();
        sorted.sort_unstable();
        let median_ms = sorted[(sorted.len() - 1) / 2];
        (median_ms.min(SLOWEST_MS) as f64 * USUAL) as i64
    }
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
}

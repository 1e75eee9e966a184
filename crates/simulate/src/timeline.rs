//! The time at which a recorded fix is sent, and the time that it then carries.

use milepost_domain::Timestamp;

/// The times that replayed fixes carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Times {
    /// All times shifted by the same span, so that speeds still fit distances and no time lies in the future. In a replay
    /// faster than real time the last fix carries the time at which it is sent; in a slower one the first fix does.
    #[default]
    Shifted,
    /// Each fix carries the time at which it is due. Faster than real time the vehicles seem to race.
    Present,
    /// The recorded times.
    Recorded,
}

/// Maps recorded times to the run's.
#[derive(Debug, Clone, Copy)]
pub struct Timeline {
    first: Timestamp,
    span_ms: i64,
    speed_factor: f64,
    times: Times,
}

/// A pause between two rounds of a repeated replay, so that a vehicle's last and first fix are not the same instant.
const ROUND_PAUSE_MS: i64 = 1000;

impl Timeline {
    /// For fixes from `first` to `last`, replayed `speed_factor` times as fast as recorded, `repeat`ed or not.
    ///
    /// Rounds that are faster than real time would, when shifted, overlap: the second would begin before the first
    /// ended. So a repeated one says the present instead.
    pub fn new(first: Timestamp, last: Timestamp, speed_factor: f64, times: Times, repeat: bool) -> Self {
        let overlaps = repeat && times == Times::Shifted && speed_factor > 1.0;
        let times = if overlaps { Times::Present } else { times };
        Self { first, span_ms: last.ms_since(first).max(0), speed_factor, times }
    }

    /// Milliseconds after the run's start at which a fix recorded at `at` is due in round `round`, counted from 0.
    pub fn due_ms(&self, at: Timestamp, round: u32) -> i64 {
        i64::from(round) * self.round_ms() + self.played_ms(at.ms_since(self.first))
    }

    /// The time that it carries, when the run began at `start`.
    pub fn reported_time(&self, at: Timestamp, round: u32, start: Timestamp) -> Timestamp {
        match self.times {
            Times::Recorded => at,
            Times::Present => start.plus_ms(self.due_ms(at, round)),
            Times::Shifted => {
                let begin = start.plus_ms(i64::from(round) * self.round_ms());
                let offset_ms = at.ms_since(self.first);
                if self.speed_factor > 1.0 {
                    begin.plus_ms(self.played_ms(self.span_ms) - self.span_ms + offset_ms)
                } else {
                    begin.plus_ms(offset_ms)
                }
            }
        }
    }

    fn round_ms(&self) -> i64 {
        // Slower than real time the recorded span is the shorter one, so rounds never overlap.
        self.played_ms(self.span_ms) + ROUND_PAUSE_MS
    }

    /// The length of a recorded span in the replay.
    fn played_ms(&self, recorded_ms: i64) -> i64 {
        (recorded_ms as f64 / self.speed_factor).round() as i64
    }
}

//! Instants of wall-clock times, also in the hour that the clocks show twice in autumn.

use crate::time_refusal::TimeRefusal;
use crate::zone::{Instants, Zone};
use jiff::civil::DateTime;
use milepost_domain::Timestamp;
use std::collections::HashMap;

/// How far a row may lie behind the row before it without being an hour later: devices write some rows out of order.
const JITTER_MS: i64 = 2 * 60 * 1000;
/// A clock that went back by less was not put back, as long as nothing else shows in which order the rows are.
const STEP_BACK_MS: i64 = 30 * 60 * 1000;
/// A vehicle whose rows are as far apart writes about one in an hour.
const LONG_STEP_MS: i64 = 45 * 60 * 1000;
/// Vehicles of one file whose rows are followed. A further one begins anew at each row: of a time that came twice it
/// takes the first.
const MAX_VEHICLES: usize = 10_000;

/// Follows the order of each vehicle's rows. Of a time that the clocks showed twice, the rows before decide which is
/// meant.
#[derive(Debug, Default)]
pub(crate) struct WallTimes {
    rows: HashMap<Option<String>, Rows>,
    /// How many times fell into an hour that came twice.
    pub(crate) twice: u64,
}

#[derive(Debug, Default)]
struct Rows {
    last_ms: Option<i64>,
    /// How long before the last row the one before it was.
    step_ms: i64,
    /// Whether the last row's time came twice, and then whether it was the second.
    last_was_second: Option<bool>,
    /// Rows that were later than the one before, less those that were earlier.
    ascending: i64,
}

impl WallTimes {
    /// The instant of the vehicle's next row.
    pub(crate) fn instant(
        &mut self,
        vehicle: Option<&str>,
        wall: DateTime,
        zone: &Zone,
    ) -> Result<Timestamp, TimeRefusal> {
        let ms = match zone.instants(wall) {
            Instants::One(ms) => {
                self.rows(vehicle).follow(ms);
                ms
            }
            Instants::Twice(first, second) => {
                self.twice += 1;
                self.rows(vehicle).choose(first, second).ok_or_else(|| {
                    TimeRefusal::row("came twice that night, and the order of the rows does not show which is meant")
                })?
            }
            Instants::Never => {
                return Err(TimeRefusal::row(format!(
                    "never was: the clocks of {} were put forward over it",
                    zone.name()
                )));
            }
        };
        Timestamp::from_unix_ms(ms).ok_or_else(|| TimeRefusal::row("must lie between 1970 and 9999"))
    }

    /// Takes note of a row whose time needs no clock.
    pub(crate) fn follow(&mut self, vehicle: Option<&str>, at: Timestamp) {
        self.rows(vehicle).follow(at.unix_ms());
    }

    fn rows(&mut self, vehicle: Option<&str>) -> &mut Rows {
        let known = self.rows.len() < MAX_VEHICLES;
        let key = vehicle.map(str::to_owned);
        if !known && !self.rows.contains_key(&key) {
            self.rows.remove(&None);
            return self.rows.entry(None).or_default();
        }
        self.rows.entry(key).or_default()
    }
}

impl Rows {
    fn follow(&mut self, ms: i64) {
        if let Some(last) = self.last_ms {
            self.ascending += (ms - last).signum();
            self.step_ms = ms - last;
        }
        self.last_ms = Some(ms);
        self.last_was_second = None;
    }

    fn choose(&mut self, first: i64, second: i64) -> Option<i64> {
        let Some(last) = self.last_ms else {
            self.last_ms = Some(first);
            self.last_was_second = Some(false);
            return Some(first);
        };
        let steps_back = self.ascending == 0 && (1..=STEP_BACK_MS).contains(&(last - first));
        let chosen = if self.ascending < 0 || steps_back {
            // Of a vehicle that reports once an hour, the same time again is no repeated row.
            let again = second == last && self.step_ms <= -LONG_STEP_MS;
            [second, first].into_iter().skip(usize::from(again)).find(|&ms| ms <= last + JITTER_MS)
        } else {
            let again = first == last && self.step_ms >= LONG_STEP_MS;
            [first, second].into_iter().skip(usize::from(again)).find(|&ms| ms >= last - JITTER_MS)
        }?;
        // From the first hour into the second the clock jumps, which says nothing about the order of the rows.
        let is_second = chosen == second;
        if self.last_was_second == Some(is_second) {
            self.ascending += (chosen - last).signum();
        }
        self.step_ms = chosen - last;
        self.last_ms = Some(chosen);
        self.last_was_second = Some(is_second);
        Some(chosen)
    }
}

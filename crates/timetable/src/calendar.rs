//! On which days a service runs, and when a service day begins.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use milepost_domain::Timestamp;
use std::collections::BTreeMap;

/// The days of one service.
#[derive(Debug, Clone, Default)]
pub struct Service {
    /// Monday to Sunday, bit 0 to 6.
    pub(crate) weekdays: u8,
    /// The weekdays count from the first to the second day.
    pub(crate) between: Option<(Date, Date)>,
    /// Days on which it runs or does not, whatever the weekday.
    pub(crate) exceptions: BTreeMap<Date, bool>,
}

impl Service {
    /// Does it run on this day?
    pub fn runs_on(&self, date: Date) -> bool {
        self.exceptions.get(&date).copied().unwrap_or_else(|| {
            let bit = 1 << date.weekday().since(Weekday::Monday);
            self.between.is_some_and(|(first, last)| (first..=last).contains(&date)) && self.weekdays & bit != 0
        })
    }
}

/// A day of the timetable. Its times are counted from twelve hours before noon, so that they go past 24:00 and are right on the days
/// when clocks change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ServiceDay {
    /// The day in the agency's zone.
    pub date: Date,
    /// Where its times begin.
    pub begin: Timestamp,
}

impl ServiceDay {
    /// This day in a zone. `None` beyond the calendar's ends.
    pub fn new(date: Date, zone: &TimeZone) -> Option<Self> {
        let noon = date.to_datetime(Time::constant(12, 0, 0, 0)).to_zoned(zone.clone()).ok()?;
        let begin = noon.timestamp().checked_sub(SignedDuration::from_hours(12)).ok()?;
        Some(Self { date, begin: Timestamp::from_unix_ms(begin.as_millisecond())? })
    }

    /// The day that it is at `now`, and those around it whose trips may run then.
    pub fn around(now: Timestamp, zone: &TimeZone) -> Vec<Self> {
        let Ok(now) = jiff::Timestamp::from_millisecond(now.unix_ms()) else { return Vec::new() };
        let today = now.to_zoned(zone.clone()).date();
        let days =
            [-1, 0, 1].map(|days: i64| today.checked_add(days.days()).ok().and_then(|date| Self::new(date, zone)));
        days.into_iter().flatten().collect()
    }

    /// Seconds of this day's times at a moment.
    pub fn seconds_at(&self, at: Timestamp) -> f64 {
        at.ms_since(self.begin) as f64 / 1_000.0
    }

    /// The moment of one of its times.
    pub fn moment(&self, seconds: f64) -> Timestamp {
        self.begin.plus_ms((seconds * 1_000.0).round() as i64)
    }

    /// The form of GTFS: `20260216`.
    pub fn gtfs_date(&self) -> String {
        format!("{:04}{:02}{:02}", self.date.year(), self.date.month(), self.date.day())
    }
}

//! The days, weeks and months of a zone: when the report of one is made, and which time it is about.

use crate::days::begin_of;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use milepost_domain::{Invalid, ReportPeriod, TimeOfDay, Timestamp, ZoneName};

/// When reports are made again and again, by the clocks of a zone: at a time of the day after each day, week or month.
#[derive(Debug, Clone)]
pub struct Recurrence {
    period: ReportPeriod,
    time: TimeOfDay,
    zone: TimeZone,
}

/// A time that has ended, and when its report is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occasion {
    /// When the report is made.
    pub due_at: Timestamp,
    /// The first instant of the report's time.
    pub from: Timestamp,
    /// The instant before which it ends.
    pub to: Timestamp,
}

impl Recurrence {
    /// # Errors
    /// [`Invalid`] for a zone that is not in the IANA database.
    pub fn new(period: ReportPeriod, time: TimeOfDay, zone: &ZoneName) -> Result<Self, Invalid> {
        let zone = TimeZone::get(zone.as_str()).map_err(|_| {
            Invalid::new("timezone", "must be a name of the IANA time zone database, such as Asia/Jakarta")
        })?;
        Ok(Self { period, time, zone })
    }

    /// The first occasion after an instant.
    pub fn next(&self, after: Timestamp) -> Option<Occasion> {
        let mut day = self.day_of(after)?;
        loop {
            let occasion = self.occasion(day)?;
            if occasion.due_at > after {
                return Some(occasion);
            }
            day = self.step(day, 1)?;
        }
    }

    /// The last occasion that is not after an instant.
    pub fn last(&self, now: Timestamp) -> Option<Occasion> {
        let mut day = self.day_of(now)?;
        loop {
            let occasion = self.occasion(day)?;
            if occasion.due_at <= now {
                return Some(occasion);
            }
            day = self.step(day, -1)?;
        }
    }

    /// The day on which reports are made that is the last one up to an instant.
    fn day_of(&self, at: Timestamp) -> Option<Date> {
        let instant = jiff::Timestamp::from_millisecond(at.unix_ms()).ok()?;
        let date = self.zone.to_datetime(instant).date();
        match self.period {
            ReportPeriod::Day => Some(date),
            ReportPeriod::Week => date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).ok(),
            ReportPeriod::Month => Some(date.first_of_month()),
        }
    }

    fn step(&self, day: Date, count: i64) -> Option<Date> {
        let span = match self.period {
            ReportPeriod::Day => count.days(),
            ReportPeriod::Week => count.weeks(),
            ReportPeriod::Month => count.months(),
        };
        day.checked_add(span).ok()
    }

    /// The occasion of a day on which reports are made. A time that the clocks skip is taken as much later as they skip; of one that they
    /// show twice the first counts.
    fn occasion(&self, day: Date) -> Option<Occasion> {
        let seconds = i8::try_from(self.time.seconds() % 60).ok()?;
        let minutes = i8::try_from(self.time.seconds() / 60 % 60).ok()?;
        let hours = i8::try_from(self.time.seconds() / 3_600).ok()?;
        let due = day.at(hours, minutes, seconds, 0).to_zoned(self.zone.clone()).ok()?;
        Some(Occasion {
            due_at: Timestamp::from_unix_ms(due.timestamp().as_millisecond())?,
            from: begin_of(self.step(day, -1)?, &self.zone)?,
            to: begin_of(day, &self.zone)?,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        let instant: jiff::Timestamp = text.parse().unwrap();
        Timestamp::from_unix_ms(instant.as_millisecond()).unwrap()
    }

    fn recurrence(period: ReportPeriod, time: &str, zone: &str) -> Recurrence {
        let (hours, minutes) = time.split_once(':').unwrap();
        let seconds = hours.parse::<u32>().unwrap() * 3_600 + minutes.parse::<u32>().unwrap() * 60;
        Recurrence::new(period, TimeOfDay::from_seconds(seconds).unwrap(), &ZoneName::new(zone).unwrap()).unwrap()
    }

    fn written(occasion: Occasion) -> [String; 3] {
        [occasion.due_at, occasion.from, occasion.to].map(|at| at.to_string().replace(":00.000Z", "Z"))
    }

    #[test]
    fn a_report_is_made_after_its_day_week_or_month_by_the_zones_clocks() {
        // Monday, 2026-11-30, 13:30 in Kolkata.
        let now = at("2026-11-30T08:00:00Z");
        for (period, time, zone, due, from, to) in [
            (ReportPeriod::Day, "06:00", "Asia/Kolkata", "2026-12-01T00:30Z", "2026-11-29T18:30Z", "2026-11-30T18:30Z"),
            (ReportPeriod::Day, "13:31", "Asia/Kolkata", "2026-11-30T08:01Z", "2026-11-28T18:30Z", "2026-11-29T18:30Z"),
            (ReportPeriod::Week, "00:00", "UTC", "2026-12-07T00:00Z", "2026-11-30T00:00Z", "2026-12-07T00:00Z"),
            (ReportPeriod::Week, "09:00", "UTC", "2026-11-30T09:00Z", "2026-11-23T00:00Z", "2026-11-30T00:00Z"),
            (
                ReportPeriod::Month,
                "07:00",
                "Asia/Jakarta",
                "2026-12-01T00:00Z",
                "2026-10-31T17:00Z",
                "2026-11-30T17:00Z",
            ),
        ] {
            let next = recurrence(period, time, zone).next(now).unwrap();
            assert_eq!(written(next), [due, from, to], "{period:?} {time} {zone}");
            let recurrence = recurrence(period, time, zone);
            // One that is due is the last one, and not the next any more.
            assert_eq!(recurrence.last(next.due_at), Some(next));
            assert_ne!(recurrence.last(next.due_at.plus_ms(-1)), Some(next));
            assert!(recurrence.next(next.due_at).unwrap().due_at > next.due_at);
            assert_eq!(recurrence.next(next.due_at).unwrap().from, next.to);
        }
    }

    #[test]
    fn days_on_which_the_clocks_change_are_whole_and_have_one_report() {
        // At 02:00 of 2026-03-29 Berlin's clocks go to 03:00; at 03:00 of 2026-10-25 back to 02:00.
        let half_past_two = recurrence(ReportPeriod::Day, "02:30", "Europe/Berlin");
        let mut now = at("2026-03-27T12:00:00Z");
        let mut hours = Vec::new();
        for _ in 0..4 {
            let next = half_past_two.next(now).unwrap();
            hours.push((next.to.ms_since(next.from) / 3_600_000, next.due_at.to_string()));
            now = next.due_at;
        }
        assert_eq!(
            hours,
            [
                (24, "2026-03-28T01:30:00.000Z".to_owned()),
                (24, "2026-03-29T01:30:00.000Z".to_owned()),
                (23, "2026-03-30T00:30:00.000Z".to_owned()),
                (24, "2026-03-31T00:30:00.000Z".to_owned()),
            ]
        );
        let autumn = half_past_two.next(at("2026-10-24T12:00:00Z")).unwrap();
        assert_eq!(autumn.due_at, at("2026-10-25T00:30:00Z"), "the first of the two");
        let next = half_past_two.next(autumn.due_at).unwrap();
        assert_eq!((next.due_at, next.to.ms_since(next.from)), (at("2026-10-26T01:30:00Z"), 25 * 3_600_000));
    }

    #[test]
    fn after_a_long_stop_the_last_one_is_due() {
        let monthly = recurrence(ReportPeriod::Month, "07:00", "UTC");
        let last = monthly.last(at("2027-03-15T00:00:00Z")).unwrap();
        assert_eq!(written(last), ["2027-03-01T07:00Z", "2027-02-01T00:00Z", "2027-03-01T00:00Z"]);
        assert!(
            Recurrence::new(
                ReportPeriod::Day,
                TimeOfDay::from_seconds(0).unwrap(),
                &ZoneName::new("Mars/Olympus").unwrap()
            )
            .is_err()
        );
    }
}

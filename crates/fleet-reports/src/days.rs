//! The time of a report, and its days by the clocks of a zone.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use milepost_domain::{Invalid, Timestamp, ZoneName};

/// The longest time of a report, in days.
pub const MAX_DAYS: usize = 400;

/// A time, and the days that it touches. A day has 23 or 25 hours when its zone's clocks change.
#[derive(Debug, Clone)]
pub struct Days {
    from: Timestamp,
    to: Timestamp,
    name: ZoneName,
    zone: TimeZone,
    /// When each day begins.
    days: Vec<(Timestamp, Date)>,
}

impl Days {
    /// From `from` until before `to`.
    ///
    /// # Errors
    /// [`Invalid`] for a zone that is not in the IANA database, and a time that is empty or too long.
    pub fn new(from: Timestamp, to: Timestamp, name: &ZoneName) -> Result<Self, Invalid> {
        let zone = TimeZone::get(name.as_str()).map_err(|_| {
            Invalid::new("timezone", "must be a name of the IANA time zone database, such as Asia/Jakarta")
        })?;
        if to <= from {
            return Err(Invalid::new("to", "must be after from"));
        }
        let mut days = Vec::new();
        let mut date = local(from, &zone).date();
        while let Some(begin) = begin_of(date, &zone).filter(|begin| *begin < to) {
            days.push((begin, date));
            if days.len() > MAX_DAYS {
                return Err(Invalid::new("to", "must be at most 400 days after from"));
            }
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        Ok(Self { from, to, name: name.clone(), zone, days })
    }

    /// From this instant.
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// Before this instant.
    pub const fn to(&self) -> Timestamp {
        self.to
    }

    /// The zone's name.
    pub fn zone_name(&self) -> &str {
        self.name.as_str()
    }

    /// How many days there are.
    pub fn count(&self) -> usize {
        self.days.len()
    }

    /// The day in which an instant lies: the first or the last one for others.
    pub fn place(&self, at: Timestamp) -> usize {
        self.days.partition_point(|(begin, _)| *begin <= at).saturating_sub(1)
    }

    /// The date of a day.
    pub fn date(&self, place: usize) -> Option<Date> {
        self.days.get(place).map(|(_, date)| *date)
    }

    /// How much of a day lies within the time and before `now`, in milliseconds.
    pub fn passed_ms(&self, place: usize, now: Timestamp) -> i64 {
        let Some((begin, _)) = self.days.get(place) else { return 0 };
        let end = self.days.get(place + 1).map_or(self.to, |(next, _)| *next);
        end.min(self.to).min(now).ms_since((*begin).max(self.from)).max(0)
    }

    /// What the zone's clocks show.
    pub(crate) fn local(&self, at: Timestamp) -> DateTime {
        local(at, &self.zone)
    }

    /// RFC 3339 with the zone's offset, in whole seconds.
    pub(crate) fn written(&self, at: Timestamp) -> String {
        let zoned = instant(at).to_zoned(self.zone.clone());
        zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
    }
}

/// A bound of a report's time: a day, or an instant (RFC 3339). The day `from` begins with its first instant, the day `to` counts whole.
///
/// # Errors
/// [`Invalid`] for anything else.
pub fn read_bound(field: &'static str, text: &str, zone: &ZoneName, is_end: bool) -> Result<Timestamp, Invalid> {
    const TAKES: &str = "must be a day such as 2026-11-30, or an instant of RFC 3339";
    let zone = TimeZone::get(zone.as_str())
        .map_err(|_| Invalid::new("timezone", "must be a name of the IANA time zone database, such as Asia/Jakarta"))?;
    let read = || {
        if text.len() == 10 {
            let date: Date = text.parse().ok()?;
            return begin_of(if is_end { date.tomorrow().ok()? } else { date }, &zone);
        }
        let instant: jiff::Timestamp = text.parse().ok()?;
        Timestamp::from_unix_ms(instant.as_millisecond())
    };
    read().ok_or(Invalid::new(field, TAKES))
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at.unix_ms()).unwrap_or(jiff::Timestamp::MAX)
}

fn local(at: Timestamp, zone: &TimeZone) -> DateTime {
    zone.to_datetime(instant(at))
}

/// The first instant of a day. Where clocks go forward at midnight that is one o'clock.
pub(crate) fn begin_of(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    let begin = date.to_zoned(zone.clone()).ok()?.start_of_day().ok()?;
    Timestamp::from_unix_ms(begin.timestamp().as_millisecond())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn days(from: &str, to: &str, zone: &str) -> Days {
        let zone = ZoneName::new(zone).unwrap();
        let bound = |text, is_end| read_bound("from", text, &zone, is_end).unwrap();
        Days::new(bound(from, false), bound(to, true), &zone).unwrap()
    }

    const HOUR_MS: i64 = 3_600_000;
    const LATER: Timestamp = Timestamp::from_unix_ms(4_000_000_000_000).unwrap();

    #[test]
    fn a_day_on_which_the_clocks_change_has_23_or_25_hours() {
        for (day, zone, hours) in [
            ("2026-03-29", "Europe/Berlin", 23),
            ("2026-10-25", "Europe/Berlin", 25),
            ("2026-11-30", "Asia/Kolkata", 24),
            // Clocks went forward at midnight.
            ("2018-11-04", "America/Sao_Paulo", 23),
        ] {
            let one = days(day, day, zone);
            assert_eq!((one.count(), one.passed_ms(0, LATER)), (1, hours * HOUR_MS), "{day} {zone}");
            assert_eq!(one.date(0).unwrap().to_string(), day);
        }
    }

    #[test]
    fn an_instant_belongs_to_the_day_that_the_zones_clocks_show() {
        let three = days("2026-03-28", "2026-03-30", "Europe/Berlin");
        assert_eq!(three.count(), 3);
        for (at, day) in [
            ("2026-03-28T22:59:59.999Z", "2026-03-28"),
            ("2026-03-28T23:00:00Z", "2026-03-29"),
            ("2026-03-29T21:59:59.999Z", "2026-03-29"),
            ("2026-03-29T22:00:00Z", "2026-03-30"),
        ] {
            let at = read_bound("from", at, &ZoneName::new("UTC").unwrap(), false).unwrap();
            assert_eq!(three.date(three.place(at)).unwrap().to_string(), day);
        }
        assert_eq!(three.written(three.from()), "2026-03-28T00:00:00+01:00");
        assert_eq!(days("2026-11-30", "2026-11-30", "Asia/Kolkata").written(three.to()), "2026-03-31T03:30:00+05:30");
    }

    #[test]
    fn of_a_day_counts_what_lies_in_the_time_and_has_passed() {
        let zone = ZoneName::new("Asia/Jakarta").unwrap();
        let from = read_bound("from", "2026-11-30T18:00:00+07:00", &zone, false).unwrap();
        let days = Days::new(from, from.plus_ms(12 * HOUR_MS), &zone).unwrap();
        assert_eq!((days.passed_ms(0, LATER), days.passed_ms(1, LATER)), (6 * HOUR_MS, 6 * HOUR_MS));
        let now = from.plus_ms(7 * HOUR_MS);
        assert_eq!((days.passed_ms(0, now), days.passed_ms(1, now)), (6 * HOUR_MS, HOUR_MS));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let zone = ZoneName::new("UTC").unwrap();
        for wrong in ["", "yesterday", "2026-13-01", "2026-02-30", "2026-11-30T08:00:00", "30.11.2026"] {
            assert!(read_bound("from", wrong, &zone, false).is_err(), "{wrong}");
        }
        let at = |ms| Timestamp::from_unix_ms(ms).unwrap();
        assert!(Days::new(at(1), at(1), &zone).is_err());
        assert!(Days::new(at(0), at(401 * 24 * HOUR_MS), &zone).is_err());
        assert_eq!(Days::new(at(0), at(400 * 24 * HOUR_MS), &zone).unwrap().count(), 400);
        assert!(Days::new(at(0), at(1), &ZoneName::new("Mars/Olympus").unwrap()).is_err());
    }
}

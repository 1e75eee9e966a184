//! Weekly schedules.

use crate::names::named_values;
use crate::{Invalid, TimeOfDay, Timestamp};

const DAY_S: i64 = 24 * 60 * 60;

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

named_values!(Weekday, "schedule.days", "must hold some of mon, tue, wed, thu, fri, sat, sun", {
    Monday => "mon",
    Tuesday => "tue",
    Wednesday => "wed",
    Thursday => "thu",
    Friday => "fri",
    Saturday => "sat",
    Sunday => "sun",
});

/// Some days of the week: one at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Weekdays(u8);

impl Weekdays {
    /// # Errors
    /// [`Invalid`] for no day at all.
    pub fn new(days: &[Weekday]) -> Result<Self, Invalid> {
        match days.iter().fold(0, |bits, day| bits | 1 << *day as u8) {
            0 => Err(Invalid::new("schedule.days", "must hold some of mon, tue, wed, thu, fri, sat, sun")),
            bits => Ok(Self(bits)),
        }
    }

    /// Is this day one of them?
    pub const fn holds(self, day: Weekday) -> bool {
        self.0 & (1 << day as u8) != 0
    }

    /// From Monday on.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        Weekday::ALL.into_iter().filter(move |day| self.holds(*day))
    }
}

/// Difference of local time from UTC, minutes: -840 to 840. It is fixed: summer time does not change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UtcOffset(i16);

impl UtcOffset {
    /// # Errors
    /// [`Invalid`] out of range.
    pub fn from_minutes(minutes: i64) -> Result<Self, Invalid> {
        let fits = i16::try_from(minutes).ok().filter(|minutes| (-840..=840).contains(minutes));
        let refused = Invalid::new("schedule.utc_offset_minutes", "must be a whole number from -840 to 840 (minutes)");
        fits.map(Self).ok_or(refused)
    }

    /// Minutes.
    pub const fn minutes(self) -> i16 {
        self.0
    }
}

/// The name of a time zone in the IANA database, such as `Europe/Berlin`. Whether the database has it is known to the code that
/// reads the database.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ZoneName(String);

impl ZoneName {
    /// The refusal of a name that the database does not have.
    pub const UNKNOWN: Invalid =
        Invalid::new("schedule.timezone", "must be a name of the IANA time zone database, such as Europe/Berlin");

    /// # Errors
    /// [`Invalid`] for what can't be such a name.
    pub fn new(name: &str) -> Result<Self, Invalid> {
        let is_part = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_alphanumeric())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-'))
        };
        let fits = name.len() <= 64 && name.starts_with(|first: char| first.is_ascii_alphabetic());
        if fits && name.split('/').all(is_part) { Ok(Self(name.to_owned())) } else { Err(Self::UNKNOWN) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The clock that a schedule goes by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ScheduleClock {
    /// The same difference from UTC all year round.
    Offset(UtcOffset),
    /// The clocks of a time zone, with its summer time.
    Zone(ZoneName),
}

/// The hours of the week in which something is on: each of `days`, from `from` until just before `to`, in local time. If
/// `to` is not after `from`, it is on the next day: 22:00 to 06:00 is the night that begins on each of `days`, and 00:00 to
/// 00:00 is the whole day.
///
/// What counts is the time that the clock shows. It is off in an hour that the clocks leave out, and on in both of an hour that
/// they show twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// On which days it begins.
    pub days: Weekdays,
    /// Local time at which it begins.
    pub from: TimeOfDay,
    /// Local time at which it ends.
    pub to: TimeOfDay,
    /// Whose time it is.
    pub clock: ScheduleClock,
}

impl Schedule {
    /// Is it on at this instant? `zone_offset_s` says by how many seconds the clocks of a zone are ahead of UTC then.
    pub fn is_on(&self, at: Timestamp, zone_offset_s: impl FnOnce(&ZoneName) -> i64) -> bool {
        let ahead_s = match &self.clock {
            ScheduleClock::Offset(offset) => i64::from(offset.minutes()) * 60,
            ScheduleClock::Zone(zone) => zone_offset_s(zone),
        };
        let local_s = at.unix_ms().div_euclid(1000) + ahead_s;
        let (day, second) = (local_s.div_euclid(DAY_S), local_s.rem_euclid(DAY_S));
        let (from, to) = (i64::from(self.from.seconds()), i64::from(self.to.seconds()));
        if from < to {
            self.begins_on(day) && (from..to).contains(&second)
        } else {
            self.begins_on(day) && second >= from || self.begins_on(day - 1) && second < to
        }
    }

    /// Days are counted from 1970-01-01, which was a Thursday.
    fn begins_on(&self, day: i64) -> bool {
        let place = usize::try_from((day + 3).rem_euclid(7)).expect("a remainder of 7 is 0 to 6");
        self.days.holds(Weekday::ALL[place])
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{Schedule, ScheduleClock, UtcOffset, Weekday, Weekdays, ZoneName};
    use crate::{TimeOfDay, Timestamp};

    /// 2026-11-16T00:00:00Z, a Monday.
    const MONDAY_S: i64 = 1_794_787_200;

    fn schedule(days: &[Weekday], from_h: u32, to_h: u32, offset_minutes: i64) -> Schedule {
        let hour = |hour| TimeOfDay::from_seconds(hour * 3600).unwrap();
        let clock = ScheduleClock::Offset(UtcOffset::from_minutes(offset_minutes).unwrap());
        Schedule { days: Weekdays::new(days).unwrap(), from: hour(from_h), to: hour(to_h), clock }
    }

    /// The minutes of the week, from Monday 00:00 UTC on, at which it goes on and off.
    fn switches(schedule: &Schedule) -> Vec<(i64, bool)> {
        let no_zone = |_: &ZoneName| panic!("it goes by an offset");
        let on =
            |minute: i64| schedule.is_on(Timestamp::from_unix_ms((MONDAY_S + minute * 60) * 1000).unwrap(), no_zone);
        (0..7 * 24 * 60).filter(|minute| on(*minute) != on(minute - 1)).map(|minute| (minute, on(minute))).collect()
    }

    #[test]
    fn a_day_shift_is_on_from_its_first_minute_until_before_its_last() {
        let shift = schedule(&[Weekday::Monday, Weekday::Friday], 7, 16, 0);
        let friday = 4 * 24 * 60;
        let expected = [(7 * 60, true), (16 * 60, false), (friday + 7 * 60, true), (friday + 16 * 60, false)];
        assert_eq!(switches(&shift), expected);
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let night = schedule(&[Weekday::Sunday], 22, 6, 0);
        assert_eq!(switches(&night), [(6 * 60, false), ((6 * 24 + 22) * 60, true)]);
    }

    #[test]
    fn the_same_time_twice_is_a_whole_day() {
        let day = 24 * 60;
        assert_eq!(switches(&schedule(&[Weekday::Tuesday], 0, 0, 0)), [(day, true), (2 * day, false)]);
        assert_eq!(switches(&schedule(&[Weekday::Tuesday], 9, 9, 0)), [(day + 540, true), (2 * day + 540, false)]);
        assert_eq!(switches(&schedule(&Weekday::ALL, 9, 9, 0)), []);
    }

    #[test]
    fn local_clocks_may_be_on_another_day() {
        // 07:00 to 16:00 in India is 01:30 to 10:30 UTC.
        assert_eq!(switches(&schedule(&[Weekday::Monday], 7, 16, 330)), [(90, true), (630, false)]);
        // Monday 20:00 to 23:00 in New York is Tuesday 01:00 to 04:00 UTC.
        let day = 24 * 60;
        assert_eq!(switches(&schedule(&[Weekday::Monday], 20, 23, -300)), [(day + 60, true), (day + 240, false)]);
    }

    #[test]
    fn every_day_comes_back_from_its_name_and_no_day_is_refused() {
        for day in Weekday::ALL {
            assert_eq!(Weekday::parse(day.as_str()), Ok(day));
            assert_eq!(Weekdays::new(&[day, day]).unwrap().iter().collect::<Vec<_>>(), [day]);
        }
        assert!(Weekday::parse("Mon").is_err());
        assert!(Weekdays::new(&[]).is_err());
        for wrong in ["", "/", "Europe/", "/Berlin", "Europe//Berlin", "Europe/../x", "5", "é", &"A".repeat(65)] {
            assert!(ZoneName::new(wrong).is_err(), "{wrong}");
        }
        for name in ["UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires"] {
            assert_eq!(ZoneName::new(name).unwrap().as_str(), name);
        }
        assert!(UtcOffset::from_minutes(841).is_err() && UtcOffset::from_minutes(i64::MIN).is_err());
    }
}

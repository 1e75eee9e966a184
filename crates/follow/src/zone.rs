//! Time zones of schedules.

use jiff::tz::TimeZone;
use milepost_domain::{Invalid, Timestamp, ZoneName};

/// The name of a time zone as the database of time zones writes it.
///
/// # Errors
/// [`Invalid`] for a name that the database does not have.
pub fn read_zone_name(text: &str) -> Result<ZoneName, Invalid> {
    let name = ZoneName::new(text)?;
    let zone = find_zone(&name).ok_or(ZoneName::UNKNOWN)?;
    zone.iana_name().map_or(Ok(name), ZoneName::new)
}

/// The zone with this name.
pub(crate) fn find_zone(name: &ZoneName) -> Option<TimeZone> {
    TimeZone::get(name.as_str()).ok()
}

/// By how many seconds a zone's clocks are ahead of UTC at an instant.
pub(crate) fn offset_s(zone: &TimeZone, at: Timestamp) -> i64 {
    jiff::Timestamp::from_millisecond(at.unix_ms()).map_or(0, |instant| i64::from(zone.to_offset(instant).seconds()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{find_zone, offset_s, read_zone_name};
    use milepost_domain::{Schedule, ScheduleClock, TimeOfDay, Timestamp, Weekday, Weekdays};

    /// The minutes, from midnight UTC of a day on, at which a schedule of every day goes on and off within 24 hours.
    fn switches(zone: &str, midnight_s: i64, from: (u32, u32), to: (u32, u32)) -> Vec<(i64, bool)> {
        let time = |(hour, minute): (u32, u32)| TimeOfDay::from_seconds(hour * 3600 + minute * 60).unwrap();
        let name = read_zone_name(zone).unwrap();
        let zone = find_zone(&name).unwrap();
        let days = Weekdays::new(&Weekday::ALL).unwrap();
        let schedule = Schedule { days, from: time(from), to: time(to), clock: ScheduleClock::Zone(name) };
        let is_on = |minute: i64| {
            let at = Timestamp::from_unix_ms((midnight_s + minute * 60) * 1000).unwrap();
            schedule.is_on(at, |_| offset_s(&zone, at))
        };
        (0..24 * 60)
            .filter(|&minute| is_on(minute) != is_on(minute - 1))
            .map(|minute| (minute, is_on(minute)))
            .collect()
    }

    /// 2026-03-29 and 2026-10-25, when Berlin's clocks are put forward and back at 01:00 UTC.
    const SPRING_S: i64 = 1_774_742_400;
    const AUTUMN_S: i64 = 1_792_886_400;
    const DAY_S: i64 = 86_400;

    #[test]
    fn a_schedule_follows_the_summer_time_of_its_zone() {
        let shift = |midnight_s| switches("Europe/Berlin", midnight_s, (7, 0), (16, 0));
        assert_eq!(shift(SPRING_S - DAY_S), [(360, true), (900, false)]);
        assert_eq!(shift(SPRING_S), [(300, true), (840, false)]);
        assert_eq!(shift(AUTUMN_S - DAY_S), [(300, true), (840, false)]);
        assert_eq!(shift(AUTUMN_S), [(360, true), (900, false)]);
        // Half an hour of summer time, on the other half of the globe.
        assert_eq!(switches("Australia/Lord_Howe", SPRING_S, (12, 0), (13, 0)), [(60, true), (120, false)]);
        assert_eq!(
            switches("Australia/Lord_Howe", SPRING_S + 30 * DAY_S, (12, 0), (13, 0)),
            [(90, true), (150, false)]
        );
    }

    #[test]
    fn in_the_hour_that_is_left_out_nothing_is_on_and_what_would_begin_in_it_begins_after_it() {
        let night = |from, to| switches("Europe/Berlin", SPRING_S, from, to);
        assert_eq!(night((2, 0), (3, 0)), []);
        assert_eq!(night((2, 30), (4, 0)), [(60, true), (120, false)]);
        // The last is the next night's: one o'clock is an hour earlier by UTC then.
        assert_eq!(night((1, 0), (2, 30)), [(0, true), (60, false), (1380, true)]);
        // A night is an hour shorter.
        assert_eq!(night((22, 0), (6, 0)), [(240, false), (1200, true)]);
    }

    #[test]
    fn in_the_hour_that_comes_twice_a_schedule_is_on_both_times() {
        let night = |from, to| switches("Europe/Berlin", AUTUMN_S, from, to);
        assert_eq!(night((2, 0), (3, 0)), [(0, true), (120, false)]);
        assert_eq!(night((2, 0), (2, 30)), [(0, true), (30, false), (60, true), (90, false)]);
        assert_eq!(night((22, 0), (6, 0)), [(300, false), (1260, true)]);
    }

    #[test]
    fn a_name_is_known_by_its_usual_form_and_others_are_refused() {
        assert_eq!(read_zone_name("europe/BERLIN").unwrap().as_str(), "Europe/Berlin");
        for wrong in ["", "Europe", "Berlin", "+01:00", "Europe/Berlin ", "/etc/localtime", "../UTC", "Europe/Bärlin"]
        {
            assert!(read_zone_name(wrong).is_err(), "{wrong}");
        }
    }
}

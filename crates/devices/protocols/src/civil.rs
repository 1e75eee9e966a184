//! Dates and times of day as devices write them.

use milepost_domain::Timestamp;

const DAY_MS: i64 = 86_400_000;

/// A date and a time of day, each part as the device sent it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Civil {
    /// All four digits.
    pub year: i64,
    /// From 1.
    pub month: i64,
    /// From 1.
    pub day: i64,
    /// From 0 to 23.
    pub hour: i64,
    /// From 0 to 59.
    pub minute: i64,
    /// From 0 to 60.
    pub second: i64,
    /// From 0 to 999.
    pub ms: i64,
}

impl Civil {
    /// The instant at which a clock of UTC shows this. `None` if there is no such date or time, or it lies before 1970.
    pub fn as_utc(&self) -> Option<Timestamp> {
        let in_range = (1..=12).contains(&self.month)
            && (1..=month_days(self.year, self.month)).contains(&self.day)
            && (1970..=9999).contains(&self.year);
        let day_ms = time_of_day_ms(self.hour, self.minute, self.second, self.ms)?;
        if !in_range {
            return None;
        }
        Timestamp::from_unix_ms(days_from_civil(self.year, self.month, self.day) * DAY_MS + day_ms)
    }

    /// What a clock of UTC shows at this instant.
    pub fn from_utc(at: Timestamp) -> Self {
        let (days, ms) = (at.unix_ms() / DAY_MS, at.unix_ms() % DAY_MS);
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            hour: ms / 3_600_000,
            minute: ms / 60_000 % 60,
            second: ms / 1_000 % 60,
            ms: ms % 1_000,
        }
    }

    /// `YYYYMMDDhhmmss`.
    pub(crate) fn digits(&self) -> String {
        let Self { year, month, day, hour, minute, second, .. } = self;
        format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
    }
}

/// Milliseconds since midnight. A leap second counts as the second before it.
pub(crate) fn time_of_day_ms(hour: i64, minute: i64, second: i64, ms: i64) -> Option<i64> {
    let is_time =
        (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second) && (0..1000).contains(&ms);
    is_time.then(|| ((hour * 60 + minute) * 60 + second.min(59)) * 1_000 + ms)
}

/// The year of two digits. Receivers with a fault of their week number send years before 2000.
pub(crate) fn full_year(two_digits: i64) -> i64 {
    if (80..100).contains(&two_digits) { 1900 + two_digits } else { 2000 + two_digits }
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Howard Hinnant, `days_from_civil`, for years from 1970.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn dates_that_do_not_exist_are_refused() {
        let day = |year, month, day| Civil { year, month, day, ..Civil::default() }.as_utc();
        assert_eq!(day(2024, 2, 29).unwrap().to_string(), "2024-02-29T00:00:00.000Z");
        for (year, month, of_month) in [(2023, 2, 29), (2024, 13, 1), (2024, 0, 1), (2024, 4, 31), (1969, 1, 1)] {
            assert!(day(year, month, of_month).is_none());
        }
    }

    #[test]
    fn every_day_comes_back() {
        for days in 0..40_000 {
            let at = Timestamp::from_unix_ms(days * DAY_MS + 45_296_789).unwrap();
            assert_eq!(Civil::from_utc(at).as_utc().unwrap(), at);
        }
    }
}

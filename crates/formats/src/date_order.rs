//! The order of day and month in dates such as 03/04/2025.

use crate::OptionsError;
use crate::time_refusal::TimeRefusal;
use crate::written_time::date_of;
use jiff::civil::Date;
use std::str::FromStr;

/// The order of the parts of a date whose year does not come first with four digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// 31/12/2025.
    DayMonthYear,
    /// 12/31/2025.
    MonthDayYear,
    /// 25/12/31.
    YearMonthDay,
}

impl FromStr for DateOrder {
    type Err = OptionsError;

    fn from_str(text: &str) -> Result<Self, OptionsError> {
        match text.to_ascii_lowercase().as_str() {
            "dmy" => Ok(Self::DayMonthYear),
            "mdy" => Ok(Self::MonthDayYear),
            "ymd" => Ok(Self::YearMonthDay),
            _ => Err(OptionsError::new(format!("date order {text:?} must be dmy, mdy or ymd"))),
        }
    }
}

/// The order that was given, or that a row of the file has proved: 25/06/2025 can only be the 25th of June.
#[derive(Debug, Clone, Default)]
pub(crate) struct DateOrders {
    given: Option<DateOrder>,
    proved: Option<DateOrder>,
}

impl DateOrders {
    pub(crate) fn new(given: Option<DateOrder>) -> Self {
        Self { given, proved: None }
    }

    /// The day and the month of a date with a year of four digits at its end.
    pub(crate) fn day_and_month(&mut self, written: &str, first: u32, second: u32) -> Result<(u32, u32), TimeRefusal> {
        if self.given.is_none() && first != second {
            let shown = match (first > 12, second > 12) {
                (true, false) => Some(DateOrder::DayMonthYear),
                (false, true) => Some(DateOrder::MonthDayYear),
                _ => None,
            };
            match (self.proved, shown) {
                (Some(proved), Some(shown)) if proved != shown => {
                    return Err(TimeRefusal::file(format!(
                        "has its day and month in another order than a date before it: {written}"
                    )));
                }
                (None, None) => return Err(ambiguous(written)),
                (_, shown) => self.proved = self.proved.or(shown),
            }
        }
        match self.given.or(self.proved) {
            Some(DateOrder::DayMonthYear) => Ok((first, second)),
            Some(DateOrder::MonthDayYear) => Ok((second, first)),
            Some(DateOrder::YearMonthDay) => {
                Err(TimeRefusal::row("does not begin with its year, as --date-order says"))
            }
            // Both are the same number.
            None => Ok((first, second)),
        }
    }

    /// A date of three numbers with two digits each. Years are 1980 to 2079.
    pub(crate) fn short_date(&self, written: &str, [first, second, third]: [u32; 3]) -> Result<Date, TimeRefusal> {
        let (year, month, day) = match self.given {
            Some(DateOrder::DayMonthYear) => (third, second, first),
            Some(DateOrder::MonthDayYear) => (third, first, second),
            Some(DateOrder::YearMonthDay) => (first, second, third),
            None => return Err(ambiguous(written)),
        };
        let year = year + if year >= 80 { 1900 } else { 2000 };
        date_of(&year.to_string(), month, &day.to_string())
    }
}

fn ambiguous(written: &str) -> TimeRefusal {
    TimeRefusal::file(format!(
        "can be read in more than one order of day and month: {written}; say --date-order dmy, mdy or ymd"
    ))
}

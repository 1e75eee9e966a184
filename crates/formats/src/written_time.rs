//! Reads the text of a time as it is written: a date, a time of day, both, with or without a zone.

use crate::date_order::DateOrders;
use crate::time_refusal::TimeRefusal;
use crate::zone::Zone;
use jiff::civil::{Date, DateTime, Time};
use milepost_domain::Timestamp;

/// What a cell says about the time of its row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum WrittenTime {
    Instant(Timestamp),
    /// What a clock showed, and whose clock if the text says it.
    Wall(DateTime, Option<Zone>),
    Date(Date),
    TimeOfDay(Time, Option<Zone>),
}

/// Reads `2016-12-16T05:34:02-06:00`, `2010/12/09 15:48:14`, `20250601T080000Z`, `1 Jun 2025 8:00 PM`, `31.12.2025`, `8:00:00`
/// and their kin. Numbers alone are not read here.
pub(crate) fn read_time_text(text: &str, orders: &mut DateOrders) -> Result<WrittenTime, TimeRefusal> {
    let mut scan = Scan { rest: text };
    scan.skip_weekday();
    let date = scan.date(orders)?;
    if date.is_some() {
        scan.rest = scan.rest.trim_start_matches([' ', 'T', 't', ',', '_', '\u{a0}']);
    }
    let time = scan.time()?;
    let zone = scan.zone()?;
    match (date, time) {
        (Some(date), Some(time)) => Ok(WrittenTime::Wall(date.to_datetime(time), zone)),
        (Some(date), None) if zone.is_none() => Ok(WrittenTime::Date(date)),
        (None, Some(time)) => Ok(WrittenTime::TimeOfDay(time, zone)),
        _ => Err(TimeRefusal::row("is no date and time that is known")),
    }
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// What is left of the text.
struct Scan<'a> {
    rest: &'a str,
}

impl<'a> Scan<'a> {
    /// `Sun, 1 Jun 2025`.
    fn skip_weekday(&mut self) {
        let word = self.peek_word();
        if WEEKDAYS.iter().any(|day| starts_with(word, day)) {
            self.rest = self.rest[word.len()..].trim_start_matches([',', '.', ' ']);
        }
    }

    fn peek_word(&self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.rest.len());
        &self.rest[..end]
    }

    /// Up to `most` digits.
    fn digits(&mut self, most: usize) -> Option<&'a str> {
        let count = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        if count == 0 || count > most {
            return None;
        }
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        Some(digits)
    }

    fn take(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// The date at the start of the text; `None` if it begins with a time of day.
    fn date(&mut self, orders: &mut DateOrders) -> Result<Option<Date>, TimeRefusal> {
        let no_date = || TimeRefusal::row("is no date and time that is known");
        let begin = self.rest;
        if let Some(month) = self.month() {
            let day = self.digits(2).ok_or_else(no_date)?;
            self.rest = self.rest.trim_start_matches([',', ' ']);
            let year = self.digits(4).filter(|year| year.len() == 4).ok_or_else(no_date)?;
            return date_of(year, month, day).map(Some);
        }
        let first = self.digits(8).ok_or_else(no_date)?;
        if first.len() == 8 {
            return date_of(&first[..4], number(&first[4..6]), &first[6..]).map(Some);
        }
        let Some(separator) = self.rest.chars().next().filter(|c| matches!(c, '-' | '/' | '.' | ' ' | ':')) else {
            return Err(no_date());
        };
        if separator == ':' && first.len() <= 2 {
            self.rest = begin;
            return Ok(None);
        }
        self.take(separator);
        if let Some(month) = self.month() {
            let last = self.digits(4).ok_or_else(no_date)?;
            let (year, day) = if first.len() == 4 { (first, last) } else { (last, first) };
            if year.len() != 4 {
                return Err(no_date());
            }
            return date_of(year, month, day).map(Some);
        }
        let second = self.digits(2).ok_or_else(no_date)?;
        if !self.take(separator) {
            return Err(no_date());
        }
        let third = self.digits(4).ok_or_else(no_date)?;
        let written = &begin[..begin.len() - self.rest.len()];
        match (first.len(), third.len()) {
            (4, 1..=2) => date_of(first, number(second), third),
            (1..=2, 4) => {
                let (day, month) = orders.day_and_month(written, number(first), number(second))?;
                date_of(third, month, &day.to_string())
            }
            (1..=2, 2) => orders.short_date(written, [number(first), number(second), number(third)]),
            _ => Err(no_date()),
        }
        .map(Some)
    }

    /// The name of a month with the separator that follows it.
    fn month(&mut self) -> Option<u32> {
        let word = self.peek_word();
        let index = MONTHS.iter().position(|month| starts_with(word, month))?;
        self.rest = self.rest[word.len()..].trim_start_matches(['-', '/', '.', ' ']);
        u32::try_from(index + 1).ok()
    }

    /// `8:00`, `08:00:00.5`, `8:00 PM`, and `080000` after a date.
    fn time(&mut self) -> Result<Option<Time>, TimeRefusal> {
        let no_time = || TimeRefusal::row("has no time of day that is known");
        let Some(first) = self.digits(6) else { return Ok(None) };
        let (mut hour, minute, second) = if self.take(':') {
            let minute = self.digits(2).filter(|minute| minute.len() == 2).ok_or_else(no_time)?;
            let second = if self.take(':') {
                self.digits(2).filter(|second| second.len() == 2).ok_or_else(no_time)?
            } else {
                "0"
            };
            if first.len() > 2 {
                return Err(no_time());
            }
            (number(first), number(minute), number(second))
        } else {
            match first.len() {
                4 => (number(&first[..2]), number(&first[2..]), 0),
                6 => (number(&first[..2]), number(&first[2..4]), number(&first[4..])),
                _ => return Err(no_time()),
            }
        };
        let mut ms = 0;
        if self.rest.starts_with(['.', ',']) {
            self.rest = &self.rest[1..];
            let decimals = self.digits(12).ok_or_else(no_time)?;
            ms = number(&format!("{decimals:0<3}")[..3]);
        }
        self.rest = self.rest.trim_start();
        let word = self.peek_word().to_ascii_lowercase();
        if matches!(word.as_str(), "am" | "pm") {
            if !(1..=12).contains(&hour) {
                return Err(no_time());
            }
            hour = hour % 12 + if word == "pm" { 12 } else { 0 };
            self.rest = &self.rest[2..];
        }
        time_of_day(hour, minute, second, ms).map(Some).ok_or_else(no_time)
    }

    /// What follows the time: `Z`, `+02:00`, `UTC`, `[Europe/Berlin]`, or nothing.
    fn zone(&mut self) -> Result<Option<Zone>, TimeRefusal> {
        let text = self.rest.trim();
        // The offset of `+02:00[Europe/Berlin]` says it exactly.
        let (offset, name) = match text.split_once('[') {
            Some((offset, name)) => (offset.trim(), name.split(']').next()),
            None => (text, None),
        };
        let text = if offset.is_empty() { name.unwrap_or("") } else { offset };
        if text.is_empty() {
            return Ok(None);
        }
        let text = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text);
        let unknown = || TimeRefusal::row(format!("ends with {text:?}, which is no known time zone"));
        Zone::of_file(text).map(Some).ok_or_else(unknown)
    }
}

fn starts_with(word: &str, start: &str) -> bool {
    word.len() >= start.len() && word[..start.len()].eq_ignore_ascii_case(start)
}

fn number(digits: &str) -> u32 {
    digits.parse().unwrap_or(u32::MAX)
}

pub(crate) fn date_of(year: &str, month: u32, day: &str) -> Result<Date, TimeRefusal> {
    let date = || Date::new(year.parse().ok()?, i8::try_from(month).ok()?, day.parse().ok()?).ok();
    date().ok_or_else(|| TimeRefusal::row("names a day that is in no calendar"))
}

/// A leap second counts as the last millisecond before it ends.
pub(crate) fn time_of_day(hour: u32, minute: u32, second: u32, ms: u32) -> Option<Time> {
    let (second, ms) = if second == 60 { (59, 999) } else { (second, ms) };
    let small = |value: u32| i8::try_from(value).ok();
    Time::new(small(hour)?, small(minute)?, small(second)?, i32::try_from(ms).ok()? * 1_000_000).ok()
}

//! The time of a row: out of one column, or out of one for the date and one for the time of day.

use crate::ReadOptions;
use crate::bare_number::{TimeFormat, read_time_number};
use crate::columns::Cell;
use crate::date_order::DateOrders;
use crate::field::{ClockName, Field, Qualifier};
use crate::time_refusal::TimeRefusal;
use crate::wall_times::WallTimes;
use crate::written_time::{WrittenTime, read_time_text};
use crate::zone::Zone;
use jiff::civil::DateTime;
use milepost_domain::Timestamp;

/// Reads the times of a file's rows, which must come in the order of the file.
#[derive(Debug)]
pub(crate) struct RowTimes {
    given: Option<Zone>,
    format: Option<ClockName>,
    orders: DateOrders,
    walls: WallTimes,
    /// Times of which neither the file nor an option says the zone.
    unzoned: u64,
}

impl RowTimes {
    pub(crate) fn new(options: &ReadOptions) -> Self {
        Self {
            given: options.zone.clone(),
            format: options.time_format.map(TimeFormat::clock),
            orders: DateOrders::new(options.date_order),
            walls: WallTimes::default(),
            unzoned: 0,
        }
    }

    /// The instant of the vehicle's next row.
    pub(crate) fn read<'a>(
        &mut self,
        vehicle: Option<&str>,
        cell: impl Fn(Field) -> Option<Cell<'a>>,
    ) -> Result<Timestamp, TimeRefusal> {
        let has_date = cell(Field::Date).is_some();
        let (mut date, mut time) = (None, None);
        // The column that has it all decides. A date's column may hold midnight beside it, which is no time of day.
        for field in [Field::Timestamp, Field::Time, Field::Date] {
            let Some(found) = cell(field) else { continue };
            let refuse = |refusal: TimeRefusal| TimeRefusal {
                reason: format!("{} {:?} {}", field.name(), found.text, refusal.reason),
                ..refusal
            };
            match self.read_cell(field, &found, has_date).map_err(refuse)? {
                WrittenTime::Instant(at) => {
                    self.walls.follow(vehicle, at);
                    return Ok(at);
                }
                WrittenTime::Wall(wall, zone) if field != Field::Date || time.is_none() => {
                    let zone = self.zone(zone, &found, &cell).map_err(refuse)?;
                    return self.walls.instant(vehicle, wall, &zone).map_err(refuse);
                }
                WrittenTime::Wall(wall, _) => date = Some(wall.date()),
                WrittenTime::Date(day) => date = date.or(Some(day)),
                WrittenTime::TimeOfDay(clock, zone) => time = time.or(Some((clock, zone, field, found))),
            }
        }
        match (date, time) {
            (Some(date), Some((clock, zone, field, found))) => {
                let refuse = |refusal: TimeRefusal| TimeRefusal {
                    reason: format!("{} {date} {:?} {}", field.name(), found.text, refusal.reason),
                    ..refusal
                };
                let zone = self.zone(zone, &found, &cell).map_err(refuse)?;
                self.walls.instant(vehicle, DateTime::from_parts(date, clock), &zone).map_err(refuse)
            }
            (Some(date), None) => Err(TimeRefusal::row(format!(
                "timestamp {date} has no time of day: name its column, as in time=column"
            ))),
            (None, Some((_, _, _, found))) => Err(TimeRefusal::row(format!(
                "timestamp {:?} has no date: name its column, as in date=column",
                found.text
            ))),
            (None, None) => Err(TimeRefusal::row("timestamp is empty")),
        }
    }

    fn read_cell(&mut self, field: Field, cell: &Cell<'_>, has_date: bool) -> Result<WrittenTime, TimeRefusal> {
        let text = cell.text.trim();
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
            && text.bytes().filter(|byte| !byte.is_ascii_digit()).count() <= 1
            && text.starts_with(|c: char| c.is_ascii_digit());
        if !is_number {
            return read_time_text(text, &mut self.orders);
        }
        let clock = match &cell.qualifier {
            Some(Qualifier::Clock(clock)) if !matches!(clock, ClockName::Zone(_) | ClockName::Local) => Some(clock),
            _ => self.format.as_ref().filter(|_| !has_date),
        };
        // Beside a date a short number can only be the time of day.
        let field = if field == Field::Timestamp && has_date && text.len() < 8 { Field::Time } else { field };
        read_time_number(text, field, clock, &self.orders)
    }

    /// The zone of a clock: as the text says, else another column, else the column's name, else the options.
    fn zone<'a>(
        &mut self,
        written: Option<Zone>,
        found: &Cell<'a>,
        cell: impl Fn(Field) -> Option<Cell<'a>>,
    ) -> Result<Zone, TimeRefusal> {
        if let Some(zone) = written {
            return Ok(zone);
        }
        if let Some(named) = cell(Field::Zone) {
            return zone_of_cell(&named.text)
                .ok_or_else(|| TimeRefusal::row(format!("is of time zone {:?}, which is not known", named.text)));
        }
        match &found.qualifier {
            Some(Qualifier::Clock(ClockName::Zone(zone))) => return Ok(zone.clone()),
            Some(Qualifier::Clock(ClockName::Local)) if self.given.is_none() => {
                return Err(TimeRefusal::file("is local time, as its column says: name the place's zone with --zone"));
            }
            _ => {}
        }
        Ok(self.given.clone().unwrap_or_else(|| {
            self.unzoned += 1;
            Zone::default()
        }))
    }

    /// What a person should know about how times were read.
    pub(crate) fn notes(&self, notes: &mut Vec<String>) {
        if self.unzoned > 0 {
            notes.push(format!("{} times name no zone and are taken as UTC; --zone names another.", self.unzoned));
        }
        if self.walls.twice > 0 {
            notes.push(format!(
                "{} times lie in the hour that the clocks showed twice: the order of the rows tells which is meant.",
                self.walls.twice
            ));
        }
    }
}

/// `+02:00`, `Europe/Berlin`, or whole hours such as `2`.
fn zone_of_cell(text: &str) -> Option<Zone> {
    match text.trim().parse::<i32>() {
        Ok(hours @ -12..=14) => format!("{hours:+}").parse().ok(),
        Ok(_) => None,
        Err(_) => Zone::of_file(text),
    }
}

//! Makes a point of the texts of one row, whatever format they came from.

use crate::attributes_json::read_attributes;
use crate::columns::Cell;
use crate::degrees::{Axis, parse_degrees};
use crate::field::{Field, Qualifier};
use crate::number::parse_measure;
use crate::row_times::RowTimes;
use crate::track_point::{RawPoint, means_no_fix};
use crate::{ReadError, ReadOptions, SpeedUnit, TrackPoint};

/// Reads rows in the order of the file.
#[derive(Debug)]
pub(crate) struct RowValues {
    times: RowTimes,
    speed_unit: Option<SpeedUnit>,
    /// Numbers may have a comma for their point.
    decimal_comma: bool,
    /// Speeds of which neither the file nor an option says the unit.
    speeds_without_unit: u64,
}

impl RowValues {
    pub(crate) fn new(options: &ReadOptions, decimal_comma: bool) -> Self {
        Self { times: RowTimes::new(options), speed_unit: options.speed_unit, decimal_comma, speeds_without_unit: 0 }
    }

    /// Reads a row. `place` is the latitude and longitude of a row that has them elsewhere.
    pub(crate) fn read<'a>(
        &mut self,
        line: u64,
        place: Option<(f64, f64)>,
        cell: impl Fn(Field) -> Option<Cell<'a>>,
    ) -> Result<TrackPoint, ReadError> {
        let text = |field| cell(field).map(|cell| cell.text);
        let vehicle = text(Field::Vehicle).map(|name| name.into_owned());
        let at = self.times.read(vehicle.as_deref(), &cell).map_err(|refusal| ReadError::of_time(line, refusal))?;
        let degrees = |field: Field, axis, hemisphere| {
            let found = cell(field).ok_or_else(|| ReadError::row(line, format!("{} is empty", field.name())))?;
            let letter = text(hemisphere);
            let value = parse_degrees(&found.text, axis, letter.as_deref(), true)
                .map_err(|reason| ReadError::row(line, format!("{} {reason}", field.name())))?;
            Ok(match found.qualifier {
                Some(Qualifier::Unit(unit)) => unit.convert(value),
                _ => value,
            })
        };
        let (latitude, longitude) = match place {
            Some(place) => place,
            None => (
                degrees(Field::Latitude, Axis::NorthSouth, Field::NorthSouth)?,
                degrees(Field::Longitude, Axis::EastWest, Field::EastWest)?,
            ),
        };
        let mut raw = RawPoint { at: Some(at), latitude, longitude, ..RawPoint::default() };
        let mut measure = |field: Field| {
            let found = cell(field)?;
            let value = self.measure(field, &found);
            if value.is_none() {
                raw.unread.push(format!("{} {}", field.name(), found.text));
            }
            value
        };
        raw.speed_kmh = measure(Field::Speed);
        raw.heading_deg = measure(Field::Heading);
        raw.accuracy_m = measure(Field::Accuracy);
        raw.altitude_m = measure(Field::Altitude);
        raw.odometer_km = measure(Field::Odometer);
        raw.fuel_level_l = measure(Field::FuelLevel);
        if let Some(ignition) = text(Field::Ignition) {
            raw.ignition = parse_switch(&ignition);
            if raw.ignition.is_none() {
                raw.unread.push(format!("ignition {ignition}"));
            }
        }
        if let Some(attributes) = text(Field::Attributes) {
            match read_attributes(&attributes) {
                Some(entries) => raw.attributes = entries,
                None => raw.unread.push(format!("attributes {attributes}")),
            }
        }
        raw.no_fix = text(Field::Fix).is_some_and(|fix| means_no_fix(&fix));
        raw.vehicle = vehicle;
        raw.check(line)
    }

    fn measure(&mut self, field: Field, cell: &Cell<'_>) -> Option<f64> {
        let quantity = field.quantity()?;
        let mut unit = match cell.qualifier {
            Some(Qualifier::Unit(unit)) => Some(*unit),
            _ => None,
        };
        if field == Field::Speed {
            unit = self.speed_unit.map(SpeedUnit::unit).or(unit);
        }
        if field == Field::Speed && unit.is_none() && cell.text.ends_with(|c: char| c.is_ascii_digit()) {
            self.speeds_without_unit += 1;
        }
        parse_measure(&cell.text, quantity, unit.unwrap_or_else(|| quantity.own_unit()), self.decimal_comma)
    }

    /// What a person should know about how values were read.
    pub(crate) fn notes(&self, notes: &mut Vec<String>) {
        self.times.notes(notes);
        if self.speeds_without_unit > 0 {
            notes.push("Speeds name no unit and are taken as km/h; --speed-unit names another.".to_owned());
        }
    }
}

/// Whether an ignition is on.
fn parse_switch(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "on" | "yes" => Some(true),
        "0" | "false" | "off" | "no" => Some(false),
        _ => None,
    }
}

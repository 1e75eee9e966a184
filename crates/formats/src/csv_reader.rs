//! Reads CSV. Columns are found by a given mapping, or by their usual names.

use crate::columns::Field;
use crate::limits::{MAX_COLUMNS, MAX_LINE_BYTES};
use crate::lines::{Line, Lines};
use crate::track_point::{RawPoint, means_no_fix};
use crate::{ReadError, ReadOptions, SpeedUnit, TrackPoint, Zone, parse_timestamp};
use csv_core::ReadRecordResult;
use std::io::BufRead;

/// Points of a CSV file. A quoted field may hold separators and quotes, but no line break: a quote that is never
/// closed spoils its line only, not the rest of the file.
pub struct CsvReader<R> {
    lines: Lines<R>,
    columns: Columns,
    speed_unit: SpeedUnit,
    zone: Zone,
    record: Record,
    /// The first line, if it is data because columns are given by number.
    waiting: Option<Vec<u8>>,
    ended: bool,
}

/// The column of each field, counted from 0.
#[derive(Debug, Default)]
struct Columns([Option<usize>; 9]);

impl Columns {
    fn get<'a>(&self, field: Field, record: &'a Record) -> Option<&'a str> {
        let text = record.column(self.0[field as usize]?)?.trim();
        if text.is_empty() { None } else { Some(text) }
    }
}

impl<R: BufRead> CsvReader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`ReadError`] when the file is empty, lacks a column that `options` names, or has none for time or place.
    pub fn new(input: R, options: &ReadOptions) -> Result<Self, ReadError> {
        let mut lines = Lines::new(input);
        let first = loop {
            match lines.next() {
                Ok(Line::Whole(line)) if line.iter().all(u8::is_ascii_whitespace) => {}
                Ok(Line::Whole(line)) => break line.to_vec(),
                Ok(Line::TooLong) => return Err(ReadError::fatal(1, too_long())),
                Ok(Line::End) => return Err(ReadError::fatal(1, "the file is empty")),
                Err(error) => return Err(ReadError::fatal(1, format!("the file cannot be read: {error}"))),
            }
        };
        let mut record = Record::new(options.delimiter.unwrap_or_else(|| likeliest_delimiter(&first)));
        let number = lines.number();
        record.split(&first).map_err(|reason| ReadError::fatal(number, reason))?;
        let numbered = options.columns.is_numbered();
        let columns = find_columns(&record, options).map_err(|reason| ReadError::fatal(number, reason))?;
        let unit_in_name = columns.0[Field::Speed as usize]
            .filter(|_| !numbered)
            .and_then(|index| record.column(index))
            .and_then(SpeedUnit::in_name);
        Ok(Self {
            lines,
            columns,
            speed_unit: options.speed_unit.or(unit_in_name).unwrap_or_default(),
            zone: options.zone.clone(),
            record,
            waiting: numbered.then_some(first),
            ended: false,
        })
    }

    fn read_point(&self, line: u64) -> Result<TrackPoint, ReadError> {
        let text = |field| self.columns.get(field, &self.record);
        let number = |field: Field| {
            let found = text(field).ok_or_else(|| ReadError::row(line, format!("{} is empty", field.name())))?;
            parse_number(found).ok_or_else(|| ReadError::row(line, format!("{} is not a number", field.name())))
        };
        let optional = |field: Field| text(field).and_then(parse_number);
        let time = text(Field::Timestamp).ok_or_else(|| ReadError::row(line, "timestamp is empty"))?;
        let at = parse_timestamp(time, &self.zone)
            .ok_or_else(|| ReadError::row(line, "timestamp is no RFC 3339, Unix or YYYY-MM-DD HH:MM:SS time"))?;
        RawPoint {
            vehicle: text(Field::Vehicle).map(str::to_owned),
            at: Some(at),
            latitude: number(Field::Latitude)?,
            longitude: number(Field::Longitude)?,
            speed_kmh: optional(Field::Speed).map(|speed| speed * self.speed_unit.kmh()),
            heading_deg: optional(Field::Heading),
            accuracy_m: optional(Field::Accuracy),
            altitude_m: optional(Field::Altitude),
            no_fix: text(Field::Fix).is_some_and(means_no_fix),
        }
        .check(line)
    }
}

impl<R: BufRead> Iterator for CsvReader<R> {
    type Item = Result<TrackPoint, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let number = self.lines.number();
            let split = if let Some(first) = self.waiting.take() {
                Ok((number, self.record.split(&first)))
            } else {
                match self.lines.next() {
                    Ok(Line::End) => {
                        self.ended = true;
                        return None;
                    }
                    Ok(Line::Whole(line)) if line.iter().all(u8::is_ascii_whitespace) => continue,
                    Ok(Line::Whole(line)) => Ok((number + 1, self.record.split(line))),
                    Ok(Line::TooLong) => Ok((number + 1, Err(too_long()))),
                    Err(error) => Err(error),
                }
            };
            return Some(match split {
                Ok((line, Ok(()))) => self.read_point(line),
                Ok((line, Err(reason))) => Err(ReadError::row(line, reason)),
                Err(error) => {
                    self.ended = true;
                    Err(ReadError::fatal(number + 1, format!("the file cannot be read: {error}")))
                }
            });
        }
        None
    }
}

/// One line's columns. Its buffers have the size of the longest line and are used again for each line.
struct Record {
    parser: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    columns: usize,
}

impl Record {
    fn new(delimiter: u8) -> Self {
        Self {
            parser: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            text: vec![0; MAX_LINE_BYTES + 1],
            ends: vec![0; MAX_COLUMNS],
            columns: 0,
        }
    }

    fn split(&mut self, line: &[u8]) -> Result<(), String> {
        self.columns = 0;
        self.parser.reset();
        let (result, _, written, columns) = self.parser.read_record(line, &mut self.text, &mut self.ends);
        let open = match result {
            ReadRecordResult::InputEmpty => {
                // A line break ends the line for the parser, unless a quote is still open: then it belongs to the quoted text.
                let (result, _, _, more) =
                    self.parser.read_record(b"\n", &mut self.text[written..], &mut self.ends[columns..]);
                self.columns = columns + more;
                result != ReadRecordResult::Record
            }
            ReadRecordResult::Record | ReadRecordResult::End => {
                self.columns = columns;
                false
            }
            ReadRecordResult::OutputFull => return Err(too_long()),
            ReadRecordResult::OutputEndsFull => return Err(format!("the line has more than {MAX_COLUMNS} columns")),
        };
        if open {
            self.columns = 0;
            return Err("a quote is not closed on its line".to_owned());
        }
        Ok(())
    }

    /// `None` if the line has no such column or the column is not UTF-8.
    fn column(&self, index: usize) -> Option<&str> {
        if index >= self.columns {
            return None;
        }
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        std::str::from_utf8(&self.text[start..self.ends[index]]).ok()
    }
}

fn find_columns(header: &Record, options: &ReadOptions) -> Result<Columns, String> {
    let names: Vec<String> =
        (0..header.columns).map(|index| header.column(index).unwrap_or("").trim().to_lowercase()).collect();
    let numbered = options.columns.is_numbered();
    let mut columns = Columns::default();
    for field in Field::ALL {
        columns.0[field as usize] = match options.columns.get(field) {
            Some(given) if numbered => Some(
                given
                    .strip_prefix('#')
                    .and_then(|number| number.parse::<usize>().ok())
                    .filter(|number| (1..=MAX_COLUMNS).contains(number))
                    .ok_or_else(|| format!("column {given:?} must be a number such as #1, as the others are"))?
                    - 1,
            ),
            Some(given) => Some(
                names
                    .iter()
                    .position(|name| *name == given.to_lowercase())
                    .ok_or_else(|| format!("the file has no column {given:?}; it has {}", names.join(", ")))?,
            ),
            None if numbered => None,
            None => field.usual_names().iter().find_map(|usual| names.iter().position(|name| name == usual)),
        };
    }
    for field in [Field::Timestamp, Field::Latitude, Field::Longitude] {
        if columns.0[field as usize].is_none() {
            let name = field.name();
            return Err(format!("no column for {name} was found: name it, as in {name}=column"));
        }
    }
    Ok(columns)
}

fn likeliest_delimiter(header: &[u8]) -> u8 {
    let count = |delimiter: u8| header.iter().filter(|&&byte| byte == delimiter).count();
    // Of equals the last one wins, so that a file with one column is comma-separated.
    [b'\t', b';', b','].into_iter().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b',')
}

/// Reads a decimal number. Files separated by semicolons may have decimal commas.
fn parse_number(text: &str) -> Option<f64> {
    let value = match text.parse() {
        Ok(value) => value,
        Err(_) => text.replacen(',', ".", 1).parse().ok()?,
    };
    if f64::is_finite(value) { Some(value) } else { None }
}

fn too_long() -> String {
    format!("the line is longer than {MAX_LINE_BYTES} bytes")
}

//! The header of a CSV file: its separator and the names of its columns.

use crate::column_map::ColumnMap;
use crate::columns::Columns;
use crate::csv_lines::{CsvLine, CsvLines};
use crate::csv_record::{Record, SplitError};
use crate::field::Field;
use crate::limits::MAX_PREAMBLE_LINES;
use crate::units::key;
use crate::{ReadError, ReadOptions};
use std::io::BufRead;

pub(crate) struct CsvHeader {
    pub(crate) delimiter: u8,
    pub(crate) columns: Columns,
    /// Empty for a file without a header.
    pub(crate) names: Vec<String>,
    /// Lines before the header that are none.
    pub(crate) skipped: usize,
}

/// Reads up to the end of the header. Programs write titles, comments and `sep=;` before it.
///
/// # Errors
/// [`ReadError`] when the file is empty, lacks a column that `options` names, or has none for time or place.
pub(crate) fn read_header<R: BufRead>(lines: &mut CsvLines<R>, options: &ReadOptions) -> Result<CsvHeader, ReadError> {
    let mut given = options.delimiter;
    let mut refusal = None;
    let mut skipped = 0;
    while let Some(line) = lines.next()? {
        let Some(text) = &line.text else { return Err(ReadError::file(line.number, SplitError::TooLong.to_string())) };
        if let Some(delimiter) = said_delimiter(text) {
            given = given.or(Some(delimiter));
            continue;
        }
        let delimiter = given.unwrap_or_else(|| likeliest_delimiter(text));
        if options.columns.is_numbered() {
            let columns =
                Columns::of_numbers(&options.columns).map_err(|reason| ReadError::file(line.number, reason))?;
            check(&columns, &[], &options.columns).map_err(|reason| ReadError::file(line.number, reason))?;
            lines.put_back(vec![line]);
            return Ok(CsvHeader { delimiter, columns, names: Vec::new(), skipped });
        }
        match header_of(&line, text, delimiter, options) {
            Ok((columns, names)) => return Ok(CsvHeader { delimiter, columns, names, skipped }),
            Err(error) if skipped >= MAX_PREAMBLE_LINES => return Err(refusal.unwrap_or(error)),
            Err(error) => refusal = refusal.or(Some(error)),
        }
        skipped += 1;
    }
    Err(refusal.unwrap_or_else(|| ReadError::file(1, "the file is empty")))
}

fn header_of(
    line: &CsvLine,
    text: &str,
    delimiter: u8,
    options: &ReadOptions,
) -> Result<(Columns, Vec<String>), ReadError> {
    let mut record = Record::new(delimiter);
    record.split(text).map_err(|error| ReadError::file(line.number, error.to_string()))?;
    let names: Vec<String> = record.texts().map(|name| name.trim_matches('#').trim().to_owned()).collect();
    let shown: Vec<&str> = names.iter().map(String::as_str).collect();
    let columns = Columns::of_header(&shown, &options.columns)
        .and_then(|columns| check(&columns, &shown, &options.columns).map(|()| columns));
    columns.map(|columns| (columns, names)).map_err(|reason| ReadError::file(line.number, reason))
}

fn check(columns: &Columns, names: &[&str], map: &ColumnMap) -> Result<(), String> {
    let guessed = map.get(Field::Latitude).is_none();
    if let Some(name) = names.iter().find(|name| guessed && holds_minutes(name)) {
        return Err(format!("the column {name:?} holds minutes of degrees, which are not read apart from the degrees"));
    }
    let Some(field) = columns.missing() else { return Ok(()) };
    let name = field.name();
    let has = if names.is_empty() { String::new() } else { format!("; the file has {}", names.join(", ")) };
    Err(format!(
        "no column for {name} was found: name it with --columns, as in {name}=column, or {name}=#1 in a file without a header{has}"
    ))
}

/// `lat_min`: beside it the column of latitudes holds whole degrees alone.
fn holds_minutes(name: &str) -> bool {
    let key = key(name);
    let angle = ["minutes", "mins", "min"].iter().find_map(|minutes| key.strip_suffix(minutes));
    angle.is_some_and(|angle| matches!(angle, "lat" | "latitude" | "lon" | "lng" | "long" | "longitude"))
}

/// The line `sep=;`, by which spreadsheets say the separator.
fn said_delimiter(line: &str) -> Option<u8> {
    let line = line.trim_matches('"');
    let start = line.get(..4).filter(|start| start.eq_ignore_ascii_case("sep="))?;
    match &line.as_bytes()[start.len()..] {
        [delimiter] if !delimiter.is_ascii_alphanumeric() => Some(*delimiter),
        [] => Some(b','),
        _ => None,
    }
}

fn likeliest_delimiter(header: &str) -> u8 {
    let count = |delimiter: u8| {
        let mut quoted = false;
        header
            .bytes()
            .filter(|&byte| {
                quoted ^= byte == b'"';
                byte == delimiter && !quoted
            })
            .count()
    };
    // Of equals the last one wins, so that a file with one column is comma-separated.
    [b'|', b'\t', b';', b','].into_iter().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b',')
}

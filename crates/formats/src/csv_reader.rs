//! Reads CSV. Columns are found by a given mapping, or by their usual names.

use crate::columns::{Cell, Columns};
use crate::csv_header::read_header;
use crate::csv_lines::{CsvLine, CsvLines};
use crate::csv_record::{Record, SplitError};
use crate::field::Field;
use crate::limits::{MAX_LINE_BYTES, MAX_QUOTED_LINES};
use crate::reader::Rows;
use crate::row_values::RowValues;
use crate::{Format, ReadError, ReadOptions, TrackPoint, Understanding};
use std::borrow::Cow;
use std::io::BufRead;

/// Points of a CSV file. A quoted field may hold separators, quotes and line breaks. A quote that is never closed spoils its
/// line only, not the rest of the file.
pub(crate) struct CsvReader<R> {
    lines: CsvLines<R>,
    delimiter: u8,
    columns: Columns,
    /// Empty for a file without a header.
    names: Vec<String>,
    skipped: usize,
    values: RowValues,
    record: Record,
    /// How many columns the last row had.
    width: usize,
    ended: bool,
}

impl<R: BufRead> CsvReader<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`ReadError`] when the header can't be used.
    pub(crate) fn new(input: R, options: &ReadOptions) -> Result<Self, ReadError> {
        let mut lines = CsvLines::new(input, options.encoding);
        let header = read_header(&mut lines, options)?;
        Ok(Self {
            lines,
            delimiter: header.delimiter,
            columns: header.columns,
            names: header.names,
            skipped: header.skipped,
            // Where commas separate, `1,234` in quotes may as well be a thousand.
            values: RowValues::new(options, header.delimiter != b','),
            record: Record::new(header.delimiter),
            width: 0,
            ended: false,
        })
    }

    /// Splits the next row that holds anything, and gives its first line; `None` at the end.
    fn split_row(&mut self) -> Option<Result<CsvLine, ReadError>> {
        loop {
            let line = match self.lines.next() {
                Ok(line) => line?,
                Err(error) => return Some(Err(error)),
            };
            let refuse = |error: &SplitError| ReadError::row(line.number, error.to_string());
            let Some(text) = &line.text else { return Some(Err(refuse(&SplitError::TooLong))) };
            match self.record.split(text) {
                // Spreadsheets write empty rows as separators alone.
                Ok(()) if self.record.texts().all(str::is_empty) => {}
                Ok(()) => return Some(Ok(line)),
                Err(SplitError::OpenQuote) => {
                    return Some(match self.split_quoted_lines(text) {
                        Ok(true) => Ok(line),
                        Ok(false) if line.open_ended => Err(ReadError::rest(line.number, CUT_OFF)),
                        Ok(false) => Err(refuse(&SplitError::OpenQuote)),
                        Err(error) => Err(error),
                    });
                }
                Err(error) => return Some(Err(refuse(&error))),
            }
        }
    }

    /// Splits a row whose quoted text goes on over the next lines. False, with those lines put back, if no row with as
    /// many columns as the header comes of it.
    fn split_quoted_lines(&mut self, first: &str) -> Result<bool, ReadError> {
        let mut joined = first.to_owned();
        let mut taken = Vec::new();
        while taken.len() < MAX_QUOTED_LINES {
            let Some(line) = self.lines.next_line()? else { break };
            let text = line.text.clone();
            taken.push(line);
            let Some(text) = text.filter(|text| joined.len() + text.len() < MAX_LINE_BYTES) else { break };
            joined.push('\n');
            joined.push_str(&text);
            if self.record.split(&joined).is_ok() && self.record.columns() == self.names.len() {
                return Ok(true);
            }
        }
        self.lines.put_back(taken);
        Ok(false)
    }

    fn read_row(&mut self, line: &CsvLine) -> Result<TrackPoint, ReadError> {
        let columns = self.record.columns();
        if line.open_ended && columns < self.width {
            return Err(ReadError::rest(line.number, CUT_OFF));
        }
        // A decimal comma in a file that commas separate, for one, moves all columns behind it.
        let header = self.names.len();
        if header > 0 && (header..columns).any(|index| self.record.column(index).is_some()) {
            return Err(ReadError::row(
                line.number,
                format!("the line has {columns} columns, but its header has {header}"),
            ));
        }
        if self.width == 0 {
            self.find_hemispheres();
        }
        self.width = columns;
        let (record, columns) = (&self.record, &self.columns);
        self.values.read(line.number, None, |field| {
            let text = match (record.column(columns.index(field)?), field) {
                // A place whose hemisphere is not said is not known, if the file has a column for it.
                (None, Field::NorthSouth | Field::EastWest) => "",
                (text, _) => text?,
            };
            Some(Cell { text: Cow::Borrowed(text), qualifier: columns.qualifier(field) })
        })
    }

    /// Columns of the letters N or S and E or W behind latitude and longitude decide the signs, whatever their names.
    fn find_hemispheres(&mut self) {
        let letter_behind = |field: Field, letters: [&str; 2]| {
            let index = self.columns.index(field)? + 1;
            let cell = self.record.column(index)?;
            letters.iter().any(|letter| cell.eq_ignore_ascii_case(letter)).then_some(index)
        };
        let found = (letter_behind(Field::Latitude, ["N", "S"]), letter_behind(Field::Longitude, ["E", "W"]));
        let unknown = self.columns.index(Field::NorthSouth).is_none() && self.columns.index(Field::EastWest).is_none();
        if let (Some(north_south), Some(east_west)) = found
            && unknown
        {
            self.columns.set(Field::NorthSouth, north_south);
            self.columns.set(Field::EastWest, east_west);
        }
    }
}

const CUT_OFF: &str = "the file ends in the middle of a line: it was cut off";

impl<R: BufRead> Iterator for CsvReader<R> {
    type Item = Result<TrackPoint, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = self.split_row().map(|split| split.and_then(|line| self.read_row(&line)));
        self.ended = match &row {
            Some(Err(error)) => error.ends_reading(),
            Some(Ok(_)) => false,
            None => true,
        };
        row
    }
}

impl<R: BufRead + Send> Rows for CsvReader<R> {
    fn understanding(&self) -> Understanding {
        let mut understanding = Understanding::new(Format::Csv, self.lines.encoding());
        understanding.delimiter = Some(char::from(self.delimiter));
        understanding.add_columns(&self.columns, &self.names);
        if self.skipped > 0 {
            understanding.notes.push(format!("{} lines before the header are no part of the table.", self.skipped));
        }
        self.values.notes(&mut understanding.notes);
        understanding
    }
}

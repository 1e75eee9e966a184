//! Splits one line of a CSV file into its columns.

use crate::limits::{MAX_COLUMNS, MAX_LINE_BYTES};
use csv_core::ReadRecordResult;

/// One line's columns. Its buffers have the size of the longest line and are used again for each line.
pub(crate) struct Record {
    parser: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    columns: usize,
}

/// Why a line can't be split.
pub(crate) enum SplitError {
    /// A quote is open at its end.
    OpenQuote,
    TooLong,
    TooManyColumns,
}

impl Record {
    pub(crate) fn new(delimiter: u8) -> Self {
        Self {
            parser: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            text: vec![0; MAX_LINE_BYTES + 1],
            ends: vec![0; MAX_COLUMNS],
            columns: 0,
        }
    }

    pub(crate) fn split(&mut self, line: &str) -> Result<(), SplitError> {
        self.columns = 0;
        self.parser.reset();
        let (result, _, written, columns) = self.parser.read_record(line.as_bytes(), &mut self.text, &mut self.ends);
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
            ReadRecordResult::OutputFull => return Err(SplitError::TooLong),
            ReadRecordResult::OutputEndsFull => return Err(SplitError::TooManyColumns),
        };
        if open {
            self.columns = 0;
            return Err(SplitError::OpenQuote);
        }
        Ok(())
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// `None` if the line has no such column or nothing in it.
    pub(crate) fn column(&self, index: usize) -> Option<&str> {
        if index >= self.columns {
            return None;
        }
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        let text = std::str::from_utf8(&self.text[start..self.ends[index]]).ok()?.trim();
        if text.is_empty() { None } else { Some(text) }
    }

    /// The columns' texts, empty ones too.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        (0..self.columns).map(|index| self.column(index).unwrap_or(""))
    }
}

impl std::fmt::Display for SplitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OpenQuote => f.write_str("a quote is not closed on its line"),
            Self::TooLong => write!(f, "the line is longer than {MAX_LINE_BYTES} bytes"),
            Self::TooManyColumns => write!(f, "the line has more than {MAX_COLUMNS} columns"),
        }
    }
}

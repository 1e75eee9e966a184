//! The lines of a CSV file, some of which are read ahead.

use crate::lines::{Line, Lines};
use crate::{ReadError, TextEncoding};
use std::collections::VecDeque;
use std::io::BufRead;

/// Hands out lines that hold anything.
pub(crate) struct CsvLines<R> {
    lines: Lines<R>,
    ahead: VecDeque<CsvLine>,
}

/// One line, as it stands in the file.
#[derive(Debug, Clone)]
pub(crate) struct CsvLine {
    pub(crate) number: u64,
    /// `None` for a line over the limit.
    pub(crate) text: Option<String>,
    /// The file ends with it, and it has no line end.
    pub(crate) open_ended: bool,
}

impl<R: BufRead> CsvLines<R> {
    pub(crate) fn new(input: R, encoding: Option<TextEncoding>) -> Self {
        Self { lines: Lines::new(input, encoding), ahead: VecDeque::new() }
    }

    pub(crate) fn encoding(&self) -> &'static str {
        self.lines.encoding()
    }

    /// The next line that is not blank; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<CsvLine>, ReadError> {
        loop {
            let Some(line) = self.next_line()? else { return Ok(None) };
            if line.text.as_ref().is_none_or(|text| !text.trim().is_empty()) {
                return Ok(Some(line));
            }
        }
    }

    /// The next line, blank or not.
    pub(crate) fn next_line(&mut self) -> Result<Option<CsvLine>, ReadError> {
        if let Some(line) = self.ahead.pop_front() {
            return Ok(Some(line));
        }
        let text = match self.lines.next() {
            Ok(Line::Whole(line)) => Some(line.to_owned()),
            Ok(Line::TooLong) => None,
            Ok(Line::End) => return Ok(None),
            Err(error) => return Err(ReadError::of_input(self.lines.number() + 1, &error)),
        };
        Ok(Some(CsvLine { number: self.lines.number(), text, open_ended: self.lines.is_open_ended() }))
    }

    /// Puts lines back that were read, the first of them first.
    pub(crate) fn put_back(&mut self, lines: Vec<CsvLine>) {
        for line in lines.into_iter().rev() {
            self.ahead.push_front(line);
        }
    }
}

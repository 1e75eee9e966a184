//! Lines of a file, one at a time and never more than [`MAX_LINE_BYTES`] of one.

use crate::TextEncoding;
use crate::encoding::Utf8Input;
use crate::limits::MAX_LINE_BYTES;
use std::io::{self, BufRead};

/// Reads lines without their ends (LF, CR LF or CR), counting from 1.
pub(crate) struct Lines<R> {
    input: Utf8Input<R>,
    line: Vec<u8>,
    number: u64,
    /// The last line ended with CR: an LF that follows belongs to it.
    after_cr: bool,
    open_ended: bool,
}

/// The result of reading a line.
pub(crate) enum Line<'a> {
    /// A line, perhaps empty.
    Whole(&'a str),
    /// Longer than the limit. The whole line was skipped.
    TooLong,
    /// The end of the file.
    End,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(input: R, encoding: Option<TextEncoding>) -> Self {
        let input = Utf8Input::new(input, encoding);
        Self { input, line: Vec::new(), number: 0, after_cr: false, open_ended: false }
    }

    /// The number of the line that [`Self::next`] returned last.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Whether the last line has no line end, so that a part of it may be missing.
    pub(crate) fn is_open_ended(&self) -> bool {
        self.open_ended
    }

    /// The encoding as far as it is known.
    pub(crate) fn encoding(&self) -> &'static str {
        self.input.encoding()
    }

    pub(crate) fn next(&mut self) -> io::Result<Line<'_>> {
        self.line.clear();
        let mut too_long = false;
        let mut any = false;
        self.open_ended = true;
        loop {
            let chunk = self.input.fill_buf()?;
            let Some(&first) = chunk.first() else { break };
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                self.input.consume(1);
                continue;
            }
            any = true;
            let end = chunk.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let part = &chunk[..end.unwrap_or(chunk.len())];
            if self.line.len() + part.len() > MAX_LINE_BYTES {
                too_long = true;
                self.line.clear();
            } else if !too_long {
                self.line.extend_from_slice(part);
            }
            self.after_cr = end.is_some_and(|at| chunk[at] == b'\r');
            let used = end.map_or(chunk.len(), |at| at + 1);
            self.input.consume(used);
            if end.is_some() {
                self.open_ended = false;
                break;
            }
        }
        if !any {
            return Ok(Line::End);
        }
        self.number += 1;
        if too_long {
            return Ok(Line::TooLong);
        }
        Ok(Line::Whole(std::str::from_utf8(&self.line).expect("the input is UTF-8, and lines end at ASCII bytes")))
    }
}

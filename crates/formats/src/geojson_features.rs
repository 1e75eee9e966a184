//! Splits a GeoJSON file into its features without holding the whole file.

use crate::ReadError;
use crate::limits::MAX_FEATURE_BYTES;
use std::io::{BufRead, ErrorKind};

/// How much is scanned between two reads.
const PIECE_BYTES: usize = 4 * 1024;

/// Gives the text of each element of the top-level `features` array, or of each whole top-level object that has no
/// such array: a lone feature or geometry, or one feature a line (GeoJSON text sequences).
pub(crate) struct Features<R> {
    input: R,
    line: u64,
    /// Open brackets and braces.
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// The newest string at the top level, to see that an array is the `features`.
    key: Vec<u8>,
    in_key: bool,
    /// Inside the top-level `features` array.
    in_features: bool,
    /// This top-level object has such an array, so it is not a feature itself.
    had_features: bool,
    /// The text of the current feature so far, and the line on which it began.
    text: Vec<u8>,
    began: u64,
}

impl<R: BufRead> Features<R> {
    pub(crate) fn new(input: R) -> Self {
        Self {
            input,
            line: 1,
            depth: 0,
            in_string: false,
            escaped: false,
            key: Vec::new(),
            in_key: false,
            in_features: false,
            had_features: false,
            text: Vec::new(),
            began: 1,
        }
    }

    pub(crate) fn input(&self) -> &R {
        &self.input
    }

    /// The next feature and the line on which it begins; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Result<(u64, Vec<u8>), ReadError>> {
        loop {
            let chunk = match self.input.fill_buf() {
                // Copied, because scanning a byte borrows all of `self`. Bounded, because an in-memory input returns its
                // whole content at once.
                Ok(chunk) => chunk[..chunk.len().min(PIECE_BYTES)].to_vec(),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Some(Err(ReadError::of_input(self.line, &error))),
            };
            if chunk.is_empty() {
                let cut = self.depth > 0;
                return cut.then(|| Err(self.fatal("the file ends in the middle: it was cut off")));
            }
            for (index, &byte) in chunk.iter().enumerate() {
                let complete = match self.take(byte) {
                    Ok(complete) => complete,
                    Err(reason) => return Some(Err(self.fatal(reason))),
                };
                if complete {
                    self.input.consume(index + 1);
                    return Some(Ok((self.began, std::mem::take(&mut self.text))));
                }
            }
            self.input.consume(chunk.len());
        }
    }

    fn fatal(&self, reason: impl Into<String>) -> ReadError {
        ReadError::rest(self.line, reason)
    }

    /// Scans one byte. True when it completes a feature.
    fn take(&mut self, byte: u8) -> Result<bool, String> {
        self.line += u64::from(byte == b'\n');
        // Between the features of the array there are only separators.
        let keep = self.depth > 0 && !(self.in_features && self.depth == 2);
        if self.in_string {
            self.take_in_string(byte);
            self.keep(byte, keep)?;
            return Ok(false);
        }
        match byte {
            b'{' | b'[' => {
                if self.depth == 0 && byte == b'[' {
                    return Err("the file is no GeoJSON: it must begin with an object".to_owned());
                }
                let begins = self.depth == 0 || (self.in_features && self.depth == 2);
                if begins {
                    self.began = self.line;
                    self.text.clear();
                }
                if self.depth == 1 && byte == b'[' && self.key == b"features" {
                    // Members before this array belong to the collection and are not needed.
                    self.in_features = true;
                    self.had_features = true;
                    self.text.clear();
                }
                self.depth += 1;
                self.keep(byte, keep || begins)?;
                Ok(false)
            }
            b'}' | b']' => {
                if self.depth == 0 {
                    return Err("the file is no JSON: a bracket is closed that was not opened".to_owned());
                }
                self.keep(byte, keep)?;
                self.depth -= 1;
                Ok(self.close())
            }
            b'"' => {
                self.in_string = true;
                self.in_key = self.depth == 1;
                if self.in_key {
                    self.key.clear();
                }
                self.keep(byte, keep)?;
                Ok(false)
            }
            // White space or the record separator of text sequences, between top-level objects.
            b' ' | b'\t' | b'\r' | b'\n' | 0x1e => self.keep(byte, keep).map(|()| false),
            _ if self.depth == 0 => Err("the file is no GeoJSON: it must begin with an object".to_owned()),
            _ => self.keep(byte, keep).map(|()| false),
        }
    }

    fn take_in_string(&mut self, byte: u8) {
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.in_string = false;
            self.in_key = false;
            return;
        }
        // A key longer than any that matters is cut: it then equals none of them.
        if self.in_key && self.key.len() < 16 {
            self.key.push(byte);
        }
    }

    /// A bracket was closed. True if that completes a feature.
    fn close(&mut self) -> bool {
        if self.in_features && self.depth == 2 {
            return true;
        }
        if self.in_features && self.depth == 1 {
            self.in_features = false;
            self.key.clear();
            self.text.clear();
        }
        if self.depth == 0 {
            let whole = !self.had_features;
            self.had_features = false;
            self.key.clear();
            return whole;
        }
        false
    }

    fn keep(&mut self, byte: u8, keep: bool) -> Result<(), String> {
        if !keep {
            return Ok(());
        }
        if self.text.len() >= MAX_FEATURE_BYTES {
            return Err(format!("a feature is larger than {MAX_FEATURE_BYTES} bytes"));
        }
        self.text.push(byte);
        Ok(())
    }
}

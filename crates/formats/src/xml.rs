//! XML for GPX and KML: escaped text for writers, a bounded input for readers.

use crate::limits::{MAX_XML_TEXT_BYTES, MAX_XML_TOKEN_BYTES};
use quick_xml::events::BytesRef;
use std::io::{self, BufRead, Read};

/// Appends `text` escaped for an element or a quoted attribute. Characters that XML 1.0 does not allow are left out.
pub(crate) fn push_escaped(out: &mut Vec<u8>, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.extend_from_slice(b"&amp;"),
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            '"' => out.extend_from_slice(b"&quot;"),
            '\'' => out.extend_from_slice(b"&apos;"),
            // Readers would turn these into blanks or drop them.
            '\t' | '\n' | '\r' => out.extend_from_slice(format!("&#{};", u32::from(c)).as_bytes()),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {}
            _ => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// Counts lines, and fails once more than [`MAX_XML_TOKEN_BYTES`] were taken since [`Self::start_token`]: the XML
/// parser collects a whole tag or text before it returns it, so the bound must lie below the parser.
pub(crate) struct TokenBound<R> {
    input: R,
    taken_bytes: usize,
    line: u64,
}

impl<R: BufRead> TokenBound<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, taken_bytes: 0, line: 1 }
    }

    pub(crate) fn start_token(&mut self) {
        self.taken_bytes = 0;
    }

    pub(crate) fn input(&self) -> &R {
        &self.input
    }

    /// The line that is being read, from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }
}

impl<R: BufRead> Read for TokenBound<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let chunk = self.fill_buf()?;
        let count = chunk.len().min(into.len());
        into[..count].copy_from_slice(&chunk[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for TokenBound<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken_bytes > MAX_XML_TOKEN_BYTES {
            return Err(io::Error::other(format!("a tag or text is larger than {MAX_XML_TOKEN_BYTES} bytes")));
        }
        self.input.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        // Only now is it known how many bytes were taken, so they are looked up again. They are in the buffer: this reads
        // nothing.
        if let Ok(chunk) = self.input.fill_buf() {
            let taken = &chunk[..count.min(chunk.len())];
            self.line += taken.iter().filter(|&&byte| byte == b'\n').count() as u64;
        }
        self.taken_bytes += count;
        self.input.consume(count);
    }
}

/// The character that an entity stands for, if XML itself defines it.
pub(crate) fn resolve(reference: &BytesRef<'_>) -> Option<char> {
    match &*reference.xml10_content() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => reference.resolve_char_ref().ok().flatten(),
    }
}

/// Appends text up to the limit: nothing longer is a number, a time or a name.
pub(crate) fn push_bounded(text: &mut String, more: &str) {
    let room = MAX_XML_TEXT_BYTES.saturating_sub(text.len());
    let mut end = more.len().min(room);
    while !more.is_char_boundary(end) {
        end -= 1;
    }
    text.push_str(&more[..end]);
}

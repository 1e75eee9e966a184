//! The text form of PostgreSQL's `COPY`, which `pg_dump` writes too: a row a line, tabs between values, `\N` for null.

use crate::position_row::Cell;
use std::borrow::Cow;

/// The values of one line, which has no line end. Bytes that are no UTF-8 are replaced.
pub(crate) fn split<'a>(line: &'a [u8], cells: &mut Vec<Cell<'a>>) {
    cells.clear();
    for field in line.split(|byte| *byte == b'\t') {
        cells.push(if field == b"\\N" { None } else { Some(unescaped(field)) });
    }
}

fn unescaped(field: &[u8]) -> Cow<'_, str> {
    if !field.contains(&b'\\') {
        return String::from_utf8_lossy(field);
    }
    let mut plain = Vec::with_capacity(field.len());
    let mut bytes = field.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            plain.push(byte);
            continue;
        }
        plain.push(match bytes.next() {
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'v') => 11,
            Some(b'x') => digits(&mut bytes, 16, 2),
            Some(first @ b'0'..=b'7') => {
                let rest = digits_from(first - b'0', &mut bytes, 8, 2);
                u8::try_from(rest & 0xff).unwrap_or_default()
            }
            Some(other) => other,
            None => b'\\',
        });
    }
    match String::from_utf8(plain) {
        Ok(text) => Cow::Owned(text),
        Err(error) => Cow::Owned(String::from_utf8_lossy(error.as_bytes()).into_owned()),
    }
}

type Bytes<'a> = std::iter::Peekable<std::iter::Copied<std::slice::Iter<'a, u8>>>;

fn digits(bytes: &mut Bytes<'_>, base: u32, most: usize) -> u8 {
    u8::try_from(digits_from(0, bytes, base, most) & 0xff).unwrap_or_default()
}

fn digits_from(first: u8, bytes: &mut Bytes<'_>, base: u32, most: usize) -> u32 {
    let mut sum = u32::from(first);
    for _ in 0..most {
        let Some(digit) = bytes.peek().and_then(|byte| char::from(*byte).to_digit(base)) else { break };
        sum = sum * base + digit;
        bytes.next();
    }
    sum
}

/// Cuts lines off what comes in pieces.
#[derive(Default)]
pub(crate) struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// Calls `each` with every line that has come whole.
    pub(crate) fn feed<E>(&mut self, piece: &[u8], mut each: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let mut piece = piece;
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            if self.rest.is_empty() {
                each(&piece[..end])?;
            } else {
                self.rest.extend_from_slice(&piece[..end]);
                each(&self.rest)?;
                self.rest.clear();
            }
            piece = &piece[end + 1..];
        }
        self.rest.extend_from_slice(piece);
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone() {
        let mut cells = Vec::new();
        split(b"1\t\\N\t\ttab\\tline\\nback\\\\slash\\x41\\101\\q\t{\"a\":\"\\\\\"\"}", &mut cells);
        let cells: Vec<Option<&str>> = cells.iter().map(|cell| cell.as_deref()).collect();
        assert_eq!(cells, [Some("1"), None, Some(""), Some("tab\tline\nback\\slashAAq"), Some("{\"a\":\"\\\"\"}")]);
    }

    #[test]
    fn lines_are_cut_wherever_the_pieces_end() {
        let text = b"one\ntwo\n\nthree\n";
        for cut in 0..text.len() {
            let (mut lines, mut read) = (Lines::default(), Vec::new());
            for piece in [&text[..cut], &text[cut..]] {
                let each = |line: &[u8]| {
                    read.push(line.to_vec());
                    Ok::<_, ()>(())
                };
                lines.feed(piece, each).unwrap();
            }
            assert_eq!(read, [&b"one"[..], b"two", b"", b"three"], "{cut}");
        }
    }
}

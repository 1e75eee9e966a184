//! Reads a dump byte by byte: names, texts and values as MySQL, MariaDB, H2 and PostgreSQL write them.

use crate::SourceError;
use std::io::Read;

/// The longest text or name; a dump with a longer one is refused.
const MAX_TEXT_BYTES: usize = 64 * 1024 * 1024;
/// What is read from the file at a time.
const PIECE_BYTES: usize = 256 * 1024;

pub(crate) struct Scanner<R> {
    input: R,
    buffer: Vec<u8>,
    from: usize,
    to: usize,
    at: u64,
    /// A backslash in a text has a meaning, as in MySQL.
    pub(crate) has_escapes: bool,
}

impl<R: Read> Scanner<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input, buffer: vec![0; PIECE_BYTES], from: 0, to: 0, at: 0, has_escapes: false }
    }

    pub(crate) const fn wrong(&self, why: &'static str) -> SourceError {
        SourceError::Dump { at: self.at, why }
    }

    /// What comes next, `count` bytes at least unless the file ends before.
    pub(crate) fn ahead(&mut self, count: usize) -> Result<&[u8], SourceError> {
        if self.to - self.from < count {
            self.buffer.copy_within(self.from..self.to, 0);
            (self.from, self.to) = (0, self.to - self.from);
            while self.to < count {
                match self.input.read(&mut self.buffer[self.to..])? {
                    0 => break,
                    read => self.to += read,
                }
            }
        }
        Ok(&self.buffer[self.from..self.to])
    }

    pub(crate) fn peek(&mut self) -> Result<Option<u8>, SourceError> {
        if self.from < self.to {
            return Ok(Some(self.buffer[self.from]));
        }
        Ok(self.ahead(1)?.first().copied())
    }

    fn skip(&mut self, count: usize) {
        self.from += count;
        self.at += count as u64;
    }

    pub(crate) fn take(&mut self) -> Result<Option<u8>, SourceError> {
        let byte = self.peek()?;
        if byte.is_some() {
            self.skip(1);
        }
        Ok(byte)
    }

    fn take_some(&mut self) -> Result<u8, SourceError> {
        self.take()?.ok_or_else(|| self.wrong("it ends in the middle"))
    }

    /// Takes this byte, if it is next behind blanks.
    pub(crate) fn take_if(&mut self, wanted: u8) -> Result<bool, SourceError> {
        self.skip_blanks()?;
        let is_next = self.peek()? == Some(wanted);
        if is_next {
            self.skip(1);
        }
        Ok(is_next)
    }

    pub(crate) fn expect(&mut self, wanted: u8, why: &'static str) -> Result<(), SourceError> {
        if self.take_if(wanted)? { Ok(()) } else { Err(self.wrong(why)) }
    }

    /// Skips blanks and comments.
    pub(crate) fn skip_blanks(&mut self) -> Result<(), SourceError> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.skip(1),
                Some(b'#') => self.skip_line()?,
                Some(b'-') if self.ahead(2)?.starts_with(b"--") => self.skip_line()?,
                Some(b'/') if self.ahead(2)?.starts_with(b"/*") => {
                    self.skip(2);
                    while !self.ahead(2)?.starts_with(b"*/") {
                        self.take_some()?;
                    }
                    self.skip(2);
                }
                _ => return Ok(()),
            }
        }
    }

    fn skip_line(&mut self) -> Result<(), SourceError> {
        while !matches!(self.take()?, None | Some(b'\n')) {}
        Ok(())
    }

    /// The next line without its end; `None` at the end of the file.
    pub(crate) fn line(&mut self) -> Result<Option<Vec<u8>>, SourceError> {
        if self.peek()?.is_none() {
            return Ok(None);
        }
        let mut line = Vec::new();
        while let Some(byte) = self.take()? {
            if byte == b'\n' {
                break;
            }
            self.push(&mut line, byte)?;
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(line))
    }

    fn push(&self, text: &mut Vec<u8>, byte: u8) -> Result<(), SourceError> {
        if text.len() == MAX_TEXT_BYTES {
            return Err(self.wrong("a text is longer than 64 MiB"));
        }
        text.push(byte);
        Ok(())
    }

    /// A word of letters, digits and underscores; empty if something else is next.
    pub(crate) fn word(&mut self) -> Result<String, SourceError> {
        self.skip_blanks()?;
        let mut word = Vec::new();
        while let Some(byte) = self.peek()?
            && (byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80)
        {
            self.skip(1);
            self.push(&mut word, byte)?;
        }
        Ok(String::from_utf8_lossy(&word).into_owned())
    }

    /// A name, in quotes or not; empty if none is next.
    pub(crate) fn name(&mut self) -> Result<String, SourceError> {
        self.skip_blanks()?;
        match self.peek()? {
            Some(quote @ (b'`' | b'"')) => {
                self.has_escapes |= quote == b'`';
                self.skip(1);
                let name = self.quoted(quote, false)?;
                Ok(String::from_utf8_lossy(&name).into_owned())
            }
            _ => self.word(),
        }
    }

    /// A name behind those of its schema and catalogue, in lower case.
    pub(crate) fn last_name(&mut self) -> Result<String, SourceError> {
        let mut name = self.name()?;
        while self.peek()? == Some(b'.') {
            self.skip(1);
            name = self.name()?;
        }
        Ok(name.to_lowercase())
    }

    /// What is between quotes, the first of which was taken.
    fn quoted(&mut self, quote: u8, has_escapes: bool) -> Result<Vec<u8>, SourceError> {
        let mut text = Vec::new();
        loop {
            // What is plain is taken in one piece.
            let (from, to) = (self.from, self.to);
            let plain = self.buffer[from..to].iter().position(|byte| *byte == quote || has_escapes && *byte == b'\\');
            let plain = plain.unwrap_or(to - from);
            if text.len() + plain > MAX_TEXT_BYTES {
                return Err(self.wrong("a text is longer than 64 MiB"));
            }
            text.extend_from_slice(&self.buffer[from..from + plain]);
            self.skip(plain);
            if self.peek()?.is_some_and(|byte| byte != quote && !(has_escapes && byte == b'\\')) {
                continue;
            }
            let byte = self.take_some()?;
            if byte == quote {
                if self.peek()? != Some(quote) {
                    return Ok(text);
                }
                self.skip(1);
                text.push(quote);
            } else {
                text.push(match self.take_some()? {
                    b'0' => 0,
                    b'b' => 8,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'Z' => 26,
                    other => other,
                });
            }
        }
    }

    /// A value of a row; `None` for null.
    pub(crate) fn value(&mut self) -> Result<Option<String>, SourceError> {
        self.skip_blanks()?;
        match self.peek()? {
            Some(b'\'') => {
                self.skip(1);
                let text = self.quoted(b'\'', self.has_escapes)?;
                Ok(Some(text_of(text)))
            }
            Some(b'+' | b'-' | b'.' | b'0'..=b'9') => {
                let mut number = Vec::new();
                while let Some(byte) = self.peek()?
                    && (byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
                {
                    self.skip(1);
                    self.push(&mut number, byte)?;
                }
                let number = String::from_utf8_lossy(&number).into_owned();
                Ok(Some(match number.strip_prefix("0x") {
                    Some(digits) => format!("\\x{}", digits.to_ascii_lowercase()),
                    None => number,
                }))
            }
            _ => self.marked_value(),
        }
    }

    /// A word, or a text behind one that says what it is.
    fn marked_value(&mut self) -> Result<Option<String>, SourceError> {
        let word = self.word()?.to_ascii_uppercase();
        self.skip_blanks()?;
        match (word.as_str(), self.peek()?) {
            ("", _) => Err(self.wrong("a value is expected")),
            ("U", Some(b'&')) => {
                self.skip(1);
                self.expect(b'\'', "a text is expected")?;
                let text = self.quoted(b'\'', false)?;
                Ok(Some(unicode_of(&text_of(text))))
            }
            ("X", Some(b'\'')) => {
                self.skip(1);
                let digits = text_of(self.quoted(b'\'', false)?);
                let digits: String = digits.chars().filter(char::is_ascii_hexdigit).collect();
                Ok(Some(format!("\\x{}", digits.to_ascii_lowercase())))
            }
            ("E", Some(b'\'')) => {
                self.skip(1);
                Ok(Some(text_of(self.quoted(b'\'', true)?)))
            }
            (_, Some(b'\'')) => self.value(),
            (function, Some(b'(')) => {
                let is_escaped = function == "STRINGDECODE";
                self.skip(1);
                let value = self.value()?;
                self.skip_to_end_of_brackets()?;
                Ok(value.map(|text| if is_escaped { java_of(&text) } else { text }))
            }
            ("NULL", _) => Ok(None),
            _ => Ok(Some(word)),
        }
    }

    /// Skips what stands behind a value until the bracket that was opened before it is closed.
    pub(crate) fn skip_to_end_of_brackets(&mut self) -> Result<(), SourceError> {
        let mut depth = 1_u32;
        loop {
            self.skip_blanks()?;
            match self.take_some()? {
                b'(' => depth += 1,
                b')' if depth == 1 => return Ok(()),
                b')' => depth -= 1,
                quote @ (b'\'' | b'"' | b'`') => drop(self.quoted(quote, quote == b'\'' && self.has_escapes)?),
                _ => {}
            }
        }
    }

    /// Skips to behind the next semicolon that is in no quotes. False at the end of the file.
    pub(crate) fn skip_statement(&mut self) -> Result<bool, SourceError> {
        loop {
            self.skip_blanks()?;
            match self.take()? {
                None => return Ok(false),
                Some(b';') => return Ok(true),
                Some(quote @ (b'\'' | b'"' | b'`')) => {
                    drop(self.quoted(quote, quote == b'\'' && self.has_escapes)?);
                }
                Some(b'$') if self.peek()? == Some(b'$') => {
                    self.skip(1);
                    while !self.ahead(2)?.starts_with(b"$$") {
                        self.take_some()?;
                    }
                    self.skip(2);
                }
                Some(_) => {}
            }
        }
    }
}

/// A text; bytes that are none are written as `\x0a1b`.
fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let digits: String = error.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("\\x{digits}")
    })
}

/// `\00e4` and `\+01f600` stand for characters.
fn unicode_of(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        plain.push_str(before);
        if let Some(behind) = behind.strip_prefix('\\') {
            plain.push('\\');
            rest = behind;
            continue;
        }
        let (digits, from) = if behind.starts_with('+') { (6, 1) } else { (4, 0) };
        let found = behind.get(from..from + digits).and_then(|code| u32::from_str_radix(code, 16).ok());
        let Some(code) = found else {
            plain.push('\\');
            rest = behind;
            continue;
        };
        rest = &behind[from + digits..];
        // Two halves of a character beyond the first plane.
        let low = || rest.strip_prefix('\\').and_then(|low| u32::from_str_radix(low.get(..4)?, 16).ok());
        if (0xd800..0xdc00).contains(&code)
            && let Some(low) = low().filter(|low| (0xdc00..0xe000).contains(low))
        {
            plain.extend(char::from_u32(0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)));
            rest = &rest[5..];
        } else {
            plain.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
    }
    plain + rest
}

/// The escapes of Java, which older versions of H2 write.
fn java_of(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    let mut halves: Vec<u16> = Vec::new();
    while let Some(c) = chars.next() {
        let mut unit = None;
        let written = match c {
            '\\' => match chars.next() {
                Some('u') => {
                    let code: String = chars.by_ref().take(4).collect();
                    unit = u16::from_str_radix(&code, 16).ok();
                    None
                }
                Some('n') => Some('\n'),
                Some('r') => Some('\r'),
                Some('t') => Some('\t'),
                Some('b') => Some('\u{8}'),
                Some('f') => Some('\u{c}'),
                other => other,
            },
            other => Some(other),
        };
        if let Some(unit) = unit {
            halves.push(unit);
            continue;
        }
        plain.push_str(&String::from_utf16_lossy(&std::mem::take(&mut halves)));
        plain.extend(written);
    }
    plain + &String::from_utf16_lossy(&halves)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn values(text: &str, has_escapes: bool) -> Vec<Option<String>> {
        let mut scanner = Scanner::new(text.as_bytes());
        scanner.has_escapes = has_escapes;
        let mut read = Vec::new();
        loop {
            read.push(scanner.value().unwrap());
            if !scanner.take_if(b',').unwrap() {
                return read;
            }
        }
    }

    #[test]
    fn values_are_read_as_each_database_writes_them() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            values(r#"1,-2.5e-3,NULL,'it''s','{\"a\":\"b\\n\"}',b'1',_binary 'ok',0x0A1b"#, true),
            [
                text("1"),
                text("-2.5e-3"),
                None,
                text("it's"),
                text("{\"a\":\"b\\n\"}"),
                text("1"),
                text("ok"),
                text("\\x0a1b")
            ]
        );
        assert_eq!(
            values(
                r#"TRUE, CAST(3.0 AS DOUBLE PRECISION), TIMESTAMP '2026-11-29 20:06:23.5', U&'M\00fcller\\ \d83d\de00', X'0a1B', '{"a":"\n"}', STRINGDECODE('\u00fc\n'), -- said
                /* and */ null"#,
                false
            ),
            [
                text("TRUE"),
                text("3.0"),
                text("2026-11-29 20:06:23.5"),
                text("M\u{fc}ller\\ \u{1f600}"),
                text("\\x0a1b"),
                text("{\"a\":\"\\n\"}"),
                text("\u{fc}\n"),
                None
            ]
        );
    }

    #[test]
    fn a_text_that_does_not_end_is_refused() {
        for text in ["'abc", "", "CAST(1", "/* x", "(", "U&1"] {
            let mut scanner = Scanner::new(text.as_bytes());
            assert!(scanner.value().is_err(), "{text}");
        }
    }
}

//! Turns a file's bytes into UTF-8, whatever encoding it has.

use crate::OptionsError;
use encoding_rs::{CoderResult, Decoder, Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::io::{self, BufRead, ErrorKind};
use std::str::FromStr;

/// How much of a file is looked at to find its encoding.
const HEAD_BYTES: usize = 1024;
/// How much is decoded at once. An input in memory returns its whole content at once.
const PIECE_BYTES: usize = 8 * 1024;

/// The encoding of a file, for one that does not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextEncoding(&'static Encoding);

/// A label of the WHATWG's list: `utf-8`, `latin1`, `windows-1251`, `shift_jis`, …
impl FromStr for TextEncoding {
    type Err = OptionsError;

    fn from_str(label: &str) -> Result<Self, OptionsError> {
        Encoding::for_label(label.as_bytes()).map(Self).ok_or_else(|| {
            OptionsError::new(format!(
                "encoding {label:?} is not known: give one such as utf-8, latin1 or windows-1251"
            ))
        })
    }
}

/// The file as UTF-8, without a byte order mark.
///
/// The encoding is the given one, else that of the byte order mark or of the XML declaration. Without any of them the
/// bytes are UTF-8, and each byte that UTF-8 doesn't allow is a character of Windows-1252, which most files mean that
/// are no UTF-8.
pub(crate) struct Utf8Input<R> {
    input: R,
    state: State,
    /// Decoded text, and how much of it was consumed.
    text: Vec<u8>,
    consumed: usize,
    name: &'static str,
}

enum State {
    /// Nothing was read yet.
    Begins(Option<TextEncoding>),
    Decoding(Box<Decoder>),
    /// The bytes are the start of a character whose rest was not read yet.
    Utf8(Vec<u8>),
    Ended,
}

impl<R: BufRead> Utf8Input<R> {
    pub(crate) fn new(input: R, given: Option<TextEncoding>) -> Self {
        Self { input, state: State::Begins(given), text: Vec::new(), consumed: 0, name: "UTF-8" }
    }

    /// The encoding as far as it is known.
    pub(crate) fn encoding(&self) -> &'static str {
        self.name
    }

    fn refill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.consumed = 0;
        let bytes = match &self.state {
            State::Begins(given) => {
                let given = *given;
                let head = self.read_head()?;
                return self.begin(&head, given);
            }
            State::Ended => return Ok(()),
            State::Decoding(_) | State::Utf8(_) => {
                let chunk = fill(&mut self.input)?;
                let piece = chunk[..chunk.len().min(PIECE_BYTES)].to_vec();
                self.input.consume(piece.len());
                piece
            }
        };
        self.decode(&bytes);
        Ok(())
    }

    fn read_head(&mut self) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        while head.len() < HEAD_BYTES {
            let chunk = fill(&mut self.input)?;
            if chunk.is_empty() {
                break;
            }
            let taken = chunk.len().min(PIECE_BYTES);
            head.extend_from_slice(&chunk[..taken]);
            self.input.consume(taken);
        }
        Ok(head)
    }

    fn begin(&mut self, head: &[u8], given: Option<TextEncoding>) -> io::Result<()> {
        let (found, mark_bytes) = encoding_of(head).map_err(io::Error::other)?;
        match given.map(|given| given.0).or(found) {
            Some(encoding) if encoding != encoding_rs::UTF_8 => {
                self.name = encoding.name();
                self.state = State::Decoding(Box::new(encoding.new_decoder_without_bom_handling()));
            }
            _ => self.state = State::Utf8(Vec::new()),
        }
        if head.len() == mark_bytes {
            self.state = State::Ended;
            return Ok(());
        }
        self.decode(&head[mark_bytes..]);
        Ok(())
    }

    /// Decodes the next bytes; none of them means the end.
    fn decode(&mut self, bytes: &[u8]) {
        let last = bytes.is_empty();
        match &mut self.state {
            State::Decoding(decoder) => {
                let mut rest = bytes;
                loop {
                    let before = self.text.len();
                    self.text.resize(before + rest.len() * 3 + 16, 0);
                    let (result, read, written, _) = decoder.decode_to_utf8(rest, &mut self.text[before..], last);
                    self.text.truncate(before + written);
                    rest = &rest[read..];
                    if result == CoderResult::InputEmpty {
                        break;
                    }
                }
            }
            State::Utf8(begun) => {
                begun.extend_from_slice(bytes);
                let whole = std::mem::take(begun);
                let mut rest = &whole[..];
                while let Err(error) = std::str::from_utf8(rest) {
                    let (valid, wrong) = rest.split_at(error.valid_up_to());
                    self.text.extend_from_slice(valid);
                    let wrong_bytes = match error.error_len() {
                        Some(bytes) => bytes,
                        None if last => wrong.len(),
                        None => {
                            *begun = wrong.to_vec();
                            rest = &[];
                            break;
                        }
                    };
                    let (read, _) = WINDOWS_1252.decode_without_bom_handling(&wrong[..wrong_bytes]);
                    self.text.extend_from_slice(read.as_bytes());
                    self.name = "windows-1252";
                    rest = &wrong[wrong_bytes..];
                }
                self.text.extend_from_slice(rest);
            }
            State::Begins(_) | State::Ended => {}
        }
        if last {
            self.state = State::Ended;
        }
    }
}

impl<R: BufRead> io::Read for Utf8Input<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let chunk = self.fill_buf()?;
        let count = chunk.len().min(into.len());
        into[..count].copy_from_slice(&chunk[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Utf8Input<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.consumed == self.text.len() && !matches!(self.state, State::Ended) {
            self.refill()?;
        }
        Ok(&self.text[self.consumed..])
    }

    fn consume(&mut self, bytes: usize) {
        self.consumed += bytes;
    }
}

fn fill(input: &mut impl BufRead) -> io::Result<&[u8]> {
    loop {
        match input.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            // Asked again, because the borrow of the first answer would last over the loop.
            Ok(_) => return input.fill_buf(),
        }
    }
}

/// The encoding that the beginning of a file shows, and the length of its byte order mark. `None` for UTF-8 or none.
fn encoding_of(head: &[u8]) -> Result<(Option<&'static Encoding>, usize), String> {
    if head.starts_with(b"\xff\xfe\0\0") || head.starts_with(b"\0\0\xfe\xff") {
        return Err("it is UTF-32: save it as UTF-8".to_owned());
    }
    if let Some((encoding, mark_bytes)) = Encoding::for_bom(head) {
        return Ok((Some(encoding), mark_bytes));
    }
    // Text in Latin letters has a zero byte in each unit of UTF-16, and none in any other encoding.
    let zeros = |offset: usize| head.iter().skip(offset).step_by(2).filter(|&&byte| byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    if head.len() >= 8 && (even == 0) != (odd == 0) && (even + odd) * 4 > head.len() {
        return Ok((Some(if odd > 0 { UTF_16LE } else { UTF_16BE }), 0));
    }
    let Some(label) = declared_label(head) else { return Ok((None, 0)) };
    match Encoding::for_label(label.as_bytes()) {
        // Its bytes were no UTF-16: the declaration was kept when somebody saved the file in another encoding.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Ok((None, 0)),
        Some(encoding) => Ok((Some(encoding), 0)),
        None => Err(format!("it says that its encoding is {label:?}, which is not known")),
    }
}

/// The encoding in an XML declaration.
fn declared_label(head: &[u8]) -> Option<String> {
    let text: String = head.trim_ascii_start().iter().map(|&byte| char::from(byte)).collect();
    let declaration = text.strip_prefix("<?xml")?.split("?>").next()?;
    let value = declaration.split("encoding").nth(1)?.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next().map(|label| label.trim().to_owned())
}

//! Decodes a client's bytes into messages and control frames, and refuses what the protocol forbids.
//!
//! It does no I/O. Bytes go in as they arrive, in pieces of any size, and the events do not depend on the pieces.

mod message;

use bytes::Bytes;

use crate::close::{code, may_be_received};
use crate::decoder::message::{Message, append_unmasked};
use crate::encoder::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, RSV1, TEXT};

const MAX_HEADER_BYTES: usize = 14;
const MAX_CONTROL_BYTES: u64 = 125;

/// A message or control frame from a client.
#[derive(Debug, PartialEq, Eq)]
pub enum DecodedEvent {
    /// A complete text message.
    Text(String),
    /// A complete binary message.
    Binary(Bytes),
    /// A ping with its payload, to be returned in a pong.
    Ping(Bytes),
    /// A pong.
    Pong,
    /// A close frame with its code, if it had one.
    Close(Option<u16>),
}

/// The reason why a connection must fail: the close code to send, and an explanation for the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The close code.
    pub code: u16,
    /// A few words for the close frame.
    pub reason: &'static str,
}

const fn broken(reason: &'static str) -> Violation {
    Violation { code: code::PROTOCOL, reason }
}

const NOT_UTF8: Violation = Violation { code: code::INVALID_DATA, reason: "text is not utf-8" };

/// Decodes one connection's frames. Holds no buffer between messages.
#[derive(Debug)]
pub struct Decoder {
    max_message_bytes: usize,
    deflate: bool,
    header: [u8; MAX_HEADER_BYTES],
    header_len: u8,
    frame: Option<Frame>,
    message: Option<Box<Message>>,
    control: Vec<u8>,
    frames: u32,
}

#[derive(Debug)]
struct Frame {
    opcode: u8,
    fin: bool,
    mask: [u8; 4],
    remaining: u64,
}

impl Decoder {
    /// A decoder that refuses messages over `max_message_bytes`, and compressed ones unless `deflate` was negotiated.
    pub fn new(max_message_bytes: usize, deflate: bool) -> Self {
        Self {
            max_message_bytes,
            deflate,
            header: [0; MAX_HEADER_BYTES],
            header_len: 0,
            frame: None,
            message: None,
            control: Vec::new(),
            frames: 0,
        }
    }

    /// Consumes `input` up to and including the next event. `None` means that all of it was consumed.
    ///
    /// # Errors
    /// The first violation of the protocol or a limit; the connection must then fail.
    pub fn feed(&mut self, input: &mut &[u8]) -> Result<Option<DecodedEvent>, Violation> {
        loop {
            if self.frame.is_none() && !self.read_header(input)? {
                return Ok(None);
            }
            let frame = self.frame.as_mut().expect("a header was read above");
            let take = usize::try_from(frame.remaining).unwrap_or(usize::MAX).min(input.len());
            let (payload, rest) = input.split_at(take);
            *input = rest;
            frame.remaining -= take as u64;
            let (fin, opcode, complete) = (frame.fin, frame.opcode, frame.remaining == 0);
            if opcode >= CLOSE {
                append_unmasked(&mut self.control, payload, &mut frame.mask, frame.remaining);
            } else {
                let message = self.message.as_mut().expect("a data frame opened or continues a message");
                append_unmasked(&mut message.data, payload, &mut frame.mask, frame.remaining);
                if !(fin && complete) {
                    message.check_utf8()?;
                }
            }
            if !complete {
                return Ok(None);
            }
            self.frame = None;
            if opcode >= CLOSE {
                return finish_control(opcode, std::mem::take(&mut self.control)).map(Some);
            }
            if fin {
                let message = self.message.take().expect("the message was appended to above");
                return message.finish(self.max_message_bytes).map(Some);
            }
        }
    }

    /// Bytes that are missing from the current frame: the useful size of the next read.
    pub fn wanted_bytes(&self) -> usize {
        self.frame.as_ref().map_or(0, |frame| usize::try_from(frame.remaining).unwrap_or(usize::MAX))
    }

    /// The number of frames that began since the last call.
    pub fn take_frames(&mut self) -> u32 {
        std::mem::take(&mut self.frames)
    }

    /// Reads a frame's header; false when it is not complete yet.
    fn read_header(&mut self, input: &mut &[u8]) -> Result<bool, Violation> {
        loop {
            let have = self.header_len as usize;
            let need = match have {
                0 | 1 => 2,
                _ => 6 + extended_length_bytes(self.header[1]),
            };
            let take = (need - have).min(input.len());
            let (bytes, rest) = input.split_at(take);
            self.header[have..have + take].copy_from_slice(bytes);
            self.header_len += take as u8;
            *input = rest;
            if have + take < need {
                return Ok(false);
            }
            if need == 2 {
                self.check_start()?;
            } else {
                self.header_len = 0;
                self.open_frame(need)?;
                return Ok(true);
            }
        }
    }

    /// Checks the first two bytes of a header.
    fn check_start(&self) -> Result<(), Violation> {
        let [first, second, ..] = self.header;
        let opcode = first & 0x0f;
        if first & 0x30 != 0 {
            return Err(broken("reserved bit is set"));
        }
        if first & RSV1 != 0 && !(self.deflate && matches!(opcode, TEXT | BINARY)) {
            return Err(broken("compression bit is set where it must not be"));
        }
        if second & 0x80 == 0 {
            return Err(broken("client frame is not masked"));
        }
        match opcode {
            CONTINUATION if self.message.is_none() => Err(broken("continuation without a message")),
            TEXT | BINARY if self.message.is_some() => Err(broken("new message before the last one ended")),
            CONTINUATION | TEXT | BINARY => Ok(()),
            CLOSE | PING | PONG if first & FIN == 0 => Err(broken("control frame is fragmented")),
            CLOSE | PING | PONG if u64::from(second & 0x7f) > MAX_CONTROL_BYTES => {
                Err(broken("control frame is too long"))
            }
            CLOSE | PING | PONG => Ok(()),
            _ => Err(broken("unknown opcode")),
        }
    }

    fn open_frame(&mut self, header_bytes: usize) -> Result<(), Violation> {
        let [first, second, ..] = self.header;
        let extended = &self.header[2..header_bytes - 4];
        let length = match extended.len() {
            0 => u64::from(second & 0x7f),
            _ => extended.iter().fold(0, |length, &byte| length << 8 | u64::from(byte)),
        };
        let shortest = match extended.len() {
            0 => 0,
            2 => 126,
            _ => 0x1_0000,
        };
        if length < shortest || length > i64::MAX as u64 {
            return Err(broken("frame length is not written in its shortest form"));
        }
        let mask = [0, 1, 2, 3].map(|at| self.header[header_bytes - 4 + at]);
        let (opcode, fin) = (first & 0x0f, first & FIN != 0);
        self.frames = self.frames.saturating_add(1);
        if opcode < CLOSE {
            let open = || Box::new(Message::new(opcode == TEXT, first & RSV1 != 0));
            self.message.get_or_insert_with(open).add_fragment(length, self.max_message_bytes)?;
        }
        self.frame = Some(Frame { opcode, fin, mask, remaining: length });
        Ok(())
    }
}

fn finish_control(opcode: u8, payload: Vec<u8>) -> Result<DecodedEvent, Violation> {
    match opcode {
        PING => Ok(DecodedEvent::Ping(payload.into())),
        PONG => Ok(DecodedEvent::Pong),
        _ => match payload.as_slice() {
            [] => Ok(DecodedEvent::Close(None)),
            [_] => Err(broken("close code has one byte")),
            [high, low, reason @ ..] => {
                let code = u16::from_be_bytes([*high, *low]);
                if !may_be_received(code) {
                    return Err(broken("close code is not allowed"));
                }
                std::str::from_utf8(reason).map_err(|_| NOT_UTF8)?;
                Ok(DecodedEvent::Close(Some(code)))
            }
        },
    }
}

fn extended_length_bytes(second: u8) -> usize {
    match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    }
}

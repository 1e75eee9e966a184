//! Encodes outgoing frames: unmasked, so that one frame serves every socket of its form.

use bytes::Bytes;
use milepost_hub::{Encoder, Form};

use crate::deflate;

pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

pub(crate) const FIN: u8 = 0x80;
pub(crate) const RSV1: u8 = 0x40;

/// A shorter payload hardly shrinks and is sent as it is, which the extension allows message by message.
const MIN_DEFLATE_BYTES: usize = 400;

/// Encodes payloads for the hub.
#[derive(Clone, Copy, Debug, Default)]
pub struct WsEncoder;

impl Encoder for WsEncoder {
    fn encode(&self, form: Form, payload: &[u8]) -> Bytes {
        match form {
            Form::WsPlain => encode_message(TEXT, false, payload),
            Form::WsDeflate => encode_message(TEXT, true, payload),
            Form::Sse => encode_event(None, payload),
        }
    }

    fn encode_named(&self, form: Form, payload: &[u8], name: &str) -> Bytes {
        match form {
            Form::Sse => encode_event(Some(name), payload),
            Form::WsPlain | Form::WsDeflate => self.encode(form, payload),
        }
    }
}

/// A whole message in one frame, compressed if `deflate` was negotiated and it gets shorter.
pub(crate) fn encode_message(opcode: u8, deflate: bool, payload: &[u8]) -> Bytes {
    if deflate && payload.len() >= MIN_DEFLATE_BYTES {
        let compressed =
            deflate::deflate(payload, |bytes| (bytes.len() < payload.len()).then(|| encode_frame(opcode, true, bytes)));
        if let Some(frame) = compressed {
            return frame;
        }
    }
    encode_frame(opcode, false, payload)
}

/// Text messages in a row, compressed so that each may refer to those before it. They must be sent without another compressed
/// message between them.
pub(crate) fn encode_run<'a>(payloads: impl Iterator<Item = &'a [u8]>) -> Option<Bytes> {
    let mut run = Vec::new();
    deflate::deflate_run(payloads, |compressed| put_frame(&mut run, TEXT, true, compressed))?;
    Some(run.into())
}

/// One final frame around `payload`.
pub(crate) fn encode_frame(opcode: u8, compressed: bool, payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(10 + payload.len());
    put_frame(&mut frame, opcode, compressed, payload);
    frame.into()
}

fn put_frame(frame: &mut Vec<u8>, opcode: u8, compressed: bool, payload: &[u8]) {
    frame.push(FIN | if compressed { RSV1 } else { 0 } | opcode);
    match payload.len() {
        len @ 0..126 => frame.push(len as u8),
        len @ 126..=0xffff => {
            frame.push(126);
            frame.extend_from_slice(&(len as u16).to_be_bytes());
        }
        len => {
            frame.push(127);
            frame.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
}

/// One server-sent event; `id` is what the reader names when it comes back.
pub(crate) fn encode_event(id: Option<&str>, payload: &[u8]) -> Bytes {
    let mut event = Vec::with_capacity(payload.len() + 32);
    if let Some(id) = id {
        event.extend_from_slice(format!("id: {id}\n").as_bytes());
    }
    // In this format both characters end a line.
    for line in payload.split(|&byte| byte == b'\n' || byte == b'\r') {
        event.extend_from_slice(b"data: ");
        event.extend_from_slice(line);
        event.push(b'\n');
    }
    event.push(b'\n');
    event.into()
}

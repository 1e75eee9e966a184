//! WebSocket frames: reads a server's frames, writes the floor's text frames and a client's pongs.
//!
//! It does only what counting needs: it expects whole, unmasked frames and validates nothing else.

use anyhow::{Result, bail};
use std::time::Duration;

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text or binary, compressed or not.
    Message,
    /// The peer wants a pong with the same payload.
    Ping,
    /// An answer to a ping.
    Pong,
    /// The peer ends the connection.
    Close,
}

/// One frame at the start of a buffer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    /// What it carries.
    pub(crate) kind: Kind,
    /// Its payload.
    pub(crate) payload: &'a [u8],
    /// Bytes of the whole frame, head included.
    pub(crate) length_bytes: usize,
}

/// The frame at the start of `bytes`; `None` if more bytes are needed.
pub(crate) fn first_frame(bytes: &[u8]) -> Result<Option<Frame<'_>>> {
    let &[first, second, ref rest @ ..] = bytes else { return Ok(None) };
    if second & 0x80 != 0 {
        bail!("the server sent a masked frame");
    }
    let (head_bytes, payload_bytes): (usize, usize) = match (second, rest) {
        (126, &[a, b, ..]) => (4, usize::from(u16::from_be_bytes([a, b]))),
        (127, &[a, b, c, d, e, f, g, h, ..]) => (10, usize::try_from(u64::from_be_bytes([a, b, c, d, e, f, g, h]))?),
        (126 | 127, _) => return Ok(None),
        (short, _) => (2, usize::from(short)),
    };
    let kind = match first {
        0x81 | 0x82 | 0xC1 | 0xC2 => Kind::Message,
        0x88 => Kind::Close,
        0x89 => Kind::Ping,
        0x8A => Kind::Pong,
        other => bail!("the server sent a frame that starts with {other:#04x}, which this reader does not know"),
    };
    let Some(end) = head_bytes.checked_add(payload_bytes) else { bail!("the server sent an endless frame") };
    Ok(bytes.get(head_bytes..end).map(|payload| Frame { kind, payload, length_bytes: end }))
}

/// A server's text frame.
pub(crate) fn text_frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match payload.len() {
        short @ 0..126 => frame.push(short as u8),
        long @ 126..=0xFFFF => {
            frame.push(126);
            frame.extend_from_slice(&(long as u16).to_be_bytes());
        }
        huge => {
            frame.push(127);
            frame.extend_from_slice(&(huge as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// A client's short text message, of at most 125 bytes. The mask is zero, so that the payload stays unchanged.
pub(crate) fn client_text_frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

/// A client's pong. The mask is zero, so that the payload stays unchanged. Control payloads have at most 125 bytes.
pub(crate) fn pong_frame(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x8A, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

/// How a socket was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closing {
    /// 1005 without a status, 1006 without a close frame.
    pub(crate) code: u16,
    /// In words; empty without any.
    pub(crate) reason: String,
}

impl Closing {
    /// Without a close frame.
    pub(crate) const fn abnormal() -> Self {
        Self { code: 1006, reason: String::new() }
    }

    /// What a close frame's payload says.
    pub(crate) fn of(payload: &[u8]) -> Self {
        match payload {
            [high, low, reason @ ..] => {
                Self { code: u16::from_be_bytes([*high, *low]), reason: String::from_utf8_lossy(reason).into_owned() }
            }
            _ => Self { code: 1005, reason: String::new() },
        }
    }

    /// When the client should come back, as in `restarting; reconnect in 3.2s`.
    pub(crate) fn advice(&self) -> Option<Duration> {
        let seconds = self.reason.split_once("reconnect in ")?.1.strip_suffix('s')?;
        Duration::try_from_secs_f64(seconds.parse().ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    #[test]
    fn a_frame_of_any_length_is_read_back_once_it_is_complete() {
        for payload_bytes in [0, 1, 125, 126, 220, 65_535, 65_536] {
            let payload = vec![b'x'; payload_bytes];
            let mut frame = text_frame(&payload);
            for cut in [0, 1, 2, 3, frame.len() - 1] {
                if cut < frame.len() {
                    assert_eq!(first_frame(&frame[..cut]).unwrap(), None, "{cut} of {} bytes", frame.len());
                }
            }
            let whole = frame.len();
            frame.extend_from_slice(b"\x81\x01");
            let read = first_frame(&frame).unwrap().unwrap();
            assert_eq!((read.kind, read.length_bytes), (Kind::Message, whole));
            assert_eq!(read.payload, payload);
        }
    }

    #[test]
    fn control_and_compressed_frames_are_distinguished() {
        let kind = |bytes: &[u8]| first_frame(bytes).unwrap().unwrap().kind;
        assert_eq!(kind(b"\xC1\x00"), Kind::Message);
        assert_eq!(kind(b"\x89\x00"), Kind::Ping);
        assert_eq!(kind(b"\x8A\x00"), Kind::Pong);
        assert_eq!(kind(b"\x88\x00"), Kind::Close);
    }

    #[test]
    fn masked_fragmented_and_unknown_frames_are_refused() {
        assert!(first_frame(b"\x81\x80....").is_err());
        assert!(first_frame(b"\x01\x00").is_err());
        assert!(first_frame(b"\x83\x00").is_err());
    }

    #[test]
    fn a_pong_is_masked_and_echoes() {
        assert_eq!(pong_frame(b"hi"), b"\x8A\x82\0\0\0\0hi");
    }

    #[test]
    fn close_codes() {
        assert_eq!(Closing::of(b"\x03\xE9bye"), Closing { code: 1001, reason: "bye".to_owned() });
        assert_eq!(Closing::of(b"").code, 1005);
        let advice = |reason: &str| Closing { code: 1012, reason: reason.to_owned() }.advice();
        assert_eq!(advice("restarting; reconnect in 3.2s"), Some(Duration::from_millis(3_200)));
        assert_eq!((advice("restarting"), advice("reconnect in NaNs")), (None, None));
    }
}

//! Close codes, and the frame that carries one.

use bytes::Bytes;

use crate::encoder::{CLOSE, encode_frame};

/// The close codes that the transport itself uses.
pub mod code {
    /// The handler has finished.
    pub const NORMAL: u16 = 1000;
    /// Nothing was heard from the peer for too long.
    pub const GOING_AWAY: u16 = 1001;
    /// The peer broke the protocol.
    pub const PROTOCOL: u16 = 1002;
    /// A close frame without a code. Never sent, only counted.
    pub const NO_STATUS: u16 = 1005;
    /// The connection ended without a close frame. Never sent, only counted.
    pub const ABNORMAL: u16 = 1006;
    /// Text that is not UTF-8, or compressed data that does not inflate.
    pub const INVALID_DATA: u16 = 1007;
    /// More frames or bytes than the rate limit allows.
    pub const POLICY: u16 = 1008;
    /// A message over the size limit.
    pub const TOO_LARGE: u16 = 1009;
    /// The handler failed.
    pub const INTERNAL: u16 = 1011;
    /// The server restarts; the reason says when to come back.
    pub const RESTART: u16 = 1012;
    /// The reader fell behind: come back and resume.
    pub const TRY_AGAIN_LATER: u16 = 1013;
}

/// A control frame has at most 125 bytes, and two of them are the code.
pub(crate) const MAX_REASON_BYTES: usize = 123;

/// Whether a peer may send this code.
pub(crate) fn may_be_received(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// A close frame. A reason that is too long is cut after a whole character.
pub(crate) fn close_frame(code: u16, reason: &str) -> Bytes {
    if code == code::NO_STATUS {
        return encode_frame(CLOSE, false, &[]);
    }
    let mut end = reason.len().min(MAX_REASON_BYTES);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let mut payload = Vec::with_capacity(2 + end);
    payload.extend_from_slice(&code.to_be_bytes());
    payload.extend_from_slice(&reason.as_bytes()[..end]);
    encode_frame(CLOSE, false, &payload)
}

//! The shape of a family of devices.

use crate::Message;
use milepost_domain::{CommandKind, DeviceCommand, Timestamp};

/// What the bytes at hand begin with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// A part of a frame.
    Wait,
    /// So many bytes that belong to no frame, at least one.
    Skip(usize),
    /// A frame of so many bytes, at least one.
    Frame(usize),
    /// Something after which no frame can be found any more.
    Close(&'static str),
}

/// What a frame meant.
pub(crate) enum Read {
    Message(Message),
    /// A good frame that needs nothing.
    Nothing,
    /// A wrong checksum, or no sense. Its bytes are answered at once, if any.
    Refused(&'static str, Vec<u8>),
    /// As `Refused`, and the connection has to end after the answer.
    Fatal(&'static str, Vec<u8>),
}

/// How bytes arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// When.
    pub(crate) at: Timestamp,
    /// In a datagram, which holds whole frames.
    pub(crate) is_datagram: bool,
}

/// One family of devices: its frames, and what one connection has to remember.
pub(crate) trait Family: Send {
    /// Bytes of the longest frame. More that are no frame are given up.
    fn max_frame_bytes(&self) -> usize;
    /// Cuts the first frame off. `bytes` is not empty.
    fn cut(&self, bytes: &[u8], arrival: Arrival) -> Cut;
    /// Reads a frame that [`Family::cut`] cut.
    fn read(&mut self, frame: &[u8], arrival: Arrival) -> Read;
    /// The commands that these devices take.
    fn commands(&self) -> &'static [CommandKind] {
        &[]
    }
    /// The frame of a command for the device of this id. `None` if it takes none of this kind, or none so long.
    fn write_command(&mut self, _device_id: &str, _command: &DeviceCommand, _now: Timestamp) -> Option<Vec<u8>> {
        None
    }
}

/// A stream of text frames gives up what lies before the start, so that a session finds frames again after garbage.
pub(crate) fn skip_to(bytes: &[u8], is_start: impl Fn(u8) -> bool) -> Option<Cut> {
    match bytes.iter().position(|byte| is_start(*byte)) {
        Some(0) => None,
        Some(start) => Some(Cut::Skip(start)),
        None => Some(Cut::Skip(bytes.len())),
    }
}

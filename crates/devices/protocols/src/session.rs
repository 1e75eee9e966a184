//! One connection of a device, or one sender of datagrams.

use crate::family::{Arrival, Cut, Family, Read};
use crate::{Message, Protocol};
use milepost_domain::{CommandKind, DeviceCommand, Timestamp};

/// Bytes of an unfinished frame that a session keeps at most, beside those that have just arrived.
pub const MAX_BUFFERED_BYTES: usize = 4 * 1024;

/// Reads what one device sends. Memory is only held for an unfinished frame and for what the protocol has to remember.
pub struct Session {
    family: Box<dyn Family>,
    /// The beginning of a frame; without memory while there is none.
    unfinished: Vec<u8>,
}

/// Why a connection has to end: no frame can be found in it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed(pub &'static str);

/// What a session found, in the order of the bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// A good frame.
    Message(Message),
    /// A frame that was refused for this reason, and what is to be sent to its device.
    Refused(&'static str, Vec<u8>),
}

impl Session {
    /// A session of a device that has said nothing yet.
    pub fn new(protocol: Protocol) -> Self {
        Self { family: protocol.family(), unfinished: Vec::new() }
    }

    /// Takes bytes of a stream, cut anywhere, and gives what they complete to `found`.
    ///
    /// # Errors
    /// [`Closed`] when the connection has to end. What was found before is good.
    pub fn take(&mut self, bytes: &[u8], at: Timestamp, mut found: impl FnMut(Found)) -> Result<(), Closed> {
        let arrival = Arrival { at, is_datagram: false };
        if self.unfinished.is_empty() {
            let used = self.read_frames(bytes, arrival, &mut found)?;
            self.unfinished = bytes[used..].to_vec();
        } else {
            let mut joined = std::mem::take(&mut self.unfinished);
            joined.extend_from_slice(bytes);
            let used = self.read_frames(&joined, arrival, &mut found)?;
            joined.drain(..used);
            self.unfinished = joined;
        }
        let most = self.family.max_frame_bytes().min(MAX_BUFFERED_BYTES);
        if self.unfinished.len() > most {
            self.unfinished = Vec::new();
            return Err(Closed("no end of a frame in sight"));
        }
        // A vector that grew with the bytes of finished frames gives its memory back.
        self.unfinished.shrink_to(0);
        Ok(())
    }

    /// Takes a datagram, which holds whole frames. What is left of it is dropped.
    ///
    /// # Errors
    /// As [`Session::take`]. The sender's next datagram may be good.
    pub fn take_datagram(&mut self, bytes: &[u8], at: Timestamp, mut found: impl FnMut(Found)) -> Result<(), Closed> {
        self.read_frames(bytes, Arrival { at, is_datagram: true }, &mut found).map(|_| ())
    }

    /// The commands that its device takes.
    pub fn commands(&self) -> &'static [CommandKind] {
        self.family.commands()
    }

    /// The frame of a command for the device of this id. `None` if it takes none of this kind, or none so long.
    pub fn write_command(&mut self, device_id: &str, command: &DeviceCommand, now: Timestamp) -> Option<Vec<u8>> {
        self.family.write_command(device_id, command, now)
    }

    /// Bytes of an unfinished frame.
    pub fn buffered_bytes(&self) -> usize {
        self.unfinished.len()
    }

    fn read_frames(&mut self, bytes: &[u8], arrival: Arrival, found: &mut impl FnMut(Found)) -> Result<usize, Closed> {
        let mut used = 0;
        while used < bytes.len() {
            let rest = &bytes[used..];
            match self.family.cut(rest, arrival) {
                Cut::Wait => break,
                Cut::Skip(count) => used += count.clamp(1, rest.len()),
                Cut::Close(reason) => return Err(Closed(reason)),
                Cut::Frame(length) => {
                    let frame = &rest[..length.clamp(1, rest.len())];
                    used += frame.len();
                    match self.family.read(frame, arrival) {
                        Read::Message(message) => found(Found::Message(message)),
                        Read::Nothing => {}
                        Read::Refused(reason, answer) => found(Found::Refused(reason, answer)),
                        Read::Fatal(reason, answer) => {
                            found(Found::Refused(reason, answer));
                            return Err(Closed(reason));
                        }
                    }
                }
            }
        }
        Ok(used)
    }
}

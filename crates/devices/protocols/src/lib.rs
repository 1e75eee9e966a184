//! The protocols of hardware trackers: bytes in, messages and answers out.
//!
//! Nothing here waits, reads a clock or opens a socket. A [`Session`] is one connection, or one sender of datagrams: it is fed
//! with bytes as they arrive, cut anywhere, and gives [`Message`]s. The answer that a device waits for is part of its message,
//! because it must not be sent before the message's fixes are durable: the device's own memory is the queue.
//!
//! Each family of devices is one module that implements [`Family`](family::Family) and knows no other family; adding one is a
//! module and a line in `protocol.rs`. Layouts and quirks: `docs/device-protocols.md`.

#![forbid(unsafe_code)]

pub mod checksum;
mod civil;
mod cursor;
mod degrees;
mod family;
mod fields;
mod fix;
mod gps103;
mod gt06;
mod h02;
mod jt808;
mod meitrack;
mod message;
mod nmea;
mod protocol;
mod queclink;
mod ruptela;
mod session;
mod suntech;
mod teltonika;
mod tk103;

pub use civil::Civil;
pub use fix::{Fix, FixTime};
pub use message::{Answer, Message, MessageKind};
pub use protocol::Protocol;
pub use session::{Closed, Found, MAX_BUFFERED_BYTES, Session};

//! Carries messages over WebSockets and streams of server-sent events: handshake, frames, compression, backlog,
//! heartbeat, close and drain.
//!
//! A publisher writes straight to the sockets that are ready. A full socket keeps a bounded backlog, which its own task
//! writes. Server frames are not masked, so one encoded frame serves every socket of its form.

mod backlog;
mod close;
mod closed;
mod config;
mod decoder;
mod deflate;
mod drain;
pub mod echo;
mod encoder;
mod handshake;
mod heartbeat;
mod link;
mod permessage_deflate;
mod rate;
mod reclaim;
mod shared;
mod socket;
mod stats;
mod stream;
mod timing;
mod transport;
mod wire;

pub use close::code;
pub use closed::Closed;
pub use config::{RateLimit, SocketLimits, WsConfig};
pub use decoder::{DecodedEvent, Decoder, Violation};
pub use drain::{Drain, DrainReport};
pub use encoder::WsEncoder;
pub use handshake::{HandshakeError, Upgrade};
pub use link::{Farewell, Link};
pub use reclaim::{ReclaimHandle, ReclaimableStream, StreamWaits};
pub use socket::{Inbound, Socket};
pub use stats::TransportStats;
pub use stream::{Abort, EventBody, EventStream, Framing, write_detached};
pub use transport::Transport;

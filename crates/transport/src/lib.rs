//! Carries messages over WebSockets and streams of server-sent events: handshake, frames, compression, backlog,
//! heartbeat, close and drain.
//!
//! Whoever publishes writes straight to the sockets that are ready; a socket that is full keeps a bounded backlog and
//! its own task finishes it. Server frames are not masked, so one encoded frame serves every socket of its form.

mod backlog;
mod close;
mod compress;
mod config;
mod decoder;
mod deflate;
mod drain;
pub mod echo;
mod encoder;
mod handshake;
mod heartbeat;
mod lent;
mod link;
mod rate;
mod socket;
mod stats;
mod stream;
mod transport;
mod wire;

pub use close::code;
pub use config::{RateLimit, SocketLimits, WsConfig};
pub use decoder::{Decoder, Event, Violation};
pub use drain::{Drain, DrainReport};
pub use encoder::WsEncoder;
pub use handshake::{HandshakeError, Upgrade};
pub use lent::{Lender, LentStream};
pub use link::{Closed, Link};
pub use socket::{Inbound, Socket};
pub use stats::TransportStats;
pub use stream::{Cut, EventBody, EventStream, Framing, carry_stream};
pub use transport::Transport;

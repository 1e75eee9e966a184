//! Claims about sockets, checked from outside over real connections on port 0.
#![allow(clippy::unwrap_used)]

mod autobahn;
mod deflate;
mod delivery;
mod handshake;
mod heartbeat;
mod interop;
mod limits;
mod raw_client;
mod server;

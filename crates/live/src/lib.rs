//! Opens live connections, and serves each until it ends. There is no other path to one.
//!
//! A dialect makes a [`Handshake`], says who may come in ([`Entry`]) and serves it with a [`Viewer`]. Everything else
//! happens here, for all dialects: origin, credential, upgrade, the tenant's limit, revocation, expiry, the receive
//! loop, snapshots under live messages ([`Snapshot`]), and replays of stored events ([`EventFollower`]).

#![forbid(unsafe_code)]

mod admission;
mod client_events;
mod event_follower;
mod event_stream;
mod handshake;
mod inbound;
mod live;
mod policy;
mod replay_gate;
mod sender;
mod snapshot;
mod socket;

pub use client_events::{EventSource, EventView, ReplayEnd, StreamView};
pub use event_follower::EventFollower;
pub use handshake::{Entry, Handshake};
pub use inbound::{INVALID_JSON, parse_event_id, unknown_type};
pub use live::Live;
pub use milepost_http::TokenInQuery;
pub use milepost_transport::{Closed, RateLimit};
pub use policy::{Close, ConnectionPolicy, Origins};
pub use sender::SocketSender;
pub use snapshot::Snapshot;
pub use socket::Viewer;

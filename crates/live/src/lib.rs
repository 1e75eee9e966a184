//! Opens live connections, and serves each until it ends. There is no other path to one.
//!
//! A dialect makes a [`Handshake`], says who may come in ([`Entry`]) and serves it with a [`Viewer`]. Everything else
//! happens here, for all dialects: origin, credential, upgrade, the tenant's limit, revocation, expiry, the receive
//! loop, snapshots under live messages ([`Snapshot`]), and replays of stored events ([`EventFollower`]).

#![forbid(unsafe_code)]

mod admission;
mod client_events;
mod dashboards;
mod event_follower;
mod event_stream;
mod greeting;
mod handshake;
mod inbound;
mod lane;
mod live;
mod outlet;
mod own_task;
mod policy;
mod replay_gate;
mod sender;
mod session_stream;
mod snapshot;
mod socket;
mod topics;

pub use client_events::{EventSource, EventView, ReplayEnd, StreamView};
pub use dashboards::{CompanyDashboard, DashboardView, Dashboards};
pub use event_follower::EventFollower;
pub use greeting::{BadGreeting, Greeter, MessageCredential, Renewal};
pub use handshake::{Entry, Handshake};
pub use inbound::{INVALID_JSON, parse_event_id, unknown_type};
pub use lane::{Joining, Lane, LaneForm, LaneSnapshot};
pub use live::Live;
pub use milepost_access::Authentication as Credential;
pub use milepost_http::TokenInQuery;
pub use milepost_service::Reader;
pub use milepost_transport::{Closed, RateLimit};
pub use outlet::Outlet;
pub use policy::{Close, ConnectionPolicy, Origins};
pub use sender::SocketSender;
pub use snapshot::Snapshot;
pub use socket::Viewer;
pub use topics::{Begun, LogPage, TopicFollower, TopicView};

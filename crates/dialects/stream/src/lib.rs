//! The native live API: one socket `/ws` with many subscriptions, and the stream `/api/v1/stream` with the same messages.
//!
//! `docs/live-protocol.md` describes the protocol and its invariants.

#![forbid(unsafe_code)]

mod beat;
mod channel;
mod convert;
mod convert_fact;
mod facts;
mod greeting;
mod handlers;
mod inbound;
mod listener;
mod policy;
mod state;
mod topic;
mod vehicles;
mod viewer;
mod who;
pub mod wire;

pub use listener::StreamListener;
pub use state::StreamState;

use axum::Router;
use axum::routing::get;
use milepost_live::Live;
use std::sync::Arc;

/// What the dialect's handlers need.
#[derive(Clone)]
pub struct StreamParts {
    /// Use cases and live connections.
    pub live: Live,
    /// What is shared with the listener.
    pub state: Arc<StreamState>,
    /// The largest inbound message after inflation, in bytes.
    pub max_message_bytes: usize,
}

/// The dialect's routes, without trailing slashes.
pub fn routes(parts: StreamParts) -> Router {
    Router::new().route("/ws", get(handlers::open_socket::open_socket)).with_state(parts)
}

//! The native live API: one socket `/ws` with many subscriptions, and the stream `/api/v1/stream` with the same messages.
//!
//! `docs/live-protocol.md` describes the protocol and its invariants.

#![forbid(unsafe_code)]

mod beat;
mod cells;
mod channel;
mod clusters;
mod convert;
mod convert_fact;
mod deliveries;
mod facts;
mod figures;
mod greeting;
mod handlers;
mod inbound;
mod listener;
mod looks;
mod parcels;
mod policy;
mod requests;
mod session;
mod space;
mod state;
mod things;
mod topic;
mod vehicles;
mod view;
mod view_modes;
mod viewer;
mod who;
pub mod wire;

pub use listener::StreamListener;
pub use state::StreamState;

use axum::Router;
use axum::routing::get;
use milepost_live::{Dashboards, Live};
use std::sync::Arc;
use std::time::Duration;

/// What the dialect's handlers need.
#[derive(Clone)]
pub struct StreamParts {
    /// Use cases and live connections.
    pub live: Live,
    /// What is shared with the listener.
    pub state: Arc<StreamState>,
    /// The largest inbound message after inflation, in bytes.
    pub max_message_bytes: usize,
    dashboards: Arc<Dashboards>,
}

impl StreamParts {
    /// `dashboard_interval` is the time between two publications of a fleet's figures: `DASHBOARD_INTERVAL`.
    pub fn new(live: Live, state: Arc<StreamState>, max_message_bytes: usize, dashboard_interval: Duration) -> Self {
        let dashboards = Dashboards::new(live.clone(), dashboard_interval, &figures::DASHBOARD);
        Self { live, state, max_message_bytes, dashboards }
    }
}

/// The dialect's routes, without trailing slashes.
pub fn routes(parts: StreamParts) -> Router {
    use handlers::{open_socket, open_stream, show_asyncapi};
    Router::new()
        .route("/ws", get(open_socket::open_socket))
        .route("/api/v1/stream", get(open_stream::open_stream))
        .route("/api/v1/asyncapi.json", get(show_asyncapi::show_asyncapi))
        .with_state(parts)
}

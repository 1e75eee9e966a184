//! The records dialect: what changes in a cadet's records and what is told to users, on the socket `/ws/updates/` and the
//! stream `/api/events`, live and replayed.

#![forbid(unsafe_code)]

mod channel;
mod convert;
mod follower;
mod handlers;
mod inbound;
mod listener;
mod opening;
mod socket;
mod stream;
pub mod wire;

pub use convert::render_event;
pub use inbound::{FromClient, read_message};
pub use listener::RecordsListener;

use axum::Router;
use axum::routing::get;
use milepost_http::HttpContext;
use milepost_hub::Hub;
use milepost_transport::Transport;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Pages of events that are read at once for all who come back; more wait for their turn, so that a whole school's
/// reconnecting leaves the database to those who write.
const PARALLEL_READS: usize = 4;

/// What the dialect's handlers need.
#[derive(Clone)]
pub struct RecordsParts {
    /// Use cases and origins.
    pub context: Arc<HttpContext>,
    /// Where updates go out.
    pub hub: Hub,
    /// Sockets and streams.
    pub transport: Arc<Transport>,
    turns: Arc<Semaphore>,
}

impl RecordsParts {
    /// Puts the parts together.
    pub fn new(context: Arc<HttpContext>, hub: Hub, transport: Arc<Transport>) -> Self {
        Self { context, hub, transport, turns: Arc::new(Semaphore::new(PARALLEL_READS)) }
    }
}

/// The dialect's paths, without their trailing slash.
pub fn routes(parts: RecordsParts) -> Router {
    use handlers::{follow_updates, stream_events};
    Router::new()
        .route("/ws/updates", get(follow_updates::follow_updates))
        .route("/api/events", get(stream_events::stream_events))
        .with_state(parts)
}

//! The records dialect: changes of cadets' records, and users' notifications and messages, on the socket `/ws/updates/`
//! and the stream `/api/events`, live and replayed.

#![forbid(unsafe_code)]

mod channel;
mod client;
mod convert;
mod handlers;
mod inbound;
mod listener;
mod policy;
mod view;
pub mod wire;

pub use convert::render_event;
pub use inbound::{FromClient, read_message};
pub use listener::RecordsListener;

use axum::Router;
use axum::routing::get;
use milepost_live::Live;

/// The dialect's routes, without trailing slashes.
pub fn routes(live: Live) -> Router {
    use handlers::{follow_updates, stream_events};
    Router::new()
        .route("/ws/updates", get(follow_updates::follow_updates))
        .route("/api/events", get(stream_events::stream_events))
        .with_state(live)
}

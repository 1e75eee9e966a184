//! The bus dialect: kiosks report by HTTP, schools and parents watch buses on `/ws/bus-tracking/`.

#![forbid(unsafe_code)]

mod channel;
mod convert;
mod handlers;
mod listener;
mod view;
mod viewer;
pub mod wire;

pub use convert::position_from_ping;
pub use listener::BusListener;

use axum::Router;
use axum::extract::FromRef;
use axum::routing::{get, post};
use milepost_http::HttpContext;
use milepost_live::Live;
use std::sync::Arc;

/// What the dialect's handlers need.
#[derive(Clone)]
pub struct BusParts {
    /// Use cases and live connections.
    pub live: Live,
    /// How many milliseconds of the past a viewer may ask for: `REPLAY_WINDOW`.
    pub replay_window_ms: i64,
    /// Adds `/echo/kiosks/…`, which parses and answers like the real route and stores nothing. It shows what durability
    /// costs: `MILEPOST_ECHO`.
    pub echo: bool,
}

impl FromRef<BusParts> for Arc<HttpContext> {
    fn from_ref(parts: &BusParts) -> Self {
        Self::clone(&parts.live.context)
    }
}

/// The dialect's routes, without trailing slashes.
pub fn routes(parts: BusParts) -> Router {
    let mut router = Router::new()
        .route("/api/v1/kiosks/{device_id}/location", post(handlers::record_location::record_location))
        .route("/ws/bus-tracking", get(handlers::watch_buses::watch_buses));
    if parts.echo {
        router = router.route("/echo/kiosks/{device_id}/location", post(handlers::record_location::echo_location));
    }
    router.with_state(parts)
}

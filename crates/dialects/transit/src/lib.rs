//! The transit dialect: what journey planners poll. GTFS-Realtime at `/gtfs-rt/…` and SIRI Vehicle Monitoring at `/siri/vm.xml`.

#![forbid(unsafe_code)]

pub mod alert_wire;
mod alerts;
mod convert;
mod feeds;
mod handlers;
pub mod siri;
mod situation;
pub mod wire;

pub use convert::{trip_updates, vehicle_positions};
pub use feeds::Feeds;
pub use situation::{Running, Situation, StaffAlerts};

use axum::Router;
use axum::extract::FromRef;
use axum::routing::get;
use milepost_http::HttpContext;
use std::sync::Arc;

/// What the dialect's handlers need.
#[derive(Clone)]
pub struct TransitParts {
    /// The state that all handlers share.
    pub context: Arc<HttpContext>,
    /// The rendered feeds.
    pub feeds: Arc<Feeds>,
    /// Everybody may read the feeds of every tenant: `TRANSIT_PUBLIC`.
    pub is_public: bool,
}

impl FromRef<TransitParts> for Arc<HttpContext> {
    fn from_ref(parts: &TransitParts) -> Self {
        Self::clone(&parts.context)
    }
}

/// The dialect's routes, without trailing slashes.
pub fn routes(parts: TransitParts) -> Router {
    Router::new()
        .route("/gtfs-rt/vehicle-positions.pb", get(handlers::vehicle_positions_pb))
        .route("/gtfs-rt/vehicle-positions.json", get(handlers::vehicle_positions_json))
        .route("/gtfs-rt/trip-updates.pb", get(handlers::trip_updates_pb))
        .route("/gtfs-rt/trip-updates.json", get(handlers::trip_updates_json))
        .route("/gtfs-rt/alerts.pb", get(handlers::alerts_pb))
        .route("/gtfs-rt/alerts.json", get(handlers::alerts_json))
        .route("/siri/vm.xml", get(handlers::vehicle_monitoring))
        .with_state(parts)
}

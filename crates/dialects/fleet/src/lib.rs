//! The fleet dialect: a company's positions, statistics, trips, geofence crossings, driving events and alerts on
//! `/ws/tracking`.

#![forbid(unsafe_code)]

mod channel;
mod convert;
mod events;
mod filter;
mod fleet_access;
mod handlers;
mod inbound;
mod listener;
mod viewer;
pub mod wire;

pub use convert::render_event;
pub use filter::{Filter, MessageType};
pub use handlers::watch_fleet::{is_for_fleet, watch_fleet};
pub use inbound::{FleetRequest, read_message};
pub use listener::FleetListener;

use channel::DASHBOARD;
use milepost_live::{Dashboards, Live};
use std::sync::Arc;
use std::time::Duration;

/// Settings of fleet sockets.
#[derive(Debug, Clone)]
pub struct FleetSettings {
    /// The time between two publications of a company's statistics: `DASHBOARD_INTERVAL`.
    pub dashboard_interval: Duration,
    /// The largest inbound message after inflation, in bytes: `WS_MAX_MESSAGE_SIZE`, 512 if unset.
    pub max_message_bytes: usize,
    /// A viewer without a credential sees all of the company that it names: `FLEET_WS_AUTH=optional`.
    pub anonymous_access: bool,
}

/// What the dialect's handler needs.
#[derive(Clone)]
pub struct FleetParts {
    /// Use cases and live connections.
    pub live: Live,
    /// The settings of fleet sockets.
    pub settings: Arc<FleetSettings>,
    dashboards: Arc<Dashboards>,
}

impl FleetParts {
    /// The path is shared with the parcel dialect: [`watch_fleet`] handles the requests that [`is_for_fleet`] accepts.
    pub fn new(live: Live, settings: FleetSettings) -> Self {
        let dashboards = Dashboards::new(live.clone(), settings.dashboard_interval, &DASHBOARD);
        Self { live, settings: Arc::new(settings), dashboards }
    }
}

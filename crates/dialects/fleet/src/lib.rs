//! The fleet dialect: positions, figures, trips, crossings, driving and alerts of a company, on the socket `/ws/tracking`.

#![forbid(unsafe_code)]

mod channel;
mod convert;
mod dashboard;
mod events;
mod filter;
mod handlers;
mod inbound;
mod listener;
mod opening;
mod viewer;
pub mod wire;

pub use convert::render_event;
pub use filter::{EventType, Filter};
pub use handlers::watch_fleet::{is_for_fleet, watch_fleet};
pub use inbound::{FromViewer, read_message};
pub use listener::FleetListener;

use dashboard::Dashboards;
use milepost_live::Live;
use std::sync::Arc;
use std::time::Duration;

/// What is set for the fleet's sockets.
#[derive(Debug, Clone)]
pub struct FleetSettings {
    /// `DASHBOARD_INTERVAL`: how often a company's figures are published.
    pub dashboard_interval: Duration,
    /// The longest inbound message, inflated, bytes: `WS_MAX_MESSAGE_SIZE`, 512 if that is unset.
    pub max_message_bytes: usize,
    /// `FLEET_WS_AUTH=optional`: a viewer without a credential sees the whole of the company that it names.
    pub anonymous_access: bool,
}

/// What the dialect's handler needs.
#[derive(Clone)]
pub struct FleetParts {
    /// Use cases and connections.
    pub live: Live,
    /// What is set.
    pub settings: Arc<FleetSettings>,
    dashboards: Arc<Dashboards>,
}

impl FleetParts {
    /// Puts the parts together. The path is shared with another dialect: [`watch_fleet`] is the handler of what
    /// [`is_for_fleet`] says.
    pub fn new(live: Live, settings: FleetSettings) -> Self {
        let dashboards = Dashboards::new(live.clone(), settings.dashboard_interval);
        Self { live, settings: Arc::new(settings), dashboards }
    }
}

//! The fleet dialect: positions, figures, trips, crossings, driving and alerts of a company, on the socket `/ws/tracking`.

#![forbid(unsafe_code)]

mod channel;
mod convert;
mod dashboard;
mod filter;
mod follower;
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

use dashboard::DashboardDesk;
use milepost_http::HttpContext;
use milepost_hub::Hub;
use milepost_transport::Transport;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Pages of events that are read at once for all who come back; more wait for their turn, so that a whole company's
/// reconnecting leaves the database to those who write.
const PARALLEL_READS: usize = 4;

/// What is set for the fleet's sockets.
#[derive(Debug, Clone)]
pub struct FleetSettings {
    /// `DASHBOARD_INTERVAL`: how often a company's figures are told.
    pub dashboard_interval: Duration,
    /// The longest inbound message, inflated, bytes: `WS_MAX_MESSAGE_SIZE`, 512 if that is unset.
    pub max_message_bytes: usize,
    /// `FLEET_WS_AUTH=optional`: who shows no credential sees the whole of the company that it names.
    pub open_door: bool,
}

/// What the dialect's handler needs.
#[derive(Clone)]
pub struct FleetParts {
    /// Use cases and origins.
    pub context: Arc<HttpContext>,
    /// Where updates go out.
    pub hub: Hub,
    /// Sockets.
    pub transport: Arc<Transport>,
    /// What is set.
    pub settings: Arc<FleetSettings>,
    desk: Arc<DashboardDesk>,
    turns: Arc<Semaphore>,
}

impl FleetParts {
    /// Puts the parts together. The path is shared with another dialect: [`watch_fleet`] is the handler of what
    /// [`is_for_fleet`] says.
    pub fn new(context: Arc<HttpContext>, hub: Hub, transport: Arc<Transport>, settings: FleetSettings) -> Self {
        let desk = DashboardDesk::new(Arc::clone(&context), hub.clone(), settings.dashboard_interval);
        let turns = Arc::new(Semaphore::new(PARALLEL_READS));
        Self { context, hub, transport, settings: Arc::new(settings), desk, turns }
    }
}

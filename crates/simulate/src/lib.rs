//! Simulated vehicles: they drive along route shapes or replay recorded files, and report over the public API or as hardware trackers do.
//!
//! The pure part ([`Route`], [`Walker`], [`Timeline`], backlog, back-off, tally) uses no clock and no network: time and
//! seeds are arguments, so that a run can be repeated and tests never sleep. The rest speaks HTTP as a device does, and
//! uses the server's documented API only.

#![forbid(unsafe_code)]

mod backlog;
mod backoff;
mod client;
mod device;
mod drive;
mod error;
mod fleet;
mod options;
mod progress;
mod replay;
mod report;
mod route;
mod run;
mod sender;
mod tally;
mod timeline;
mod tour;
mod tracker;
mod walker;

pub use error::SimulateError;
pub use options::{Credential, DeviceKey, Motion, ProgressMode, Replay, SimulateOptions, Via};
pub use route::{DEMO_ROUTES_GEOJSON, Route, demo_routes, read_routes};
pub use run::simulate;
pub use tally::Summary;
pub use timeline::{Timeline, Times};
pub use tour::{Organisation, Tour};
pub use tracker::{TrackerProtocol, TrackerTarget};
pub use walker::{Fix, Walker};

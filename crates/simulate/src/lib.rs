//! Simulated vehicles: they drive along route shapes or replay recorded files, and report over the public API.
//!
//! The pure part ([`Route`], [`Walker`], [`Timeline`], backlog, back-off, tally) knows no clock and no network: time
//! and seeds are arguments, so that a run can be repeated and tests never sleep. The rest speaks HTTP as any device
//! would, and knows nothing of the server but its documented API.

#![forbid(unsafe_code)]

mod backlog;
mod backoff;
mod client;
mod drive;
mod fleet;
mod options;
mod progress;
mod replay;
mod route;
mod run;
mod sender;
mod tally;
mod timeline;
mod walker;

pub use options::{Credential, DeviceKey, Motion, ProgressMode, Replay, SimulateError, SimulateOptions, Via};
pub use route::{DEMO_ROUTES_GEOJSON, Route, demo_routes, read_routes};
pub use run::simulate;
pub use tally::Summary;
pub use timeline::{Timeline, Times};
pub use walker::{Fix, Walker};

//! Follows every vehicle's track: folds committed positions, and writes the trips, visits, incidents and alerts that they mean.
//!
//! Positions are the truth. History is derived from them after their commit, in transactions of its own. A fold that found
//! nothing is kept in memory only: after a crash the same positions are read and folded again, and find nothing again. A
//! vehicle's stored fold has a version, so that each change is written and published once, whichever node folds it.

#![forbid(unsafe_code)]

mod catch_up;
mod catch_up_queue;
mod change_writer;
mod checkpoint;
mod fence_geometry;
mod fold_context;
mod followed_vehicle;
mod follower;
mod inbox;
mod ingest;
mod moment;
mod owners;
mod pending_changes;
mod refold;
#[cfg(test)]
mod samples;
mod scan;
mod stats;
mod stored_fold;
mod tenant_rules;
mod thresholds;
mod trip_preview;
mod uploads;
mod vehicle_cache;
mod vehicle_directory;
mod vehicle_fences;
mod write;
mod zone;

pub use fence_geometry::build_fence;
pub use follower::{FollowerParts, OnProgress, TrackFollower, Waker};
pub use inbox::TrackInbox;
pub use stats::TrackStats;
pub use thresholds::read_thresholds;
pub use trip_preview::{FoldedPosition, PreviewRange, TripPreview, preview_trips};
pub use vehicle_directory::{TenantVehicles, VehicleDirectory};
pub use zone::read_zone_name;

//! Distances, bearings, paths and geofences on the Earth's surface.
//!
//! The Earth is a sphere here. Against the WGS 84 ellipsoid a distance is off by at most 0.51 % anywhere, poles and
//! antimeridian included (see [`EARTH_RADIUS_M`]). GPS noise adds more to a vehicle's track.
//! Nothing here waits, reads a clock or uses random numbers. `docs/decisions` says why this crate has its own
//! geometry and index.

#![forbid(unsafe_code)]

mod fence;
mod fence_index;
mod great_circle;
mod path;
mod place_index;
mod point;

pub use fence::{Bounds, Crossings, Fence, InvalidFence, Passage};
pub use fence_index::FenceIndex;
pub use great_circle::{EARTH_RADIUS_M, destination, distance_m, initial_bearing, interpolate, interpolate_degrees};
pub use path::{Nearest, Path, PathPoint, length_m, nearest_on_segment, segment_distance_m};
pub use place_index::{Near, PlaceIndex, Placed};
pub use point::Point;

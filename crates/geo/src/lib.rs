//! Distances, bearings and paths on the Earth's surface.
//!
//! The Earth is a sphere here, with the mean radius of WGS 84. Against the WGS 84 ellipsoid a distance is off by at
//! most 0.56 % anywhere, poles and antimeridian included, which is less than what GPS noise adds to a vehicle's track.
//! Nothing here waits, reads a clock or rolls dice.

#![forbid(unsafe_code)]

mod great_circle;
mod path;
mod point;

pub use great_circle::{EARTH_RADIUS_M, destination, distance_m, initial_bearing, interpolate};
pub use path::{Nearest, Path, Spot, length_m, nearest_on_segment, segment_distance_m};
pub use point::Point;

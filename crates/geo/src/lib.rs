//! Distances, bearings and paths on the Earth's surface.
//!
//! The Earth is a sphere here, with the mean radius of WGS 84. Against the WGS 84 ellipsoid a distance is off by at
//! most 0.562 % anywhere, poles and antimeridian included: the worst is a short way along a meridian at the equator,
//! where the ellipsoid's radius of curvature is a(1 - e²) = 6,335,439 m. GPS noise adds more to a vehicle's track.
//! Nothing here waits, reads a clock or rolls dice.

#![forbid(unsafe_code)]

mod great_circle;
mod path;
mod point;

pub use great_circle::{EARTH_RADIUS_M, destination, distance_m, initial_bearing, interpolate};
pub use path::{Nearest, Path, Spot, length_m, nearest_on_segment, segment_distance_m};
pub use point::Point;

//! The reason why a fence was refused.

use crate::Point;
use milepost_domain::Invalid;
use std::fmt;

/// A refused fence: the reason and, if one place shows it, that place.
#[derive(Debug, Clone, PartialEq)]
pub struct InvalidFence {
    /// The field (`geometry`, `radius_m` or `width_m`) and the values that it accepts.
    pub reason: Invalid,
    /// The place that shows it: of a crossing, or the first corner of a wrong ring.
    pub place: Option<Point>,
}

impl InvalidFence {
    pub(super) const fn geometry(message: &'static str) -> Self {
        Self { reason: Invalid::new("geometry", message), place: None }
    }

    pub(super) const fn geometry_at(message: &'static str, place: Point) -> Self {
        Self { reason: Invalid::new("geometry", message), place: Some(place) }
    }
}

impl From<Invalid> for InvalidFence {
    fn from(reason: Invalid) -> Self {
        Self { reason, place: None }
    }
}

impl From<InvalidFence> for Invalid {
    fn from(refused: InvalidFence) -> Self {
        refused.reason
    }
}

impl fmt::Display for InvalidFence {
    /// Six decimals are a tenth of a metre, enough to find the place on a map.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            None => write!(f, "{}", self.reason),
            Some(Point { latitude, longitude }) => {
                write!(f, "{} (see latitude {:.6}, longitude {:.6})", self.reason, latitude.get(), longitude.get())
            }
        }
    }
}

impl std::error::Error for InvalidFence {}

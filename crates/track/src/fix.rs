//! One reading of a receiver: where something was at an instant, and how far off that may be.

use crate::Thresholds;
use crate::saved::{point, time};
use milepost_domain::{Position, Timestamp};
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// A device's accuracy is the radius of a circle that holds 68 % of its fixes (Android; W3C Geolocation says 95 %). That
/// radius is 1.5 standard deviations of one axis.
pub(crate) const ACCURACY_NOISES: f64 = 1.5;
/// A claimed noise above this counts as this, metres. A fix that is no outlier is hardly worse than in a street canyon.
const WORST_NOISE_M: f64 = 60.0;

/// A reading as the fold and the arrival estimate use it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    #[serde(with = "time")]
    pub(crate) at: Timestamp,
    #[serde(with = "point")]
    pub(crate) point: Point,
    pub(crate) speed_kmh: Option<f64>,
    pub(crate) heading_deg: Option<f64>,
    /// One standard deviation along each axis, metres.
    pub(crate) noise_m: f64,
}

impl Fix {
    /// A fix without speed, heading or accuracy, from a receiver of average noise.
    pub const fn new(point: Point, at: Timestamp) -> Self {
        Self { at, point, speed_kmh: None, heading_deg: None, noise_m: Thresholds::DEFAULT.noise_m }
    }

    /// A position as a fix. `learned_m` is the noise that this receiver showed while its vehicle stood; before that, the
    /// thresholds assume one. The device's own accuracy can make the noise larger, never smaller.
    pub(crate) fn of_position(position: &Position, learned_m: Option<f64>, thresholds: &Thresholds) -> Self {
        let known_m = learned_m.unwrap_or(thresholds.noise_m);
        let claimed_m = position.accuracy.map_or(0.0, |accuracy| accuracy.get() / ACCURACY_NOISES);
        Self {
            at: position.at,
            point: position.into(),
            speed_kmh: position.speed.map(|speed| speed.get()),
            heading_deg: position.heading.map(|heading| heading.get()),
            noise_m: claimed_m.min(WORST_NOISE_M).max(known_m),
        }
    }

    /// Where the receiver was.
    pub const fn point(&self) -> Point {
        self.point
    }

    /// When the reading was taken.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Seconds since an earlier fix, a thousandth at least, so that they can be divided by.
    pub(crate) fn seconds_since(&self, earlier: Timestamp) -> f64 {
        seconds(self.at.ms_since(earlier))
    }
}

/// Milliseconds as seconds, a thousandth at least, so that they can be divided by.
pub(crate) fn seconds(ms: i64) -> f64 {
    ms.max(1) as f64 / 1000.0
}

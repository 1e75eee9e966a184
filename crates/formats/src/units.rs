//! Units of speed in files.

use crate::options_error::OptionsError;
use std::str::FromStr;

/// A unit of speed. Feeds differ, and the same feed may change its unit from one year to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SpeedUnit {
    /// Kilometres an hour.
    #[default]
    Kmh,
    /// Metres a second.
    Ms,
    /// Statute miles an hour (1.609344 km, exactly).
    Mph,
    /// Nautical miles an hour (1.852 km, exactly).
    Knots,
}

impl SpeedUnit {
    /// How many km/h one of this unit is.
    pub const fn kmh(self) -> f64 {
        match self {
            Self::Kmh => 1.0,
            Self::Ms => 3.6,
            Self::Mph => 1.609_344,
            Self::Knots => 1.852,
        }
    }

    /// The unit in a column's name: `speed_mph`, `speed (m/s)`.
    pub(crate) fn in_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let has = |unit: &str| name.contains(unit);
        if has("mph") {
            Some(Self::Mph)
        } else if has("kmh") || has("km/h") || has("kph") {
            Some(Self::Kmh)
        } else if has("knot") || name.ends_with("_kn") {
            Some(Self::Knots)
        } else if has("m/s") || has("mps") || name.ends_with("_ms") {
            Some(Self::Ms)
        } else {
            None
        }
    }
}

impl FromStr for SpeedUnit {
    type Err = OptionsError;

    fn from_str(text: &str) -> Result<Self, OptionsError> {
        match text.to_ascii_lowercase().as_str() {
            "kmh" | "km/h" | "kph" => Ok(Self::Kmh),
            "ms" | "m/s" | "mps" => Ok(Self::Ms),
            "mph" => Ok(Self::Mph),
            "knots" | "kn" | "kt" => Ok(Self::Knots),
            _ => Err(OptionsError::new(format!("speed unit {text:?} must be kmh, ms, mph or knots"))),
        }
    }
}

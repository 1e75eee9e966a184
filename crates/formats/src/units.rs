//! Units of speed, length and volume in files.

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

    pub(crate) const fn unit(self) -> Unit {
        let name = match self {
            Self::Kmh => "km/h",
            Self::Ms => "m/s",
            Self::Mph => "mph",
            Self::Knots => "knots",
        };
        unit(name, self.kmh())
    }
}

impl FromStr for SpeedUnit {
    type Err = OptionsError;

    fn from_str(text: &str) -> Result<Self, OptionsError> {
        let named = Quantity::Speed.unit_named(text);
        [Self::Kmh, Self::Ms, Self::Mph, Self::Knots]
            .into_iter()
            .find(|unit| Some(unit.unit()) == named)
            .ok_or_else(|| OptionsError::new(format!("speed unit {text:?} must be kmh, ms, mph or knots")))
    }
}

/// A unit and what makes Milepost's own of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Unit {
    pub(crate) name: &'static str,
    factor: f64,
    /// Dividing by a thousand keeps the digits, where multiplying by a thousandth would not.
    divisor: f64,
}

impl Unit {
    pub(crate) fn convert(self, value: f64) -> f64 {
        value * self.factor / self.divisor
    }
}

/// What a number measures. The first unit of each is Milepost's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    Speed,
    /// Degrees of a place or a direction.
    Angle,
    /// Heights and accuracies.
    Length,
    /// Odometers.
    Distance,
    Volume,
}

impl Quantity {
    pub(crate) fn own_unit(self) -> Unit {
        self.units()[0].1
    }

    /// The unit with this name: `km/h`, `KPH`, `m_s`, `Knots`.
    pub(crate) fn unit_named(self, name: &str) -> Option<Unit> {
        let key = key(name);
        self.units().iter().find(|(names, _)| names.contains(&key.as_str())).map(|(_, unit)| *unit)
    }

    /// Names are letters and digits in lower case, as [`key`] gives them.
    fn units(self) -> &'static [Named] {
        match self {
            Self::Speed => SPEEDS,
            Self::Angle => ANGLES,
            Self::Length => LENGTHS,
            Self::Distance => DISTANCES,
            Self::Volume => VOLUMES,
        }
    }
}

type Named = (&'static [&'static str], Unit);

const fn unit(name: &'static str, factor: f64) -> Unit {
    Unit { name, factor, divisor: 1.0 }
}

const fn part(name: &'static str, divisor: f64) -> Unit {
    Unit { name, factor: 1.0, divisor }
}

const SPEEDS: &[Named] = &[
    (&["kmh", "kph", "kmph", "kmhr", "kmperhour", "kilometersperhour"], SpeedUnit::Kmh.unit()),
    (&["ms", "mps", "mpersec", "msec", "meterspersecond", "metrespersecond"], SpeedUnit::Ms.unit()),
    (&["mph", "mih", "milesperhour"], SpeedUnit::Mph.unit()),
    (&["knots", "knot", "kn", "kt", "kts"], SpeedUnit::Knots.unit()),
    (&["fts", "fps", "ftsec", "feetpersecond"], unit("ft/s", 1.097_28)),
];
const ANGLES: &[Named] = &[
    (&["", "deg", "degs", "degree", "degrees", "dd", "decimal", "decimaldegrees", "wgs84"], unit("°", 1.0)),
    (&["e7"], part("1e-7 °", 1e7)),
];
const LENGTHS: &[Named] = &[
    (&["m", "meter", "meters", "metre", "metres", "mtr", "msl", "mmsl"], unit("m", 1.0)),
    (&["ft", "feet", "foot"], unit("ft", 0.3048)),
    (&["km"], unit("km", 1000.0)),
];
const DISTANCES: &[Named] = &[
    (&["km", "kms", "kilometers", "kilometres"], unit("km", 1.0)),
    (&["m", "meter", "meters", "metre", "metres"], part("m", 1000.0)),
    (&["mi", "mile", "miles"], unit("mi", 1.609_344)),
];
const VOLUMES: &[Named] = &[
    (&["l", "liter", "liters", "litre", "litres", "ltr"], unit("l", 1.0)),
    (&["ml"], part("ml", 1000.0)),
    (&["galus", "usgal"], unit("US gal", 3.785_411_784)),
    (&["galuk", "ukgal", "impgal"], unit("imp gal", 4.546_09)),
];

/// The letters and digits of a name, in lower case: `Speed (km/h)` and `speed_kmh` are the same.
pub(crate) fn key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

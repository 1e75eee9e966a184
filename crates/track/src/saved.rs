//! How the domain's values, which know no format, are kept in a saved state: times as Unix milliseconds, places as
//! pairs of degrees. Reading checks them again.

use milepost_domain::{IncidentKind, Timestamp};
use milepost_geo::Point;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

fn to_time<E: Error>(ms: i64) -> Result<Timestamp, E> {
    Timestamp::from_unix_ms(ms).ok_or_else(|| E::custom("time out of range"))
}

fn to_point<E: Error>((latitude, longitude): (f64, f64)) -> Result<Point, E> {
    Point::from_degrees(latitude, longitude).map_err(E::custom)
}

const fn degrees(point: Point) -> (f64, f64) {
    (point.latitude.get(), point.longitude.get())
}

/// A [`Timestamp`].
pub(crate) mod time {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Timestamp, to_time};

    pub(crate) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        at.unix_ms().serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        to_time(i64::deserialize(from)?)
    }
}

/// An optional [`Timestamp`].
pub(crate) mod optional_time {
    use super::{Deserialize, Deserializer, Serialize, Serializer, Timestamp, to_time};

    pub(crate) fn serialize<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        at.map(Timestamp::unix_ms).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        Option::<i64>::deserialize(from)?.map(to_time).transpose()
    }
}

/// A [`Point`].
pub(crate) mod point {
    use super::{Deserialize, Deserializer, Point, Serialize, Serializer, degrees, to_point};

    pub(crate) fn serialize<S: Serializer>(point: &Point, to: S) -> Result<S::Ok, S::Error> {
        degrees(*point).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Point, D::Error> {
        to_point(<(f64, f64)>::deserialize(from)?)
    }
}

/// An optional [`Point`].
pub(crate) mod optional_point {
    use super::{Deserialize, Deserializer, Point, Serialize, Serializer, degrees, to_point};

    pub(crate) fn serialize<S: Serializer>(point: &Option<Point>, to: S) -> Result<S::Ok, S::Error> {
        point.map(degrees).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Point>, D::Error> {
        Option::<(f64, f64)>::deserialize(from)?.map(to_point).transpose()
    }
}

/// An [`IncidentKind`], by the name of its variant.
pub(crate) mod incident_kind {
    use super::{Deserialize, Deserializer, Error, IncidentKind, Serializer};

    pub(crate) fn serialize<S: Serializer>(kind: &IncidentKind, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{kind:?}"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<IncidentKind, D::Error> {
        let name = String::deserialize(from)?;
        let found = IncidentKind::ALL.into_iter().find(|kind| format!("{kind:?}") == name);
        found.ok_or_else(|| D::Error::custom("no kind of incident"))
    }
}

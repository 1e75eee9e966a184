//! Geofences: areas on the map that vehicles enter and leave.

use crate::ids::number_id;
use crate::{Invalid, Label, RadiusM, Schedule, SpeedKmh, TenantId, Timestamp, VehicleId, WidthM, ZoneName};

/// The largest number of geofences of a tenant. Adding another is refused.
pub const MAX_GEOFENCES: u32 = 100_000;

number_id!(
    /// A geofence's number, unique in its tenant, from 1.
    GeofenceId,
    "geofence_id"
);

/// A GeoJSON geometry as it was given. The domain knows no format, so the text must have been parsed before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GeometryText(String);

impl GeometryText {
    /// Longest text, bytes: ten thousand corners with all the digits that anybody writes.
    pub const MAX_BYTES: usize = 1024 * 1024;

    /// `parsed` is a geometry's text.
    ///
    /// # Errors
    /// [`Invalid`] when it is too long.
    pub fn of_parsed(parsed: String) -> Result<Self, Invalid> {
        if parsed.len() <= Self::MAX_BYTES {
            Ok(Self(parsed))
        } else {
            Err(Invalid::new("geometry", "must not be longer than 1048576 bytes"))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The shape that a geometry describes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GeofenceShape {
    /// A `Polygon`, with holes or without.
    Polygon,
    /// A `MultiPolygon`.
    MultiPolygon,
    /// A `Point`, and everything within the radius.
    Circle(RadiusM),
    /// A `LineString`, and everything within the width on either side.
    Corridor(WidthM),
}

impl GeofenceShape {
    /// `polygon`, `multipolygon`, `circle`, `corridor`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Polygon => "polygon",
            Self::MultiPolygon => "multipolygon",
            Self::Circle(_) => "circle",
            Self::Corridor(_) => "corridor",
        }
    }
}

/// Which crossings of the edge give facts. Both by default; neither if only dwelling or the speed limit is of interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CrossingTriggers {
    /// Entering gives a fact.
    pub enter: bool,
    /// Leaving gives a fact.
    pub exit: bool,
}

impl Default for CrossingTriggers {
    fn default() -> Self {
        Self { enter: true, exit: true }
    }
}

/// A vehicle that stays inside for this long gives a fact, once a visit. Seconds, 1 to 2,592,000 (30 days).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DwellTime(u32);

impl DwellTime {
    /// # Errors
    /// [`Invalid`] out of range.
    pub const fn from_seconds(seconds: u32) -> Result<Self, Invalid> {
        if seconds >= 1 && seconds <= 30 * 24 * 60 * 60 {
            Ok(Self(seconds))
        } else {
            Err(Invalid::new("dwell_s", "must be a whole number from 1 to 2592000 (seconds)"))
        }
    }

    /// Seconds.
    pub const fn seconds(self) -> u32 {
        self.0
    }
}

/// The vehicles that a geofence is for: 1 to 1,000, sorted, each once. They need not exist (yet).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VehicleList(Vec<VehicleId>);

impl VehicleList {
    /// Longest list.
    pub const MAX: usize = 1_000;

    /// # Errors
    /// [`Invalid`] for none, or too many.
    pub fn new(mut vehicles: Vec<VehicleId>) -> Result<Self, Invalid> {
        vehicles.sort_unstable();
        vehicles.dedup();
        if (1..=Self::MAX).contains(&vehicles.len()) {
            Ok(Self(vehicles))
        } else {
            Err(Invalid::new("vehicle_ids", "must name 1 to 1000 vehicles; leave it out for all of them"))
        }
    }

    /// In the order of their ids.
    pub fn as_slice(&self) -> &[VehicleId] {
        &self.0
    }

    /// Is this vehicle one of them?
    pub fn holds(&self, vehicle: &VehicleId) -> bool {
        self.0.binary_search(vehicle).is_ok()
    }
}

/// The properties of a geofence that a user sets.
#[derive(Debug, Clone, PartialEq)]
pub struct GeofenceDescription {
    /// Text for people.
    pub name: Label,
    /// GeoJSON.
    pub geometry: GeometryText,
    /// What the geometry means.
    pub shape: GeofenceShape,
    /// Which crossings give facts.
    pub on: CrossingTriggers,
    /// The dwell time, if dwelling gives a fact.
    pub dwell: Option<DwellTime>,
    /// The speed limit inside.
    pub speed_limit: Option<SpeedKmh>,
    /// The vehicles that it is for; without a list, all of the tenant.
    pub vehicles: Option<VehicleList>,
    /// When it is in force; without a schedule, always.
    pub schedule: Option<Schedule>,
}

/// A stored geofence.
#[derive(Debug, Clone, PartialEq)]
pub struct Geofence {
    /// Unique in its tenant.
    pub id: GeofenceId,
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// What a user set.
    pub description: GeofenceDescription,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
}

impl Geofence {
    /// Is it in force for this vehicle at this instant? `zone_offset_s` is that of [`Schedule::is_on`].
    pub fn concerns(&self, vehicle: &VehicleId, at: Timestamp, zone_offset_s: impl FnOnce(&ZoneName) -> i64) -> bool {
        self.description.vehicles.as_ref().is_none_or(|vehicles| vehicles.holds(vehicle))
            && self.description.schedule.as_ref().is_none_or(|schedule| schedule.is_on(at, zone_offset_s))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::{DwellTime, GeometryText, VehicleList};
    use crate::VehicleId;

    #[test]
    fn a_list_of_vehicles_is_sorted_bounded_and_never_empty() {
        let id = |name: &str| VehicleId::new(name).unwrap();
        let list = VehicleList::new(vec![id("c"), id("a"), id("c"), id("B")]).unwrap();
        assert_eq!(list.as_slice(), [id("B"), id("a"), id("c")]);
        assert!(list.holds(&id("a")) && !list.holds(&id("b")));
        assert_eq!(VehicleList::new(Vec::new()).unwrap_err().field, "vehicle_ids");
        let many = |count: usize| (0..count).map(|number| id(&format!("v{number}"))).collect();
        assert!(VehicleList::new(many(VehicleList::MAX)).is_ok());
        assert!(VehicleList::new(many(VehicleList::MAX + 1)).is_err());
    }

    #[test]
    fn times_and_texts_out_of_range_are_refused() {
        assert!(DwellTime::from_seconds(0).is_err() && DwellTime::from_seconds(2_592_001).is_err());
        assert_eq!(DwellTime::from_seconds(2_592_000).unwrap().seconds(), 2_592_000);
        assert!(GeometryText::of_parsed("x".repeat(GeometryText::MAX_BYTES)).is_ok());
        assert!(GeometryText::of_parsed("x".repeat(GeometryText::MAX_BYTES + 1)).is_err());
    }
}

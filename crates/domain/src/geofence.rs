//! A geofence: a place on the map that a tenant wants to hear about when its vehicles come and go.

use crate::ids::number_id;
use crate::{Invalid, Label, RadiusM, Schedule, SpeedKmh, TenantId, Timestamp, VehicleId, WidthM};

/// Geofences of one tenant at most. Whoever adds one more is refused.
pub const MAX_GEOFENCES: u32 = 100_000;

number_id!(
    /// A geofence's number, unique over all tenants, from 1.
    GeofenceId,
    "geofence_id"
);

/// A GeoJSON geometry as text, as it was given. Whoever makes one has parsed it: the domain knows no format.
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

/// What its geometry means.
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

/// Which crossings of its edge are told. Both by default; neither where only its dwell or its speed limit is of
/// interest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ToldCrossings {
    /// Coming in.
    pub enter: bool,
    /// Leaving.
    pub exit: bool,
}

impl Default for ToldCrossings {
    fn default() -> Self {
        Self { enter: true, exit: true }
    }
}

/// For how long a vehicle stays inside before that is told, once a visit. Seconds, 1 to 2,592,000 (30 days).
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

/// The vehicles that a geofence is about: 1 to 1,000, sorted, each once. They need not exist (yet).
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

/// A geofence as its keeper describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct GeofenceDescription {
    /// For people.
    pub name: Label,
    /// GeoJSON.
    pub geometry: GeometryText,
    /// What the geometry means.
    pub shape: GeofenceShape,
    /// Which crossings are told.
    pub on: ToldCrossings,
    /// Told once a visit that lasts so long.
    pub dwell: Option<DwellTime>,
    /// The speed limit inside.
    pub speed_limit: Option<SpeedKmh>,
    /// The vehicles that it is about; all of the tenant's if none.
    pub vehicles: Option<VehicleList>,
    /// When it is on; always if none.
    pub schedule: Option<Schedule>,
}

/// A stored geofence.
#[derive(Debug, Clone, PartialEq)]
pub struct Geofence {
    /// Its number.
    pub id: GeofenceId,
    /// Whose.
    pub tenant: TenantId,
    /// What it is.
    pub description: GeofenceDescription,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
}

impl Geofence {
    /// Is it about this vehicle, at this instant?
    pub fn concerns(&self, vehicle: &VehicleId, at: Timestamp) -> bool {
        self.description.vehicles.as_ref().is_none_or(|vehicles| vehicles.holds(vehicle))
            && self.description.schedule.is_none_or(|schedule| schedule.is_on(at))
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

//! Roaming fences: circles that move with vehicles, and which others come into.

use crate::ids::number_id;
use crate::{DwellTime, Invalid, Label, RadiusM, TenantId, Timestamp, Vehicle, VehicleId, VehicleKind, VehicleList};

/// The largest number of roaming fences of a tenant. Adding another is refused.
pub const MAX_ROAMING_FENCES: usize = 1_000;

number_id!(
    /// A roaming fence's number, unique in its tenant, from 1.
    RoamingFenceId,
    "roaming_fence_id"
);

/// Vehicles by their ids, kinds or routes: those that have one of them. Without any, all vehicles.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VehicleSelection {
    /// These vehicles. It is empty once all that a user named were removed.
    pub vehicles: Option<VehicleList>,
    kinds: Vec<VehicleKind>,
    routes: Vec<Label>,
}

impl VehicleSelection {
    /// The most kinds, and the most routes.
    pub const MAX_NAMES: usize = 100;

    /// From lists, in any order.
    ///
    /// # Errors
    /// [`Invalid`] for too many kinds or routes.
    pub fn new(
        vehicles: Option<VehicleList>,
        mut kinds: Vec<VehicleKind>,
        mut routes: Vec<Label>,
    ) -> Result<Self, Invalid> {
        kinds.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        kinds.dedup();
        routes.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        routes.dedup();
        if kinds.len() > Self::MAX_NAMES {
            return Err(Invalid::new("kinds", "must not name more than 100 kinds"));
        }
        if routes.len() > Self::MAX_NAMES {
            return Err(Invalid::new("routes", "must not name more than 100 routes"));
        }
        Ok(Self { vehicles, kinds, routes })
    }

    /// The kinds, sorted, each once.
    pub fn kinds(&self) -> &[VehicleKind] {
        &self.kinds
    }

    /// The routes, sorted, each once.
    pub fn routes(&self) -> &[Label] {
        &self.routes
    }

    /// Whether it selects a vehicle.
    pub fn holds(&self, vehicle: &Vehicle) -> bool {
        let is_all = self.vehicles.is_none() && self.kinds.is_empty() && self.routes.is_empty();
        is_all
            || self.vehicles.as_ref().is_some_and(|list| list.holds(&vehicle.id))
            || self.kinds.contains(&vehicle.kind)
            || vehicle.route.as_ref().is_some_and(|route| self.routes.contains(route))
    }

    /// Without a vehicle that was removed; `None` if it did not name it.
    #[must_use]
    pub fn without(&self, removed: &VehicleId) -> Option<Self> {
        let list = self.vehicles.as_ref().filter(|list| list.holds(removed))?;
        let rest = list.as_slice().iter().filter(|id| *id != removed).cloned().collect();
        let vehicles = VehicleList::stored(rest).ok();
        Some(Self { vehicles, ..self.clone() })
    }
}

/// What of an encounter raises an alert. Both by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncounterTriggers {
    /// That two vehicles met.
    pub meet: bool,
    /// That they parted.
    pub part: bool,
}

impl Default for EncounterTriggers {
    fn default() -> Self {
        Self { meet: true, part: true }
    }
}

/// The properties of a roaming fence that a user sets.
#[derive(Debug, Clone, PartialEq)]
pub struct RoamingFenceDescription {
    /// Text for people.
    pub name: Label,
    /// Two vehicles that are no farther from each other are near.
    pub radius: RadiusM,
    /// They meet when they have been near for so long; without it, at once.
    pub dwell: Option<DwellTime>,
    /// What raises alerts.
    pub on: EncounterTriggers,
    /// The vehicles that it moves with.
    pub vehicles: VehicleSelection,
    /// The vehicles that come near; without them, other ones of `vehicles`.
    pub others: Option<VehicleSelection>,
}

impl RoamingFenceDescription {
    /// Whether an encounter of these two concerns it, in either role.
    pub fn concerns(&self, one: &Vehicle, other: &Vehicle) -> bool {
        let others = self.others.as_ref().unwrap_or(&self.vehicles);
        self.vehicles.holds(one) && others.holds(other) || self.vehicles.holds(other) && others.holds(one)
    }
}

/// A stored roaming fence.
#[derive(Debug, Clone, PartialEq)]
pub struct RoamingFence {
    /// Unique in its tenant.
    pub id: RoamingFenceId,
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// What a user set.
    pub description: RoamingFenceDescription,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// Counts up with each change.
    pub version: i64,
}

/// Two vehicles that met, or have been near for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encounter {
    /// One of them.
    pub vehicle: VehicleId,
    /// The other one.
    pub other: VehicleId,
    /// Since when they were near, by the time of their positions.
    pub began_at: Timestamp,
    /// When they had been near for long enough.
    pub met_at: Option<Timestamp>,
    /// When they were far from each other again.
    pub parted_at: Option<Timestamp>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn vehicle(id: &str, kind: &str, route: Option<&str>) -> Vehicle {
        let (id, kind) = (VehicleId::new(id).unwrap(), VehicleKind::new(kind).unwrap());
        Vehicle {
            route: route.map(|route| Label::new(route).unwrap()),
            ..Vehicle::new(id, kind, Label::new("x").unwrap())
        }
    }

    #[test]
    fn a_selection_holds_what_has_one_of_its_names_and_all_without_names() {
        let (bus, van) = (vehicle("b", "bus", Some("12")), vehicle("v", "van", None));
        let ids =
            |names: &[&str]| VehicleList::new(names.iter().map(|name| VehicleId::new(name).unwrap()).collect()).ok();
        let kind = |name: &str| vec![VehicleKind::new(name).unwrap()];
        let all = VehicleSelection::default();
        let of_v = VehicleSelection::new(ids(&["v"]), Vec::new(), Vec::new()).unwrap();
        let buses = VehicleSelection::new(None, kind("bus"), Vec::new()).unwrap();
        let of_12 = VehicleSelection::new(None, Vec::new(), vec![Label::new("12").unwrap()]).unwrap();
        for (selection, expected) in
            [(&all, (true, true)), (&of_v, (false, true)), (&buses, (true, false)), (&of_12, (true, false))]
        {
            assert_eq!((selection.holds(&bus), selection.holds(&van)), expected, "{selection:?}");
        }
        // A removed vehicle leaves an empty list, not all vehicles.
        let none = of_v.without(&van.id).unwrap();
        assert!(!none.holds(&van) && !none.holds(&bus));
        assert!(buses.without(&van.id).is_none());
        let many = (0..101).map(|number| VehicleKind::new(&number.to_string()).unwrap()).collect();
        assert!(VehicleSelection::new(None, many, Vec::new()).is_err());
    }

    #[test]
    fn two_vehicles_concern_a_fence_in_either_role() {
        let (bus, van) = (vehicle("b", "bus", None), vehicle("v", "van", None));
        let of_kind =
            |name: &str| VehicleSelection::new(None, vec![VehicleKind::new(name).unwrap()], Vec::new()).unwrap();
        let mut fence = RoamingFenceDescription {
            name: Label::new("x").unwrap(),
            radius: RadiusM::new(50.0).unwrap(),
            dwell: None,
            on: EncounterTriggers::default(),
            vehicles: of_kind("bus"),
            others: Some(of_kind("van")),
        };
        assert!(fence.concerns(&bus, &van) && fence.concerns(&van, &bus) && !fence.concerns(&bus, &bus));
        fence.others = None;
        assert!(fence.concerns(&bus, &bus) && !fence.concerns(&bus, &van));
    }
}

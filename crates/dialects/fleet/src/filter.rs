//! A viewer's selection: some types of messages, some vehicles, or everything.

use milepost_domain::{Fact, VehicleId};
use std::collections::HashSet;

/// A type of message that a viewer can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageType {
    /// `fleet_dashboard_update`.
    Dashboard,
    /// `vehicle_location_update`.
    Location,
    /// `driver_event_update`.
    Driving,
    /// `geofence_violation_update`.
    Crossing,
    /// `trip_update`.
    Trip,
    /// `maintenance_alert_update`.
    Service,
    /// `alert`.
    Alert,
    /// `alert_read`.
    AlertRead,
    /// `alert_deleted`.
    AlertDeleted,
}

impl MessageType {
    /// All types, in the documented order.
    pub const ALL: [Self; 9] = [
        Self::Dashboard,
        Self::Location,
        Self::Driving,
        Self::Crossing,
        Self::Trip,
        Self::Service,
        Self::Alert,
        Self::AlertRead,
        Self::AlertDeleted,
    ];

    /// The type's name in messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dashboard => "fleet_dashboard_update",
            Self::Location => "vehicle_location_update",
            Self::Driving => "driver_event_update",
            Self::Crossing => "geofence_violation_update",
            Self::Trip => "trip_update",
            Self::Service => "maintenance_alert_update",
            Self::Alert => "alert",
            Self::AlertRead => "alert_read",
            Self::AlertDeleted => "alert_deleted",
        }
    }

    /// Finds a type by its name in messages.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The type of a fact's messages; `None` for a fact that is not about the fleet.
    pub const fn of(fact: &Fact) -> Option<Self> {
        match fact {
            Fact::TripChanged(_) => Some(Self::Trip),
            Fact::FenceCrossed(_) => Some(Self::Crossing),
            Fact::DrivingNoted(_) => Some(Self::Driving),
            Fact::ServiceDue(_) => Some(Self::Service),
            Fact::AlertRaised(_) => Some(Self::Alert),
            Fact::AlertRead { .. } => Some(Self::AlertRead),
            Fact::AlertDeleted { .. } => Some(Self::AlertDeleted),
            _ => None,
        }
    }
}

/// The vehicle that a fact is about. Facts about a read or deleted alert have none: viewers know the alert by its id.
pub(crate) fn vehicle_of(fact: &Fact) -> Option<&VehicleId> {
    match fact {
        Fact::TripChanged(update) => Some(&update.trip.vehicle_id),
        Fact::FenceCrossed(crossing) => Some(&crossing.vehicle_id),
        Fact::DrivingNoted(event) => Some(&event.vehicle_id),
        Fact::ServiceDue(due) => Some(&due.vehicle_id),
        Fact::AlertRaised(alert) => alert.vehicle_id.as_ref(),
        _ => None,
    }
}

/// A viewer's selection from what it may see. An empty list selects everything. Messages about no vehicle are sent for
/// every selection of vehicles.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The selected types of messages.
    pub types: Vec<MessageType>,
    /// Ids of the selected vehicles.
    pub vehicles: HashSet<String>,
}

impl Filter {
    /// Whether messages of this type are selected.
    pub fn wants(&self, kind: MessageType) -> bool {
        self.types.is_empty() || self.types.contains(&kind)
    }

    /// Whether messages about this vehicle are selected.
    pub fn wants_vehicle(&self, vehicle: Option<&VehicleId>) -> bool {
        self.vehicles.is_empty() || vehicle.is_none_or(|vehicle| self.vehicles.contains(vehicle.as_str()))
    }

    /// Whether the location of this vehicle is selected.
    pub fn wants_place_of(&self, vehicle: &VehicleId) -> bool {
        self.wants(MessageType::Location) && self.wants_vehicle(Some(vehicle))
    }

    /// Whether messages about this fact are selected.
    pub fn wants_fact(&self, fact: &Fact) -> bool {
        MessageType::of(fact).is_some_and(|kind| self.wants(kind)) && self.wants_vehicle(vehicle_of(fact))
    }
}

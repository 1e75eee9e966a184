//! Facts of a fleet, as they are published.

use crate::names::named_values;
use crate::{GeofenceId, Label, Latitude, Longitude, NotificationText, Severity, Timestamp, Trip, UserId, VehicleId};

/// Whether a fact is new, or changes one that was published before late positions came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Revision {
    /// Published for the first time, from a new position.
    New,
    /// Published for the first time, from a late position: it happened before what was published meanwhile.
    Added,
    /// Published before with other values.
    Corrected,
    /// Published before, but did not happen.
    Withdrawn,
    /// Published before as this driver's, and another's by now. That driver alone gets it, as something that it did not do.
    Reassigned,
}

named_values!(Revision, "telling", "must be new, added, corrected, withdrawn or reassigned", {
    New => "new",
    Added => "added",
    Corrected => "corrected",
    Withdrawn => "withdrawn",
    Reassigned => "reassigned",
});

impl Revision {
    /// The name for applications that do not distinguish added events from corrected ones.
    pub const fn telling(self) -> &'static str {
        match self {
            Self::Added => Self::Corrected.as_str(),
            Self::Reassigned => Self::Withdrawn.as_str(),
            other => other.as_str(),
        }
    }

    /// Whether it did not happen, as far as those know who get it.
    pub const fn is_withdrawn(self) -> bool {
        matches!(self, Self::Withdrawn | Self::Reassigned)
    }

    /// What late positions changed: added, mended or withdrawn; `None` for what is new.
    pub const fn change(self) -> Option<&'static str> {
        match self {
            Self::New => None,
            Self::Corrected => Some("mended"),
            Self::Added => Some(self.as_str()),
            Self::Withdrawn | Self::Reassigned => Some(Self::Withdrawn.as_str()),
        }
    }
}

/// A trip that started, ended, or was corrected. That a running one goes on is no fact: nothing is stored of it but the trip.
#[derive(Debug, Clone, PartialEq)]
pub struct TripUpdate {
    /// As it is now; a withdrawn trip as it was published last.
    pub trip: Trip,
    /// New, corrected or withdrawn.
    pub revision: Revision,
}

/// What a vehicle did at a geofence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FenceEvent {
    /// It entered.
    Enter,
    /// It left.
    Exit,
    /// It stayed for the fence's dwell time.
    Dwell,
}

named_values!(FenceEvent, "violation_type", "must be enter, exit or dwell", {
    Enter => "enter",
    Exit => "exit",
    Dwell => "dwell",
});

/// A vehicle crossed a geofence's edge, or stayed inside.
#[derive(Debug, Clone, PartialEq)]
pub struct FenceCrossing {
    /// The vehicle concerned.
    pub vehicle_id: VehicleId,
    /// The driver, if known.
    pub driver_id: Option<UserId>,
    /// The geofence crossed.
    pub geofence_id: GeofenceId,
    /// The geofence's name at that time.
    pub geofence_name: Label,
    /// What the vehicle did.
    pub event: FenceEvent,
    /// Degrees north.
    pub latitude: Latitude,
    /// Degrees east.
    pub longitude: Longitude,
    /// When; interpolated if it crossed between two fixes.
    pub at: Timestamp,
    /// New, added, corrected or withdrawn.
    pub revision: Revision,
    /// When the visit began that the crossing belongs to: vehicle, geofence and this time identify it. `None` in what was
    /// stored before it was kept.
    pub visit: Option<Timestamp>,
    /// When the same visit began as it was published before, if it was.
    pub corrects: Option<Timestamp>,
}

impl FenceCrossing {
    /// The name of a visit that began at this time, unique within the tenant.
    pub fn visit_id(&self, entered_at: Timestamp) -> String {
        format!("{}-{}-{}", self.geofence_id, entered_at.unix_ms(), self.vehicle_id)
    }
}

/// A kind of dangerous driving.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DrivingKind {
    /// Over the speed limit.
    Speeding,
    /// Slowed down too hard.
    HarshBraking,
    /// Sped up too hard.
    HarshAcceleration,
    /// Turned too fast.
    HarshCornering,
}

named_values!(DrivingKind, "event_type", "must be speeding, harsh_braking, harsh_acceleration or harsh_cornering", {
    Speeding => "speeding",
    HarshBraking => "harsh_braking",
    HarshAcceleration => "harsh_acceleration",
    HarshCornering => "harsh_cornering",
});

/// One case of dangerous driving.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrivingEvent {
    /// The vehicle concerned.
    pub vehicle_id: VehicleId,
    /// The driver, if known.
    pub driver_id: Option<UserId>,
    /// What happened.
    pub kind: DrivingKind,
    /// How urgent it is.
    pub severity: Severity,
    /// Text for people.
    pub description: NotificationText,
    /// When it happened.
    pub at: Timestamp,
    /// New, added, corrected or withdrawn.
    pub revision: Revision,
    /// When it happened as it was published before, if it was.
    pub corrects: Option<Timestamp>,
}

/// What makes a service due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceBasis {
    /// The odometer.
    Odometer,
    /// The calendar.
    Date,
}

named_values!(ServiceBasis, "basis", "must be odometer or date", {
    Odometer => "odometer",
    Date => "date",
});

/// A vehicle is due for service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDue {
    /// The vehicle concerned.
    pub vehicle_id: VehicleId,
    /// Odometer or calendar.
    pub basis: ServiceBasis,
    /// How urgent it is.
    pub severity: Severity,
    /// Text for people.
    pub description: NotificationText,
    /// Since when.
    pub at: Timestamp,
    /// New, added, corrected or withdrawn.
    pub revision: Revision,
    /// Since when as it was published before, if it was.
    pub corrects: Option<Timestamp>,
}

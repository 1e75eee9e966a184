//! Facts of a fleet, as they are published.

use crate::names::named_values;
use crate::{GeofenceId, Label, Latitude, Longitude, NotificationText, Severity, Timestamp, Trip, UserId, VehicleId};

/// Whether a fact is new, or changes one that was published before late positions came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Revision {
    /// Published for the first time.
    New,
    /// Published before with other values.
    Corrected,
    /// Published before, but did not happen.
    Withdrawn,
}

named_values!(Revision, "telling", "must be new, corrected or withdrawn", {
    New => "new",
    Corrected => "corrected",
    Withdrawn => "withdrawn",
});

/// A trip that started, went on, ended, or was corrected.
#[derive(Debug, Clone, PartialEq)]
pub struct TripUpdate {
    /// As it is now; a withdrawn trip as it was published last.
    pub trip: Trip,
    /// New, corrected or withdrawn.
    pub revision: Revision,
    /// Start and status are as published before; only the figures grew. Webhooks do not get it.
    pub is_progress: bool,
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
    /// New, corrected or withdrawn.
    pub revision: Revision,
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
    /// New, corrected or withdrawn.
    pub revision: Revision,
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
    /// New, corrected or withdrawn.
    pub revision: Revision,
}

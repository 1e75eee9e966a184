//! What happened to a fleet, as it is told.

use crate::names::named_values;
use crate::{GeofenceId, Label, Latitude, Longitude, NotificationText, Severity, Timestamp, Trip, UserId, VehicleId};

/// Is it told for the first time, or is something mended that was told before positions came late?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Revision {
    /// For the first time.
    New,
    /// It was otherwise than was told; so it was.
    Corrected,
    /// It did not happen after all.
    Withdrawn,
}

named_values!(Revision, "telling", "must be new, corrected or withdrawn", {
    New => "new",
    Corrected => "corrected",
    Withdrawn => "withdrawn",
});

/// A trip that started, ended, or was mended.
#[derive(Debug, Clone, PartialEq)]
pub struct TripUpdate {
    /// As it is now; of one that was withdrawn, as it was told last.
    pub trip: Trip,
    /// Told first, or mended.
    pub revision: Revision,
    /// Its start and its status are as they were told, and only its figures grew. Of no interest to webhooks.
    pub is_progress: bool,
}

/// What a vehicle did at a geofence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FenceEvent {
    /// Came in.
    Enter,
    /// Left.
    Exit,
    /// Stayed for the fence's dwell time.
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
    /// Which vehicle.
    pub vehicle_id: VehicleId,
    /// Who drove.
    pub driver_id: Option<UserId>,
    /// Which geofence.
    pub geofence_id: GeofenceId,
    /// What it was called then.
    pub geofence_name: Label,
    /// What the vehicle did.
    pub event: FenceEvent,
    /// Where, degrees north.
    pub latitude: Latitude,
    /// Where, degrees east.
    pub longitude: Longitude,
    /// When, between two fixes if it crossed there.
    pub at: Timestamp,
    /// Told first, or mended.
    pub revision: Revision,
}

/// How somebody drove.
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

/// Something in the way somebody drove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrivingEvent {
    /// Which vehicle.
    pub vehicle_id: VehicleId,
    /// Who drove.
    pub driver_id: Option<UserId>,
    /// What.
    pub kind: DrivingKind,
    /// How much it matters.
    pub severity: Severity,
    /// For people.
    pub description: NotificationText,
    /// When.
    pub at: Timestamp,
    /// Told first, or mended.
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
    /// Which vehicle.
    pub vehicle_id: VehicleId,
    /// By what.
    pub basis: ServiceBasis,
    /// How much it matters.
    pub severity: Severity,
    /// For people.
    pub description: NotificationText,
    /// Since when.
    pub at: Timestamp,
    /// Told first, or mended.
    pub revision: Revision,
}

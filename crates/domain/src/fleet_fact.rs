//! What happened to a fleet, as it is told.

use crate::{
    GeofenceId, Invalid, Label, Latitude, Longitude, NotificationText, Severity, Timestamp, Trip, UserId, VehicleId,
};

/// Is it told for the first time, or is something mended that was told before positions came late?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Telling {
    /// For the first time.
    New,
    /// It was otherwise than was told; so it was.
    Corrected,
    /// It did not happen after all.
    Withdrawn,
}

impl Telling {
    /// All.
    pub const ALL: [Self; 3] = [Self::New, Self::Corrected, Self::Withdrawn];

    /// `new`, `corrected`, `withdrawn`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Corrected => "corrected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// # Errors
    /// [`Invalid`] for an unknown name.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|telling| telling.as_str() == name);
        found.ok_or(Invalid::new("telling", "must be new, corrected or withdrawn"))
    }
}

/// A trip that started, ended, or was mended.
#[derive(Debug, Clone, PartialEq)]
pub struct TripUpdate {
    /// As it is now; of one that was withdrawn, as it was told last.
    pub trip: Trip,
    /// Told first, or mended.
    pub telling: Telling,
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

impl FenceEvent {
    /// All.
    pub const ALL: [Self; 3] = [Self::Enter, Self::Exit, Self::Dwell];

    /// `enter`, `exit`, `dwell`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Exit => "exit",
            Self::Dwell => "dwell",
        }
    }

    /// # Errors
    /// [`Invalid`] for an unknown name.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|event| event.as_str() == name);
        found.ok_or(Invalid::new("violation_type", "must be enter, exit or dwell"))
    }
}

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
    pub telling: Telling,
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

impl DrivingKind {
    /// All.
    pub const ALL: [Self; 4] = [Self::Speeding, Self::HarshBraking, Self::HarshAcceleration, Self::HarshCornering];

    /// `speeding`, `harsh_braking`, `harsh_acceleration`, `harsh_cornering`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Speeding => "speeding",
            Self::HarshBraking => "harsh_braking",
            Self::HarshAcceleration => "harsh_acceleration",
            Self::HarshCornering => "harsh_cornering",
        }
    }

    /// # Errors
    /// [`Invalid`] for an unknown name.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == name)
            .ok_or(Invalid::new("event_type", "must be speeding, harsh_braking, harsh_acceleration or harsh_cornering"))
    }
}

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
    pub telling: Telling,
}

/// What makes a service due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceBasis {
    /// The odometer.
    Odometer,
    /// The calendar.
    Date,
}

impl ServiceBasis {
    /// `odometer`, `date`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Odometer => "odometer",
            Self::Date => "date",
        }
    }

    /// # Errors
    /// [`Invalid`] for an unknown name.
    pub fn parse(name: &str) -> Result<Self, Invalid> {
        match name {
            "odometer" => Ok(Self::Odometer),
            "date" => Ok(Self::Date),
            _ => Err(Invalid::new("basis", "must be odometer or date")),
        }
    }
}

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
    pub telling: Telling,
}

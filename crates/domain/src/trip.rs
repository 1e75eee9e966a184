//! A trip: one way of a vehicle from setting off to standing for good, found by the server or told by hand.

use crate::names::named_values;
use crate::{Latitude, Longitude, SpeedKmh, TenantId, Timestamp, TripId, UserId, VehicleId};

/// Who says that it is a trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TripOrigin {
    /// The positions.
    Auto,
    /// Somebody who started it by hand.
    Manual,
}

named_values!(TripOrigin, "origin", "must be auto or manual", {
    Auto => "auto",
    Manual => "manual",
});

/// How far a trip is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TripStatus {
    /// Under way.
    Started,
    /// It came to its end.
    Completed,
    /// Whoever started it by hand says that it was none. Not counted.
    Cancelled,
}

named_values!(TripStatus, "status", "must be started, completed or cancelled", {
    Started => "started",
    Completed => "completed",
    Cancelled => "cancelled",
});

impl TripStatus {
    /// Has it come to its end?
    pub const fn has_ended(self) -> bool {
        !matches!(self, Self::Started)
    }
}

/// What a trip's fuel was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FuelSource {
    /// The tank's levels.
    Measured,
    /// The way times the vehicle's litres for 100 km.
    Estimated,
}

named_values!(FuelSource, "fuel_source", "must be measured or estimated", {
    Measured => "measured",
    Estimated => "estimated",
});

/// Fuel that a trip burnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TripFuel {
    /// Millilitres.
    pub burnt_ml: i64,
    /// What this was taken from.
    pub source: FuelSource,
}

/// A point where a trip began or ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TripPlace {
    /// Degrees north.
    pub latitude: Latitude,
    /// Degrees east.
    pub longitude: Longitude,
}

/// A trip's figures, in whole numbers of small units, so that sums are the same in whatever order they are added.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TripFigures {
    /// Way, millimetres.
    pub distance_mm: i64,
    /// Time in motion, milliseconds.
    pub moving_ms: i64,
    /// Time standing, milliseconds.
    pub idle_ms: i64,
    /// The highest believed speed.
    pub max_speed: Option<SpeedKmh>,
    /// Fuel, if there is anything to tell it by.
    pub fuel: Option<TripFuel>,
}

/// One trip.
#[derive(Debug, Clone, PartialEq)]
pub struct Trip {
    /// A UUID of version 7.
    pub id: TripId,
    /// Whose.
    pub tenant: TenantId,
    /// The vehicle that drove.
    pub vehicle_id: VehicleId,
    /// Who drove it, as far as that is known.
    pub driver_id: Option<UserId>,
    /// Who says that it is a trip.
    pub origin: TripOrigin,
    /// How far it is.
    pub status: TripStatus,
    /// When it set off.
    pub started_at: Timestamp,
    /// When it ended: known exactly when the status says so.
    pub ended_at: Option<Timestamp>,
    /// The last position's instant that the figures know of; when it was started by hand and none came yet, that
    /// instant.
    pub followed_to: Timestamp,
    /// Where it set off; unknown when it was started by hand and no position came yet.
    pub start: Option<TripPlace>,
    /// Where it ended, or is now.
    pub end: Option<TripPlace>,
    /// How far, how long, how fast.
    pub figures: TripFigures,
    /// Counts up with each change, from 1.
    pub version: i64,
}

impl Trip {
    /// How long it took, or takes as far as it was followed, milliseconds.
    pub fn duration_ms(&self) -> i64 {
        self.ended_at.unwrap_or(self.followed_to).ms_since(self.started_at).max(0)
    }

    /// Way, km.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 9 million km")]
    pub const fn distance_km(&self) -> f64 {
        self.figures.distance_mm as f64 / 1e6
    }
}

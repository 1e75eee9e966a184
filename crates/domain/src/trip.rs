//! A trip: from setting off to standing for good. The server finds it, or a user enters it.

use crate::names::named_values;
use crate::{Latitude, Longitude, SpeedKmh, TenantId, Timestamp, TripId, UserId, VehicleId};

/// Where a trip comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TripOrigin {
    /// Found in the positions.
    Auto,
    /// Started by a user.
    Manual,
}

named_values!(TripOrigin, "origin", "must be auto or manual", {
    Auto => "auto",
    Manual => "manual",
});

/// The status of a trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TripStatus {
    /// Under way.
    Started,
    /// It has ended.
    Completed,
    /// Its user cancelled it. It does not count in statistics.
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

/// What a trip's fuel was computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FuelSource {
    /// The tank's levels.
    Measured,
    /// The distance times the vehicle's litres for 100 km.
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
    /// What this was computed from.
    pub source: FuelSource,
}

impl TripFuel {
    /// Litres.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 9 million million litres")]
    pub const fn litres(self) -> f64 {
        self.burnt_ml as f64 / 1e3
    }
}

/// A point where a trip began or ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TripPlace {
    /// Degrees north.
    pub latitude: Latitude,
    /// Degrees east.
    pub longitude: Longitude,
}

/// A trip's figures: whole numbers of small units, so that a sum does not depend on the order of adding.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TripFigures {
    /// Length, millimetres.
    pub distance_mm: i64,
    /// Time in motion, milliseconds.
    pub moving_ms: i64,
    /// Time standing, milliseconds.
    pub idle_ms: i64,
    /// The highest trusted speed.
    pub max_speed: Option<SpeedKmh>,
    /// Fuel, if it was measured or can be estimated.
    pub fuel: Option<TripFuel>,
}

/// One trip.
#[derive(Debug, Clone, PartialEq)]
pub struct Trip {
    /// A UUID of version 7.
    pub id: TripId,
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// The vehicle that drove.
    pub vehicle_id: VehicleId,
    /// The driver, if known.
    pub driver_id: Option<UserId>,
    /// Where a trip comes from.
    pub origin: TripOrigin,
    /// Its present status.
    pub status: TripStatus,
    /// When it set off.
    pub started_at: Timestamp,
    /// When it ended; set exactly if the status says that it has.
    pub ended_at: Option<Timestamp>,
    /// Time of the last position in the figures. Before the first, the time at which a user started it.
    pub followed_to: Timestamp,
    /// Where it set off; unknown if a user started it and no position came yet.
    pub start: Option<TripPlace>,
    /// Where it ended, or is now.
    pub end: Option<TripPlace>,
    /// How far, how long, how fast.
    pub figures: TripFigures,
    /// Counts up with each change, from 1.
    pub version: i64,
}

impl Trip {
    /// Duration so far, milliseconds.
    pub fn duration_ms(&self) -> i64 {
        self.ended_at.unwrap_or(self.followed_to).ms_since(self.started_at).max(0)
    }

    /// Duration so far, minutes.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 285,000 years")]
    pub fn duration_min(&self) -> f64 {
        self.duration_ms() as f64 / 60e3
    }

    /// Length, km.
    #[expect(clippy::cast_precision_loss, reason = "exact up to 9 million km")]
    pub const fn distance_km(&self) -> f64 {
        self.figures.distance_mm as f64 / 1e6
    }
}

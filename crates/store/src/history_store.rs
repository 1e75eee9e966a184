//! Stored history: the state of each vehicle's fold, and the trips, visits, incidents and outliers that the fold found.

use crate::{ActivityChange, HistoryOutcome, HistoryWrite, Result, TenantNo, VehicleNo};
use async_trait::async_trait;
pub use milepost_domain::IncidentKind;
use milepost_domain::{GeofenceId, Position, SpeedKmh, TenantId, Timestamp, Trip, TripPlace, VehicleId};
use milepost_track::OutlierReason;

/// The state of a vehicle's fold after one of its positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFold {
    /// The time of that position.
    pub folded_at: Timestamp,
    /// The version of the code that wrote the state. Other code does not read it.
    pub code_version: u32,
    /// The state, encoded by that code.
    pub state: Vec<u8>,
    /// What was published about the vehicle's silence, encoded by that code.
    pub silence: Vec<u8>,
    /// The time after the last position at which silence has consequences, milliseconds.
    pub silent_after_ms: Option<i64>,
}

/// A vehicle, and how far its track is folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldedVehicle {
    /// The vehicle's internal number.
    pub vehicle: VehicleNo,
    /// Its tenant's internal number.
    pub tenant_no: TenantNo,
    /// Its tenant.
    pub tenant: TenantId,
    /// The vehicle's id within the tenant.
    pub vehicle_id: VehicleId,
    /// The newest position's time, folded or not.
    pub newest: Option<Timestamp>,
    /// The earliest late position that is not folded yet.
    pub late_from: Option<Timestamp>,
    /// Counts the writes from 1; 0 before the first.
    pub version: i64,
    /// `None` before the first write.
    pub fold: Option<SavedFold>,
}

/// A position to fold.
#[derive(Debug, Clone, PartialEq)]
pub struct UnfoldedPosition {
    /// The position.
    pub position: Position,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Whether it came late and was not folded since.
    pub is_late: bool,
    /// How it is marked as an outlier, if it is.
    pub mark: Option<OutlierReason>,
}

/// One stay of a vehicle inside a geofence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FenceVisit {
    /// The geofence. It may have been removed since.
    pub geofence_id: GeofenceId,
    /// When the vehicle entered. Vehicle, geofence and this time identify the visit.
    pub entered_at: Timestamp,
    /// Where the vehicle entered.
    pub entered: TripPlace,
    /// When the vehicle left; `None` while it is inside.
    pub left_at: Option<Timestamp>,
    /// Where the vehicle left.
    pub left: Option<TripPlace>,
    /// Whether the vehicle stayed for the geofence's dwell time.
    pub dwelt: bool,
    /// The highest speed inside.
    pub max_speed: SpeedKmh,
}

/// Something that happened to a vehicle. A streak of speeding is one incident.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Incident {
    /// What happened.
    pub kind: IncidentKind,
    /// When it began. Vehicle, kind and this time identify the incident.
    pub started_at: Timestamp,
    /// When it ended; `None` while it goes on.
    pub ended_at: Option<Timestamp>,
    /// Where it began; `None` for a silence or a date.
    pub place: Option<TripPlace>,
    /// Its peak, in the unit of the kind.
    pub value: Option<f64>,
    /// The limit that the value exceeds.
    pub limit: Option<f64>,
    /// For speeds: whether the device reported the speed (true) or it is distance over time (false).
    pub is_reported: Option<bool>,
}

/// Selects vehicles that should have been folded by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BehindFilter {
    /// Selects vehicles whose newest position is older than this and not folded.
    pub newest_before: Timestamp,
    /// Selects vehicles with late positions that arrived before this and are not folded.
    pub late_noted_before: Timestamp,
}

/// Reads and writes history. Part of [`crate::Store`].
#[async_trait]
pub trait HistoryStore: Send + Sync {
    /// Reads how far a vehicle's track is folded; `None` if there is no such vehicle.
    async fn load_fold(&self, vehicle: VehicleNo) -> Result<Option<FoldedVehicle>>;
    /// Lists a vehicle's positions after `after`, in the order of time.
    async fn positions_to_fold(
        &self,
        vehicle: VehicleNo,
        vehicle_id: &VehicleId,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<UnfoldedPosition>>;
    /// Lists vehicles with positions that are not folded, in the order of their numbers, after `after`.
    async fn vehicles_behind(
        &self,
        filter: BehindFilter,
        after: Option<VehicleNo>,
        limit: u32,
    ) -> Result<Vec<VehicleNo>>;
    /// Lists vehicles whose silence has consequences by `now`, in the order of their numbers, after `after`.
    async fn vehicles_silent(&self, now: Timestamp, after: Option<VehicleNo>, limit: u32) -> Result<Vec<VehicleNo>>;
    /// Writes the results of folding in one transaction, with a push call to each browser that a fresh alert is for.
    async fn write_history(&self, writes: &[HistoryWrite], now: Timestamp) -> Result<HistoryOutcome>;
    /// The trips under way of these vehicles that were found in positions.
    async fn trips_under_way(&self, tenant: &TenantId, vehicles: &[VehicleNo]) -> Result<Vec<Trip>>;

    /// Lists a vehicle's visits with `from <= entered_at < to`, in the order of time.
    async fn list_visits(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<FenceVisit>>;
    /// Lists a vehicle's incidents with `from <= started_at < to`, in the order of time.
    async fn list_incidents(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<Incident>>;
    /// Lists what a vehicle did in the quarters of an hour with `from <= bucket < to`, in the order of time.
    async fn list_activity(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<ActivityChange>>;
    /// Lists a vehicle's outliers with `from <= at < to` and their reasons, in the order of time.
    async fn list_outliers(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Timestamp, String)>>;
}

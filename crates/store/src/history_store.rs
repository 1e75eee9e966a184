//! Stored history: the state of each vehicle's fold, and the trips, visits, incidents and outliers that the fold found.

use crate::{ActivityChange, Checkpoint, Result, TenantNo, VehicleNo};
use async_trait::async_trait;
pub use milepost_domain::IncidentKind;
use milepost_domain::{
    Alert, AlertSubject, Fact, GeofenceId, Position, Revision, SpeedKmh, TenantId, Timestamp, Trip, TripPlace,
    VehicleId,
};

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

/// One change of a vehicle's history. Changes are applied in their order.
#[derive(Debug, Clone, PartialEq)]
pub enum HistoryChange {
    /// Writes a trip. If the vehicle has a trip that began at `key`, that trip is changed: it keeps its id and driver,
    /// and its version counts on. Otherwise this one is added. An event is stored only if something differs.
    Trip {
        /// The start with which the trip was last written.
        key: Timestamp,
        /// True if the row had the start `key` before this write. False if an earlier change of this write may have
        /// given it that start.
        key_is_stored: bool,
        /// The trip as it is now.
        trip: Box<Trip>,
        /// Whether the trip is new or corrected.
        revision: Revision,
    },
    /// Removes a trip that did not take place.
    NoTrip {
        /// Its start.
        key: Timestamp,
    },
    /// Writes a visit.
    Visit(FenceVisit),
    /// Removes a visit that did not take place.
    NoVisit {
        /// The geofence.
        geofence_id: GeofenceId,
        /// When it began.
        entered_at: Timestamp,
    },
    /// Writes an incident.
    Incident(Incident),
    /// Removes an incident that did not happen.
    NoIncident {
        /// Its kind.
        kind: IncidentKind,
        /// When it began.
        started_at: Timestamp,
    },
    /// Marks a position as an outlier.
    Outlier {
        /// The time of the position.
        at: Timestamp,
        /// Why it is one.
        reason: &'static str,
    },
    /// Removes the marks of outliers.
    NoOutliers {
        /// The time of the first.
        from: Timestamp,
        /// The time of the last.
        until: Timestamp,
        /// Only outliers with this reason; all if `None`.
        reason: Option<&'static str>,
    },
    /// Raises an alert, unless its subject has one.
    Alert {
        /// The alert.
        alert: Box<Alert>,
        /// When the cause was first known. An alert whose cause was known long ago is not pushed to phones.
        known_at: Timestamp,
    },
    /// Gives the alert of the subject the texts, data and time of this one. What was expired is not changed, and nothing is
    /// raised. No event is stored.
    CorrectedAlert(Box<Alert>),
    /// Deletes the alert of a subject, if there is one. It can be raised again.
    NoAlert {
        /// What the alert was about.
        subject: AlertSubject,
    },
    /// Changes the subjects of alerts, each from old to new, all at once. No event is stored.
    MovedAlerts(Vec<(AlertSubject, AlertSubject)>),
    /// Stores an event.
    Publish(Box<Fact>),
}

/// The result of folding one vehicle. All of it is written, or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryWrite {
    /// The vehicle's internal number.
    pub vehicle: VehicleNo,
    /// Its tenant's internal number.
    pub tenant_no: TenantNo,
    /// Its tenant.
    pub tenant: TenantId,
    /// The version of the stored fold that this write continues; 0 before the first.
    pub known_version: i64,
    /// The new state of the fold.
    pub fold: SavedFold,
    /// Replaces the checkpoints from this instant on.
    pub checkpoints: Option<(Timestamp, Vec<Checkpoint>)>,
    /// Amounts to add to the vehicle's activity.
    pub activity: Vec<ActivityChange>,
    /// Times of late positions that are folded now.
    pub late_folded: Vec<Timestamp>,
    /// Changes of history.
    pub changes: Vec<HistoryChange>,
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
    /// Returns the vehicles that were skipped because another node folded them in the meantime or they were removed.
    async fn write_history(&self, writes: &[HistoryWrite], now: Timestamp) -> Result<Vec<VehicleNo>>;

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

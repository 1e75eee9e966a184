//! Stored history: the state of each vehicle's fold, and the trips, visits, incidents and outliers that the fold found.

use crate::{ActivityChange, Checkpoint, Result, TenantNo, VehicleNo};
use async_trait::async_trait;
pub use milepost_domain::IncidentKind;
use milepost_domain::{
    Alert, AlertSubject, Fact, GeofenceId, Position, SpeedKmh, Telling, TenantId, Timestamp, Trip, TripPlace, VehicleId,
};

/// The state of a vehicle's fold after some position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFold {
    /// The time of that position.
    pub folded_at: Timestamp,
    /// Version of the code that wrote the state. Other code does not read it.
    pub code_version: u32,
    /// The state, encoded by that code.
    pub state: Vec<u8>,
    /// What was published of the vehicle's silence, encoded by that code.
    pub silence: Vec<u8>,
    /// Time from the last position to the moment at which something follows from silence, milliseconds.
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
    /// Increased by each write, from 1; 0 before the first.
    pub version: i64,
    /// `None` before the first write.
    pub fold: Option<SavedFold>,
}

/// A position that is to be folded.
#[derive(Debug, Clone, PartialEq)]
pub struct UnfoldedPosition {
    /// The position.
    pub position: Position,
    /// When it arrived.
    pub received_at: Timestamp,
    /// It came late, and was not folded since.
    pub is_late: bool,
}

/// One stay of a vehicle inside a geofence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FenceVisit {
    /// The geofence. It may have been removed since.
    pub geofence_id: GeofenceId,
    /// When the vehicle came in. Vehicle, geofence and this instant identify the visit.
    pub entered_at: Timestamp,
    /// Where it came in.
    pub entered: TripPlace,
    /// When it left; `None` while it is inside.
    pub left_at: Option<Timestamp>,
    /// Where it left.
    pub left: Option<TripPlace>,
    /// It stayed for the geofence's dwell time.
    pub dwelt: bool,
    /// The highest speed inside.
    pub max_speed: SpeedKmh,
}

/// Something that happened to a vehicle. A streak of speeding is one incident.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Incident {
    /// What happened.
    pub kind: IncidentKind,
    /// When it began. Vehicle, kind and this instant identify the incident.
    pub started_at: Timestamp,
    /// When it ended; `None` while it goes on.
    pub ended_at: Option<Timestamp>,
    /// Where it began; `None` for a silence or a date.
    pub place: Option<TripPlace>,
    /// Its peak, in the unit of the kind.
    pub value: Option<f64>,
    /// The limit that the value exceeds.
    pub limit: Option<f64>,
    /// For speeds: the device reported it (true), or it is distance over time (false).
    pub is_told: Option<bool>,
}

/// One change of a vehicle's history. Changes are carried out in their order.
#[derive(Debug, Clone, PartialEq)]
pub enum HistoryChange {
    /// Writes a trip. If the vehicle has a trip that began at `key`, that trip is changed: it keeps its id and driver, and its
    /// version is increased. Else this trip is added. An event is stored only if something differs.
    Trip {
        /// The start under which the trip was written last.
        key: Timestamp,
        /// `key` is the start that the row had before this write. Else it may be one that an earlier change of this write
        /// gave it.
        mends: bool,
        /// The trip as it is now.
        trip: Box<Trip>,
        /// New, or corrected.
        telling: Telling,
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
    /// Takes the marks of outliers back.
    NoOutliers {
        /// The time of the first.
        from: Timestamp,
        /// The time of the last.
        until: Timestamp,
        /// Only outliers of this reason; all if it is `None`.
        reason: Option<&'static str>,
    },
    /// Raises an alert, unless its subject has one.
    Alert {
        /// The alert.
        alert: Box<Alert>,
        /// When it could be known. An alert that could be known long ago is not pushed to phones.
        known_at: Timestamp,
    },
    /// Deletes the alert of a subject, if there is one. It can be raised again later.
    NoAlert {
        /// What the alert was about.
        subject: AlertSubject,
    },
    /// Gives alerts a new subject: the old and the new of each, all at once. No event is stored.
    MovedAlerts(Vec<(AlertSubject, AlertSubject)>),
    /// Stores an event.
    Publish(Box<Fact>),
}

/// What folding one vehicle found. It is written whole or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryWrite {
    /// The vehicle's internal number.
    pub vehicle: VehicleNo,
    /// Its tenant's internal number.
    pub tenant_no: TenantNo,
    /// Its tenant.
    pub tenant: TenantId,
    /// The version of the stored fold that this continues; 0 before the first.
    pub known_version: i64,
    /// The new state of the fold.
    pub fold: SavedFold,
    /// Replaces the checkpoints from this instant on.
    pub checkpoints: Option<(Timestamp, Vec<Checkpoint>)>,
    /// To be added to the sums of the vehicle's activity.
    pub activity: Vec<ActivityChange>,
    /// Times of late positions that are folded now.
    pub late_folded: Vec<Timestamp>,
    /// Changes of history.
    pub changes: Vec<HistoryChange>,
}

/// Which vehicles should have been folded by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BehindFilter {
    /// Vehicles with a newest position that is older than this and not folded.
    pub newest_before: Timestamp,
    /// Vehicles with late positions that came before this and are not folded.
    pub late_noted_before: Timestamp,
}

/// Reads and writes history. Part of [`crate::Store`].
#[async_trait]
pub trait HistoryStore: Send + Sync {
    /// How far a vehicle's track is folded; `None` if there is no such vehicle.
    async fn load_fold(&self, vehicle: VehicleNo) -> Result<Option<FoldedVehicle>>;
    /// Positions of a vehicle after `after` in the order of time.
    async fn positions_to_fold(
        &self,
        vehicle: VehicleNo,
        vehicle_id: &VehicleId,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<UnfoldedPosition>>;
    /// Vehicles with positions that are not folded, in the order of their numbers, after `after`.
    async fn vehicles_behind(
        &self,
        filter: BehindFilter,
        after: Option<VehicleNo>,
        limit: u32,
    ) -> Result<Vec<VehicleNo>>;
    /// Vehicles whose silence has consequences by `now`, in the order of their numbers, after `after`.
    async fn vehicles_silent(&self, now: Timestamp, after: Option<VehicleNo>, limit: u32) -> Result<Vec<VehicleNo>>;
    /// Writes what folding found in one transaction, with a push call to each browser that a fresh alert is for. Answers the
    /// vehicles that were left out, because another node folded them meanwhile or they were removed.
    async fn write_history(&self, writes: &[HistoryWrite], now: Timestamp) -> Result<Vec<VehicleNo>>;

    /// Visits of a vehicle that began in `from <= entered_at < to`, in the order of time.
    async fn list_visits(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<FenceVisit>>;
    /// Incidents of a vehicle that began in `from <= started_at < to`, in the order of time.
    async fn list_incidents(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<Incident>>;
    /// Outliers of a vehicle with `from <= at < to`, each with its reason, in the order of time.
    async fn list_outliers(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Timestamp, String)>>;
}

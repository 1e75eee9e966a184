//! What positions mean: the states of the fold, and the history that it tells.

use crate::{ActivityChange, Checkpoint, Result, TenantNo, VehicleNo};
use async_trait::async_trait;
pub use milepost_domain::IncidentKind;
use milepost_domain::{
    Alert, AlertSubject, Fact, GeofenceId, Position, SpeedKmh, Telling, TenantId, Timestamp, Trip, TripPlace, VehicleId,
};

/// The state of a vehicle's fold after some position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFold {
    /// That position's time.
    pub folded_at: Timestamp,
    /// Of the code that wrote it; other code does not read it.
    pub code_version: u32,
    /// As that code writes it.
    pub state: Vec<u8>,
    /// What was told of the vehicle's silence, as that code writes it.
    pub silence: Vec<u8>,
    /// So long after its last position there is something to tell of its silence, milliseconds.
    pub silent_after_ms: Option<i64>,
}

/// A vehicle with how far its track is folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldedVehicle {
    /// Internal number.
    pub vehicle: VehicleNo,
    /// Its tenant's internal number.
    pub tenant_no: TenantNo,
    /// Its tenant.
    pub tenant: TenantId,
    /// Its name there.
    pub vehicle_id: VehicleId,
    /// The newest position's time, folded or not.
    pub newest: Option<Timestamp>,
    /// The earliest late position that is not folded yet.
    pub late_from: Option<Timestamp>,
    /// Counts up with each write, from 1; 0 before the first.
    pub version: i64,
    /// `None` before the first.
    pub fold: Option<SavedFold>,
}

/// A position with when it arrived, and whether it came late and is not folded yet.
#[derive(Debug, Clone, PartialEq)]
pub struct UnfoldedPosition {
    /// The position.
    pub position: Position,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Its row still stands among the late ones.
    pub is_late: bool,
}

/// One stay of a vehicle inside a geofence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FenceVisit {
    /// Which geofence; it may be gone by now.
    pub geofence_id: GeofenceId,
    /// When it came in. Vehicle, geofence and this instant are the visit's identity.
    pub entered_at: Timestamp,
    /// Where.
    pub entered: TripPlace,
    /// When it left; `None` while it is inside.
    pub left_at: Option<Timestamp>,
    /// Where.
    pub left: Option<TripPlace>,
    /// It stayed for the geofence's dwelling time.
    pub dwelt: bool,
    /// The highest speed inside.
    pub max_speed: SpeedKmh,
}

/// Something that happened to a vehicle; a streak is one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Incident {
    /// What.
    pub kind: IncidentKind,
    /// When it began. Vehicle, kind and this instant are the incident's identity.
    pub started_at: Timestamp,
    /// When it was over; `None` while it goes on.
    pub ended_at: Option<Timestamp>,
    /// Where it began, where there is a place.
    pub place: Option<TripPlace>,
    /// Its peak, in the kind's unit.
    pub value: Option<f64>,
    /// What that is measured against.
    pub limit: Option<f64>,
    /// The speed is the device's own reading (true), or way over time (false).
    pub is_told: Option<bool>,
}

/// One change of what is known of a vehicle's past. They are carried out in their order.
#[derive(Debug, Clone, PartialEq)]
pub enum HistoryChange {
    /// A trip is so. If there is one that began at `key` it keeps its id, driver and count of versions; else it is added as
    /// it stands here. One that is so already is told to nobody.
    Trip {
        /// The start under which it was told last.
        key: Timestamp,
        /// It is mended: `key` is the start that its row had before this write, whatever this write made of others.
        mends: bool,
        /// As it is.
        trip: Box<Trip>,
        /// First told, or mended.
        telling: Telling,
    },
    /// The trip that began then is none.
    NoTrip {
        /// Its start.
        key: Timestamp,
    },
    /// A visit is so.
    Visit(FenceVisit),
    /// This visit is none.
    NoVisit {
        /// Which geofence.
        geofence_id: GeofenceId,
        /// When it began.
        entered_at: Timestamp,
    },
    /// An incident is so.
    Incident(Incident),
    /// This incident is none.
    NoIncident {
        /// What.
        kind: IncidentKind,
        /// When it began.
        started_at: Timestamp,
    },
    /// A position counts for nothing.
    Outlier {
        /// Its time.
        at: Timestamp,
        /// Why.
        reason: &'static str,
    },
    /// Positions of this time count, if they did not for that reason (whatever the reason, if none).
    NoOutliers {
        /// The first.
        from: Timestamp,
        /// The last.
        until: Timestamp,
        /// Only those that counted for nothing for this.
        reason: Option<&'static str>,
    },
    /// An alert is raised, unless its subject has one.
    Alert {
        /// The alert.
        alert: Box<Alert>,
        /// When it could be known: if that is long ago it is no news, and rings nobody's phone.
        known_at: Timestamp,
    },
    /// The alert of this subject is deleted, if it still stands; should it turn out to be right after all, it is raised anew.
    NoAlert {
        /// Which.
        subject: AlertSubject,
    },
    /// What these alerts are about is known by other subjects now: each one's old and new, all at once. Nobody is told.
    MovedAlerts(Vec<(AlertSubject, AlertSubject)>),
    /// Told as it is.
    Told(Box<Fact>),
}

/// Everything that one step of a vehicle's fold came to; all of it or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryWrite {
    /// Which vehicle.
    pub vehicle: VehicleNo,
    /// Its tenant's internal number.
    pub tenant_no: TenantNo,
    /// Its tenant.
    pub tenant: TenantId,
    /// The version of its fold that this rests on; 0 before the first.
    pub known_version: i64,
    /// The fold as it is now.
    pub fold: SavedFold,
    /// Replaces the checkpoints from this instant on.
    pub checkpoints: Option<(Timestamp, Vec<Checkpoint>)>,
    /// To be added to what it did.
    pub activity: Vec<ActivityChange>,
    /// Times of late positions that are folded now.
    pub late_folded: Vec<Timestamp>,
    /// What is known now.
    pub changes: Vec<HistoryChange>,
}

/// How far the folds of a database are behind its positions, for who is to catch up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BehindFilter {
    /// Vehicles whose newest position is of before are behind if it is not folded.
    pub newest_before: Timestamp,
    /// Vehicles are behind that have late positions that came before and are not folded.
    pub late_noted_before: Timestamp,
}

/// History. Part of [`crate::Store`].
#[async_trait]
pub trait HistoryStore: Send + Sync {
    /// How far a vehicle's track is folded; `None` if there is no such vehicle (any more).
    async fn load_fold(&self, vehicle: VehicleNo) -> Result<Option<FoldedVehicle>>;
    /// Positions of a vehicle after `after` in the order of time.
    async fn positions_to_fold(
        &self,
        vehicle: VehicleNo,
        vehicle_id: &VehicleId,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<UnfoldedPosition>>;
    /// Vehicles with positions that nobody has folded, in the order of their numbers, after `after`.
    async fn vehicles_behind(
        &self,
        filter: BehindFilter,
        after: Option<VehicleNo>,
        limit: u32,
    ) -> Result<Vec<VehicleNo>>;
    /// Vehicles of whose silence there is something to tell at `now`, in the order of their numbers, after `after`.
    async fn vehicles_silent(&self, now: Timestamp, after: Option<VehicleNo>, limit: u32) -> Result<Vec<VehicleNo>>;
    /// Writes what folding came to, in one transaction, with a call to each browser of whom an alert is for that is news.
    /// Answers the vehicles that were left out because another one folded them meanwhile, or they are gone.
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
    /// Positions of a vehicle with `from <= at < to` that count for nothing, and why, in the order of time.
    async fn list_outliers(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Timestamp, String)>>;
}

//! Geofences, trips, alerts, what vehicles did, and the states of the fold.

use crate::{Once, Result, TenantNo, VehicleNo};
use async_trait::async_trait;
use milepost_domain::{
    Alert, AlertId, Event, FleetRules, FleetViewer, Geofence, GeofenceDescription, GeofenceId, JsonObject, TenantId,
    Timestamp, Trip, TripId, TripOrigin, TripStatus, TripUpdate, UserId, VehicleId, VehicleScope,
};

/// What became of marking an alert read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertReadOutcome {
    /// It was unread, and its event was stored.
    Marked(Alert),
    /// It was read before: nothing was written.
    WasRead(Alert),
}

/// Where the next page of alerts begins: they are listed newest first, by when it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertCursor {
    /// The last one's time.
    pub at: Timestamp,
    /// Its id.
    pub id: AlertId,
}

/// Which trips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TripFilter {
    /// Of these vehicles.
    pub scope: VehicleScope,
    /// Of this one of them.
    pub vehicle: Option<VehicleId>,
    /// Started then or later.
    pub from: Timestamp,
    /// Started before.
    pub to: Timestamp,
    /// With this status.
    pub status: Option<TripStatus>,
}

/// Where the next page of trips begins: they are listed newest first, by their start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TripCursor {
    /// The last one's start.
    pub started_at: Timestamp,
    /// Its id.
    pub id: TripId,
}

/// What is to be added to what a vehicle did in one bucket of time. Whole numbers, so that sums are the same in
/// whatever order they are added; negative where something is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityChange {
    /// When the bucket begins.
    pub bucket: Timestamp,
    /// Way, millimetres.
    pub distance_mm: i64,
    /// Time in motion, milliseconds.
    pub moving_ms: i64,
    /// Time standing on a trip, milliseconds.
    pub idle_ms: i64,
    /// Fuel, millilitres.
    pub fuel_ml: i64,
}

/// Which stretch of time figures are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FigureWindow {
    /// Buckets that begin then or later; trips that had not ended before.
    pub from: Timestamp,
    /// Buckets that begin before; trips that had started before.
    pub to: Timestamp,
    /// A vehicle is active whose newest position is of then or later.
    pub active_since: Timestamp,
}

/// What a tenant's fleet did in a stretch of time. Of vehicles that were removed nothing is counted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FleetFigures {
    /// Vehicles that there are.
    pub vehicles: u64,
    /// Those heard from lately.
    pub active_vehicles: u64,
    /// Trips that were under way at some time in it, running ones included, cancelled ones not.
    pub trips: u64,
    /// Way, millimetres.
    pub distance_mm: i64,
    /// Time in motion, milliseconds, summed over the vehicles.
    pub moving_ms: i64,
    /// Time standing on trips, milliseconds, summed over the vehicles.
    pub idle_ms: i64,
    /// Fuel, millilitres.
    pub fuel_ml: i64,
    /// What the fuel of vehicles with a price cost at the price that they have now, in the tenant's currency.
    pub fuel_cost: f64,
    /// The way of vehicles with a price, millimetres: what `fuel_cost` was driven on.
    pub priced_distance_mm: i64,
}

/// A saved state of the fold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The position after which it was saved.
    pub at: Timestamp,
    /// Of the code that wrote it; other code folds again instead of reading it.
    pub code_version: u32,
    /// As that code writes it.
    pub state: Vec<u8>,
}

/// The fleet. Part of [`crate::Store`]. Every change is one transaction that stores its fact; a change that makes no
/// difference stores nothing.
#[async_trait]
pub trait FleetStore: Send + Sync {
    // Geofences

    /// Adds a geofence, with `GeofenceChanged`; `None` when the tenant has [`milepost_domain::MAX_GEOFENCES`].
    /// `NotFound("tenant")`.
    async fn add_geofence(
        &self,
        tenant: &TenantId,
        description: &GeofenceDescription,
        now: Timestamp,
        once: &Once<'_, Option<Geofence>>,
    ) -> Result<Option<Geofence>>;
    /// A geofence by number.
    async fn get_geofence(&self, tenant: &TenantId, id: GeofenceId) -> Result<Option<Geofence>>;
    /// Geofences of a tenant in the order of their numbers, after `after`.
    async fn list_geofences(&self, tenant: &TenantId, after: Option<GeofenceId>, limit: u32) -> Result<Vec<Geofence>>;
    /// Writes the whole description, with `GeofenceChanged`; `None` if there is no such geofence.
    async fn update_geofence(
        &self,
        tenant: &TenantId,
        id: GeofenceId,
        description: &GeofenceDescription,
        now: Timestamp,
    ) -> Result<Option<Geofence>>;
    /// Removes a geofence, with `GeofenceChanged`; false if there was none.
    async fn remove_geofence(&self, tenant: &TenantId, id: GeofenceId, now: Timestamp) -> Result<bool>;

    // Alerts. One that has expired at `now` is there for nobody.

    /// Raises an unread alert, with `AlertRaised`, and if it is news with a call to each browser of whom it is for; false, and
    /// nothing is written, while its tenant has one with the same subject that has not expired, even if it was read or
    /// deleted. `NotFound("tenant")`, `Conflict("alert")`.
    async fn raise_alert(&self, alert: &Alert, now: Timestamp, once: &Once<'_, bool>) -> Result<bool>;
    /// An alert, if `viewer` may see it.
    async fn get_alert(
        &self,
        tenant: &TenantId,
        viewer: FleetViewer,
        id: &AlertId,
        now: Timestamp,
    ) -> Result<Option<Alert>>;
    /// The alerts that `viewer` may see, newest first, before `before`; only those that nobody has read, if `unread`.
    async fn list_alerts(
        &self,
        tenant: &TenantId,
        viewer: FleetViewer,
        unread: bool,
        before: Option<&AlertCursor>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Alert>>;
    /// Marks an alert that `viewer` may see read by `by`, with `AlertRead`; `None` if there is none. What waits to be pushed
    /// of it is removed, here as by [`Self::delete_alert`].
    async fn read_alert(
        &self,
        tenant: &TenantId,
        viewer: FleetViewer,
        id: &AlertId,
        by: Option<UserId>,
        now: Timestamp,
        once: &Once<'_, Option<AlertReadOutcome>>,
    ) -> Result<Option<AlertReadOutcome>>;
    /// Deletes an alert that `viewer` may see, with `AlertDeleted`; false if there is none.
    async fn delete_alert(&self, tenant: &TenantId, viewer: FleetViewer, id: &AlertId, now: Timestamp) -> Result<bool>;

    // Trips

    /// Adds the first version of a trip, with `TripChanged`. `NotFound("vehicle")`, `Conflict("trip")` if its id is
    /// taken, or it is under way and its vehicle has another one of the same origin under way.
    async fn add_trip(&self, update: &TripUpdate, now: Timestamp, once: &Once<'_, ()>) -> Result<()>;
    /// Writes the next version of a trip, with `TripChanged`; false, and nothing is written, when another version was
    /// written first or its vehicle is gone. Its tenant, vehicle and origin stay. One that is `Withdrawn` is removed.
    /// `Conflict("trip")` as in `add_trip`.
    async fn change_trip(&self, update: &TripUpdate, now: Timestamp, once: &Once<'_, bool>) -> Result<bool>;
    /// A trip by id.
    async fn get_trip(&self, tenant: &TenantId, id: &TripId) -> Result<Option<Trip>>;
    /// The trip of this origin that a vehicle is on.
    async fn running_trip(&self, tenant: &TenantId, vehicle: &VehicleId, origin: TripOrigin) -> Result<Option<Trip>>;
    /// Trips of a tenant, newest first, before `before`.
    async fn list_trips(
        &self,
        tenant: &TenantId,
        filter: &TripFilter,
        before: Option<&TripCursor>,
        limit: u32,
    ) -> Result<Vec<Trip>>;

    // Rules

    /// A tenant's thresholds; `None` before they were set first.
    async fn get_rules(&self, tenant: &TenantId) -> Result<Option<FleetRules>>;
    /// Sets a tenant's thresholds, with `RulesChanged`; `None`, and nothing is written, unless they have the version
    /// `known` (0: they were never set). `NotFound("tenant")`.
    async fn set_rules(
        &self,
        tenant: &TenantId,
        values: &JsonObject,
        known: i64,
        now: Timestamp,
    ) -> Result<Option<FleetRules>>;

    // Figures

    /// Adds to what a vehicle did; changes of the same bucket add up.
    async fn add_activity(&self, tenant: TenantNo, vehicle: VehicleNo, changes: &[ActivityChange]) -> Result<()>;
    /// What a tenant's fleet did. Reads the window's buckets, never positions.
    async fn fleet_figures(&self, tenant: &TenantId, window: FigureWindow) -> Result<FleetFigures>;

    // Checkpoints

    /// Replaces what was saved of a vehicle from `from` on.
    async fn save_checkpoints(&self, vehicle: VehicleNo, from: Timestamp, checkpoints: &[Checkpoint]) -> Result<()>;
    /// The newest checkpoint of a vehicle; the newest before `before`, if it is given.
    async fn newest_checkpoint(&self, vehicle: VehicleNo, before: Option<Timestamp>) -> Result<Option<Checkpoint>>;

    // Events

    /// Events of the fleet above `after` and up to `up_to` that `viewer` may see, in order; fewer than `limit` when
    /// there are no more. Cheap however many others there are in between.
    async fn fleet_events(
        &self,
        tenant: &TenantId,
        viewer: FleetViewer,
        after: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Event>>;
}

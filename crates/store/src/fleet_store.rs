//! Geofences, trips, alerts, activity of vehicles, and states of the fold.

use crate::{Once, Result, TenantNo, VehicleNo};
use async_trait::async_trait;
use milepost_domain::{
    Alert, AlertId, Event, FleetRules, FleetViewer, Geofence, GeofenceDescription, GeofenceId, JsonObject, TenantId,
    Timestamp, Trip, TripId, TripStatus, TripUpdate, UserId, VehicleId, VehicleScope,
};

/// The result of marking an alert read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlertReadOutcome {
    /// The alert was unread, and its event was stored.
    Marked(Alert),
    /// The alert was read before. Nothing was written.
    WasRead(Alert),
}

/// The last alert of a page, after which the next page begins. Alerts are listed newest first, by the time of their
/// cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertCursor {
    /// The alert's time.
    pub at: Timestamp,
    /// The alert's id.
    pub id: AlertId,
}

/// Selects trips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TripFilter {
    /// Trips of the vehicles that this scope lists, and those that its user drove.
    pub scope: VehicleScope,
    /// Trips of this vehicle within the scope.
    pub vehicle: Option<VehicleId>,
    /// Trips that started at this time or later.
    pub from: Timestamp,
    /// Also those that started before `from`, and ended after it or still run.
    pub begun_before: bool,
    /// Trips that started before this time.
    pub to: Timestamp,
    /// Trips with this status.
    pub status: Option<TripStatus>,
}

/// The last trip of a page, after which the next page begins. Trips are listed newest first, by their start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TripCursor {
    /// The trip's start.
    pub started_at: Timestamp,
    /// The trip's id.
    pub id: TripId,
}

/// Amounts to add to a vehicle's activity in one bucket of time. They are whole numbers, so that sums are the same in
/// any order of adding, and negative when a correction subtracts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityChange {
    /// The start of the bucket.
    pub bucket: Timestamp,
    /// Distance, millimetres.
    pub distance_mm: i64,
    /// Time in motion, milliseconds.
    pub moving_ms: i64,
    /// Time standing on a trip, or between trips with the engine on, milliseconds.
    pub idle_ms: i64,
    /// Fuel, millilitres.
    pub fuel_ml: i64,
}

/// The window of time of fleet statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatsWindow {
    /// Buckets that begin at this time or later, and trips that had not ended before it.
    pub from: Timestamp,
    /// Buckets that begin before this time, and trips that had started before it.
    pub to: Timestamp,
    /// A vehicle is active if its newest position is of this time or later.
    pub active_since: Timestamp,
}

/// What a tenant's fleet did in a window of time. Removed vehicles are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FleetStats {
    /// All vehicles of the tenant.
    pub vehicles: u64,
    /// Vehicles with a recent position.
    pub active_vehicles: u64,
    /// Trips that overlap the window, including running and excluding cancelled ones.
    pub trips: u64,
    /// Distance, millimetres.
    pub distance_mm: i64,
    /// Time in motion, milliseconds, summed over the vehicles.
    pub moving_ms: i64,
    /// Time standing on trips, and between them with the engine on, milliseconds, summed over the vehicles.
    pub idle_ms: i64,
    /// Fuel, millilitres.
    pub fuel_ml: i64,
    /// The cost of the fuel of vehicles with a price, at their current price, in the tenant's currency.
    pub fuel_cost: f64,
    /// The distance of vehicles with a price, millimetres: the distance that `fuel_cost` paid for.
    pub priced_distance_mm: i64,
}

/// A saved state of the fold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The time of the last folded position.
    pub at: Timestamp,
    /// The version of the code that wrote the state. Other code folds again instead of reading it.
    pub code_version: u32,
    /// The state, encoded by that code.
    pub state: Vec<u8>,
}

/// The fleet. Part of [`crate::Store`]. Every change is one transaction that stores its fact. A change that makes no
/// difference stores nothing.
#[async_trait]
pub trait FleetStore: Send + Sync {
    // Geofences

    /// Adds a geofence, with `GeofenceChanged`. Returns `None` when the tenant has [`milepost_domain::MAX_GEOFENCES`].
    /// `NotFound("tenant")`.
    async fn add_geofence(
        &self,
        tenant: &TenantId,
        description: &GeofenceDescription,
        now: Timestamp,
        once: &Once<'_, Option<Geofence>>,
    ) -> Result<Option<Geofence>>;
    /// Reads a geofence by its number.
    async fn get_geofence(&self, tenant: &TenantId, id: GeofenceId) -> Result<Option<Geofence>>;
    /// Lists a tenant's geofences in the order of their numbers, after `after`.
    async fn list_geofences(&self, tenant: &TenantId, after: Option<GeofenceId>, limit: u32) -> Result<Vec<Geofence>>;
    /// Replaces the description of a geofence at this version, with `GeofenceChanged`. Returns `None` and writes nothing if there is
    /// no such geofence, or another version was written first.
    async fn update_geofence(
        &self,
        tenant: &TenantId,
        id: GeofenceId,
        version: i64,
        description: &GeofenceDescription,
        now: Timestamp,
    ) -> Result<Option<Geofence>>;
    /// Removes a geofence, with `GeofenceChanged`. Returns false if there is no such geofence, or it has another version than the one
    /// that is given.
    async fn remove_geofence(
        &self,
        tenant: &TenantId,
        id: GeofenceId,
        version: Option<i64>,
        now: Timestamp,
    ) -> Result<bool>;

    // Alerts. One that has expired at `now` is treated as if it did not exist.

    /// Adds an unread alert, with `AlertRaised`, and a push call to each browser of its recipients if the alert is
    /// fresh. Returns false and writes nothing while the tenant has an alert with the same subject that has not
    /// expired, even if that one was read or deleted. `NotFound("tenant")`, `NotFound("vehicle")`, `Conflict("alert")`.
    async fn raise_alert(&self, alert: &Alert, now: Timestamp, once: &Once<'_, bool>) -> Result<bool>;
    /// Reads an alert that `viewer` may see.
    async fn get_alert(
        &self,
        tenant: &TenantId,
        viewer: FleetViewer,
        id: &AlertId,
        now: Timestamp,
    ) -> Result<Option<Alert>>;
    /// Lists the alerts of the whole fleet whose data has a key, at any depth, newest first.
    async fn list_alerts_with_key(
        &self,
        tenant: &TenantId,
        key: &str,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Alert>>;
    /// Lists the alerts that `viewer` may see, newest first, before `before`; only unread ones if `unread`.
    async fn list_alerts(
        &self,
        tenant: &TenantId,
        viewer: FleetViewer,
        unread: bool,
        before: Option<&AlertCursor>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Alert>>;
    /// Marks an alert that `viewer` may see as read by `by`, with `AlertRead`. Returns `None` if there is no such
    /// alert. Its waiting push calls are removed, as by [`Self::delete_alert`].
    async fn read_alert(
        &self,
        tenant: &TenantId,
        viewer: FleetViewer,
        id: &AlertId,
        by: Option<UserId>,
        now: Timestamp,
        once: &Once<'_, Option<AlertReadOutcome>>,
    ) -> Result<Option<AlertReadOutcome>>;
    /// Deletes an alert that `viewer` may see, with `AlertDeleted`. Returns false if there is no such alert.
    async fn delete_alert(&self, tenant: &TenantId, viewer: FleetViewer, id: &AlertId, now: Timestamp) -> Result<bool>;

    // Trips

    /// Adds the first version of a trip, with `TripChanged`. `NotFound("vehicle")`. `Conflict("trip")` if its id is
    /// taken, or if it is running and its vehicle has another running trip of the same origin.
    async fn add_trip(&self, update: &TripUpdate, now: Timestamp, once: &Once<'_, ()>) -> Result<()>;
    /// Writes the next version of a trip, with `TripChanged`. Returns false and writes nothing if another version was
    /// written first or the vehicle was removed. Tenant, vehicle and origin stay. A `Withdrawn` trip is removed.
    /// `Conflict("trip")` as in `add_trip`.
    async fn change_trip(&self, update: &TripUpdate, now: Timestamp, once: &Once<'_, bool>) -> Result<bool>;
    /// Reads a trip by its id.
    async fn get_trip(&self, tenant: &TenantId, id: &TripId) -> Result<Option<Trip>>;
    /// Lists a tenant's trips, newest first, before `before`.
    async fn list_trips(
        &self,
        tenant: &TenantId,
        filter: &TripFilter,
        before: Option<&TripCursor>,
        limit: u32,
    ) -> Result<Vec<Trip>>;

    // Rules

    /// Reads a tenant's thresholds; `None` if they were never set.
    async fn get_rules(&self, tenant: &TenantId) -> Result<Option<FleetRules>>;
    /// Sets a tenant's thresholds, with `RulesChanged`. Returns `None` and writes nothing unless their version is
    /// `known` (0 if they were never set). `NotFound("tenant")`.
    async fn set_rules(
        &self,
        tenant: &TenantId,
        values: &JsonObject,
        known: i64,
        now: Timestamp,
    ) -> Result<Option<FleetRules>>;

    // Statistics

    /// Adds to a vehicle's activity. Changes of the same bucket add up.
    async fn add_activity(&self, tenant: TenantNo, vehicle: VehicleNo, changes: &[ActivityChange]) -> Result<()>;
    /// Sums up the activity of a tenant's fleet. It reads the buckets of the window, never positions.
    async fn fleet_stats(&self, tenant: &TenantId, window: StatsWindow) -> Result<FleetStats>;

    // Checkpoints

    /// Replaces a vehicle's checkpoints from `from` on.
    async fn save_checkpoints(&self, vehicle: VehicleNo, from: Timestamp, checkpoints: &[Checkpoint]) -> Result<()>;
    /// Reads a vehicle's newest checkpoint, before `before` if that is given.
    async fn newest_checkpoint(&self, vehicle: VehicleNo, before: Option<Timestamp>) -> Result<Option<Checkpoint>>;

    // Events

    /// Lists events of the fleet with `after < id <= up_to` that `viewer` may see, in order. Fewer than `limit` means
    /// that there are no more. The cost does not depend on the events in between that the viewer may not see.
    async fn fleet_events(
        &self,
        tenant: &TenantId,
        viewer: FleetViewer,
        after: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Event>>;
}

//! Implements the trait for the fleet with the functions of this folder.

pub(super) mod activity;
pub(super) mod alerts;
pub(crate) mod checkpoints;
pub(super) mod geofences;
pub(super) mod rules;
pub(crate) mod trip_rows;
pub(crate) mod trips;
pub(super) mod vehicle_references;
pub(super) mod vehicles;

use super::audit::fleet as audited;
use super::events::fleet;
use super::sql_store::SqlStore;
use crate::{
    ActivityChange, AlertCursor, AlertReadOutcome, Checkpoint, FleetStats, FleetStore, Once, Result, StatsWindow,
    TenantNo, TripCursor, TripFilter, VehicleNo,
};
use async_trait::async_trait;
use milepost_domain::{
    Alert, AlertId, Event, FleetRules, FleetViewer, Geofence, GeofenceDescription, GeofenceId, JsonObject, TenantId,
    Timestamp, Trip, TripId, TripUpdate, UserId,
};

#[async_trait]
impl FleetStore for SqlStore {
    async fn add_geofence(
        &self,
        tenant: &TenantId,
        description: &GeofenceDescription,
        now: Timestamp,
        once: &Once<'_, Option<Geofence>>,
    ) -> Result<Option<Geofence>> {
        write!(
            self,
            Some(tenant),
            audited::add_geofence(tenant, description, now, self.renderer(), self.author()),
            once
        )
    }
    async fn get_geofence(&self, tenant: &TenantId, id: GeofenceId) -> Result<Option<Geofence>> {
        read!(self, geofences::get_geofence(tenant, id))
    }
    async fn list_geofences(&self, tenant: &TenantId, after: Option<GeofenceId>, limit: u32) -> Result<Vec<Geofence>> {
        read!(self, geofences::list_geofences(tenant, after, limit))
    }
    async fn update_geofence(
        &self,
        tenant: &TenantId,
        id: GeofenceId,
        version: i64,
        description: &GeofenceDescription,
        now: Timestamp,
    ) -> Result<Option<Geofence>> {
        write!(
            self,
            Some(tenant),
            audited::update_geofence(tenant, id, version, description, now, self.renderer(), self.author())
        )
    }
    async fn remove_geofence(
        &self,
        tenant: &TenantId,
        id: GeofenceId,
        version: Option<i64>,
        now: Timestamp,
    ) -> Result<bool> {
        write!(self, Some(tenant), audited::remove_geofence(tenant, id, version, now, self.renderer(), self.author()))
    }

    async fn raise_alert(&self, alert: &Alert, now: Timestamp, once: &Once<'_, bool>) -> Result<bool> {
        write!(self, Some(&alert.tenant), alerts::raise_alert(alert, now, self.renderer()), once)
    }
    async fn get_alert(
        &self,
        tenant: &TenantId,
        viewer: FleetViewer,
        id: &AlertId,
        now: Timestamp,
    ) -> Result<Option<Alert>> {
        read!(self, alerts::get_alert(tenant, viewer, id, now))
    }
    async fn list_alerts_with_key(
        &self,
        tenant: &TenantId,
        key: &str,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Alert>> {
        read!(self, alerts::list_alerts_with_key(tenant, key, limit, now))
    }
    async fn list_alerts(
        &self,
        tenant: &TenantId,
        viewer: FleetViewer,
        unread: bool,
        before: Option<&AlertCursor>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<Alert>> {
        read!(self, alerts::list_alerts(tenant, viewer, unread, before, limit, now))
    }
    async fn read_alert(
        &self,
        tenant: &TenantId,
        viewer: FleetViewer,
        id: &AlertId,
        by: Option<UserId>,
        now: Timestamp,
        once: &Once<'_, Option<AlertReadOutcome>>,
    ) -> Result<Option<AlertReadOutcome>> {
        write!(self, Some(tenant), alerts::read_alert(tenant, viewer, id, by, now, self.renderer()), once)
    }
    async fn delete_alert(&self, tenant: &TenantId, viewer: FleetViewer, id: &AlertId, now: Timestamp) -> Result<bool> {
        write!(self, Some(tenant), alerts::delete_alert(tenant, viewer, id, now, self.renderer()))
    }

    async fn add_trip(&self, update: &TripUpdate, now: Timestamp, once: &Once<'_, ()>) -> Result<()> {
        write!(self, Some(&update.trip.tenant), trips::add_trip(update, now, self.renderer()), once)
    }
    async fn change_trip(&self, update: &TripUpdate, now: Timestamp, once: &Once<'_, bool>) -> Result<bool> {
        write!(self, Some(&update.trip.tenant), trips::change_trip(update, now, self.renderer()), once)
    }
    async fn get_trip(&self, tenant: &TenantId, id: &TripId) -> Result<Option<Trip>> {
        read!(self, trips::get_trip(tenant, id))
    }
    async fn list_trips(
        &self,
        tenant: &TenantId,
        filter: &TripFilter,
        before: Option<&TripCursor>,
        limit: u32,
    ) -> Result<Vec<Trip>> {
        read!(self, trips::list_trips(tenant, filter, before, limit))
    }

    async fn get_rules(&self, tenant: &TenantId) -> Result<Option<FleetRules>> {
        read!(self, rules::get_rules(tenant))
    }
    async fn set_rules(
        &self,
        tenant: &TenantId,
        values: &JsonObject,
        known: i64,
        now: Timestamp,
    ) -> Result<Option<FleetRules>> {
        write!(self, Some(tenant), audited::set_rules(tenant, values, known, now, self.renderer(), self.author()))
    }

    async fn add_activity(&self, tenant: TenantNo, vehicle: VehicleNo, changes: &[ActivityChange]) -> Result<()> {
        write!(self, None, activity::add_activity(tenant, vehicle, changes))
    }
    async fn fleet_stats(&self, tenant: &TenantId, window: StatsWindow) -> Result<FleetStats> {
        read!(self, activity::fleet_stats(tenant, window))
    }

    async fn save_checkpoints(&self, vehicle: VehicleNo, from: Timestamp, checkpoints: &[Checkpoint]) -> Result<()> {
        write!(self, None, checkpoints::save_checkpoints(vehicle, from, checkpoints))
    }
    async fn newest_checkpoint(&self, vehicle: VehicleNo, before: Option<Timestamp>) -> Result<Option<Checkpoint>> {
        read!(self, checkpoints::newest_checkpoint(vehicle, before))
    }

    async fn fleet_events(
        &self,
        tenant: &TenantId,
        viewer: FleetViewer,
        after: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Event>> {
        self.on_disk(read!(self, fleet::fleet_events(tenant, viewer, after, up_to, limit))?).await
    }
}

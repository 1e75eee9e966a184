//! The fleet: the trait, each function of the modules beside it.

use super::sql_store::SqlStore;
use super::{activity, alerts, checkpoints, fleet_events, fleet_rules, geofences, trips};
use crate::{
    ActivityChange, AlertCursor, AlertReadOutcome, Checkpoint, FigureWindow, FleetFigures, FleetStore, Once, Result,
    TenantNo, TripCursor, TripFilter, VehicleNo,
};
use async_trait::async_trait;
use milepost_domain::{
    Alert, AlertId, Event, FleetRules, FleetViewer, Geofence, GeofenceDescription, GeofenceId, JsonObject, TenantId,
    Timestamp, Trip, TripId, TripOrigin, TripUpdate, UserId, VehicleId,
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
        let mut transaction = self.write().await?;
        let outcome = geofences::add_geofence(transaction.connection(), tenant, description, now).await;
        transaction.finish_once(outcome, once).await
    }
    async fn get_geofence(&self, tenant: &TenantId, id: GeofenceId) -> Result<Option<Geofence>> {
        geofences::get_geofence(&mut *self.read().await?, tenant, id).await
    }
    async fn list_geofences(&self, tenant: &TenantId, after: Option<GeofenceId>, limit: u32) -> Result<Vec<Geofence>> {
        geofences::list_geofences(&mut *self.read().await?, tenant, after, limit).await
    }
    async fn update_geofence(
        &self,
        tenant: &TenantId,
        id: GeofenceId,
        description: &GeofenceDescription,
        now: Timestamp,
    ) -> Result<Option<Geofence>> {
        let mut transaction = self.write().await?;
        let outcome = geofences::update_geofence(transaction.connection(), tenant, id, description, now).await;
        transaction.finish(outcome).await
    }
    async fn remove_geofence(&self, tenant: &TenantId, id: GeofenceId, now: Timestamp) -> Result<bool> {
        let mut transaction = self.write().await?;
        let outcome = geofences::remove_geofence(transaction.connection(), tenant, id, now).await;
        transaction.finish(outcome).await
    }

    async fn raise_alert(&self, alert: &Alert, now: Timestamp, once: &Once<'_, bool>) -> Result<bool> {
        let mut transaction = self.write().await?;
        let outcome = alerts::raise_alert(transaction.connection(), alert, now).await;
        transaction.finish_once(outcome, once).await
    }
    async fn get_alert(
        &self,
        tenant: &TenantId,
        viewer: FleetViewer,
        id: &AlertId,
        now: Timestamp,
    ) -> Result<Option<Alert>> {
        alerts::get_alert(&mut *self.read().await?, tenant, viewer, id, now).await
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
        alerts::list_alerts(&mut *self.read().await?, tenant, viewer, unread, before, limit, now).await
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
        let mut transaction = self.write().await?;
        let outcome = alerts::read_alert(transaction.connection(), tenant, viewer, id, by, now).await;
        transaction.finish_once(outcome, once).await
    }
    async fn delete_alert(&self, tenant: &TenantId, viewer: FleetViewer, id: &AlertId, now: Timestamp) -> Result<bool> {
        let mut transaction = self.write().await?;
        let outcome = alerts::delete_alert(transaction.connection(), tenant, viewer, id, now).await;
        transaction.finish(outcome).await
    }

    async fn add_trip(&self, update: &TripUpdate, now: Timestamp, once: &Once<'_, ()>) -> Result<()> {
        let mut transaction = self.write().await?;
        let outcome = trips::add_trip(transaction.connection(), update, now).await;
        transaction.finish_once(outcome, once).await
    }
    async fn change_trip(&self, update: &TripUpdate, now: Timestamp, once: &Once<'_, bool>) -> Result<bool> {
        let mut transaction = self.write().await?;
        let outcome = trips::change_trip(transaction.connection(), update, now).await;
        transaction.finish_once(outcome, once).await
    }
    async fn get_trip(&self, tenant: &TenantId, id: &TripId) -> Result<Option<Trip>> {
        trips::get_trip(&mut *self.read().await?, tenant, id).await
    }
    async fn running_trip(&self, tenant: &TenantId, vehicle: &VehicleId, origin: TripOrigin) -> Result<Option<Trip>> {
        trips::running_trip(&mut *self.read().await?, tenant, vehicle, origin).await
    }
    async fn list_trips(
        &self,
        tenant: &TenantId,
        filter: &TripFilter,
        before: Option<&TripCursor>,
        limit: u32,
    ) -> Result<Vec<Trip>> {
        trips::list_trips(&mut *self.read().await?, tenant, filter, before, limit).await
    }

    async fn get_rules(&self, tenant: &TenantId) -> Result<Option<FleetRules>> {
        fleet_rules::get_rules(&mut *self.read().await?, tenant).await
    }
    async fn set_rules(
        &self,
        tenant: &TenantId,
        values: &JsonObject,
        known: i64,
        now: Timestamp,
    ) -> Result<Option<FleetRules>> {
        let mut transaction = self.write().await?;
        let outcome = fleet_rules::set_rules(transaction.connection(), tenant, values, known, now).await;
        transaction.finish(outcome).await
    }

    async fn add_activity(&self, tenant: TenantNo, vehicle: VehicleNo, changes: &[ActivityChange]) -> Result<()> {
        let mut transaction = self.write().await?;
        let outcome = activity::add_activity(transaction.connection(), tenant, vehicle, changes).await;
        transaction.finish(outcome).await
    }
    async fn fleet_figures(&self, tenant: &TenantId, window: FigureWindow) -> Result<FleetFigures> {
        activity::fleet_figures(&mut *self.read().await?, tenant, window).await
    }

    async fn save_checkpoints(&self, vehicle: VehicleNo, from: Timestamp, checkpoints: &[Checkpoint]) -> Result<()> {
        let mut transaction = self.write().await?;
        let outcome = checkpoints::save_checkpoints(transaction.connection(), vehicle, from, checkpoints).await;
        transaction.finish(outcome).await
    }
    async fn newest_checkpoint(&self, vehicle: VehicleNo, before: Option<Timestamp>) -> Result<Option<Checkpoint>> {
        checkpoints::newest_checkpoint(&mut *self.read().await?, vehicle, before).await
    }

    async fn fleet_events(
        &self,
        tenant: &TenantId,
        viewer: FleetViewer,
        after: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Event>> {
        fleet_events::fleet_events(&mut *self.read().await?, tenant, viewer, after, up_to, limit).await
    }
}

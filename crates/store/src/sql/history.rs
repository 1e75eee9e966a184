//! Implements the trait for history with the functions of this folder.

pub(super) mod activities;
pub(super) mod alerts;
pub(super) mod folds;
pub(super) mod incidents;
pub(super) mod outliers;
pub(super) mod trips;
pub(super) mod upkeep;
pub(super) mod vehicle_rows;
pub(super) mod visits;
pub(super) mod write;

use super::sql_store::SqlStore;
use crate::{
    ActivityChange, BehindFilter, FenceVisit, FoldedVehicle, HistoryOutcome, HistoryStore, HistoryWrite, Incident,
    Result, UnfoldedPosition, VehicleNo,
};
use async_trait::async_trait;
use milepost_domain::{TenantId, Timestamp, Trip, VehicleId};

#[async_trait]
impl HistoryStore for SqlStore {
    async fn load_fold(&self, vehicle: VehicleNo) -> Result<Option<FoldedVehicle>> {
        read!(self, folds::load_fold(vehicle))
    }
    async fn positions_to_fold(
        &self,
        vehicle: VehicleNo,
        vehicle_id: &VehicleId,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<UnfoldedPosition>> {
        read!(self, folds::positions_to_fold(vehicle, vehicle_id, after, limit))
    }
    async fn vehicles_behind(
        &self,
        filter: BehindFilter,
        after: Option<VehicleNo>,
        limit: u32,
    ) -> Result<Vec<VehicleNo>> {
        read!(self, folds::vehicles_behind(filter, after, limit))
    }
    async fn vehicles_silent(&self, now: Timestamp, after: Option<VehicleNo>, limit: u32) -> Result<Vec<VehicleNo>> {
        read!(self, folds::vehicles_silent(now, after, limit))
    }
    async fn write_history(&self, writes: &[HistoryWrite], now: Timestamp) -> Result<HistoryOutcome> {
        write!(self, None, write::write_history(writes, now, self.renderer()))
    }
    async fn trips_under_way(&self, tenant: &TenantId, vehicles: &[VehicleNo]) -> Result<Vec<Trip>> {
        read!(self, trips::trips_under_way(tenant, vehicles))
    }

    async fn list_visits(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<FenceVisit>> {
        read!(self, visits::list_visits(tenant, vehicle, from, to, limit))
    }
    async fn list_incidents(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<Incident>> {
        read!(self, incidents::list_incidents(tenant, vehicle, from, to, limit))
    }
    async fn list_activity(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<ActivityChange>> {
        read!(self, activities::list_activity(tenant, vehicle, from, to, limit))
    }
    async fn list_outliers(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        from: Timestamp,
        to: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Timestamp, String)>> {
        read!(self, outliers::list_outliers(tenant, vehicle, from, to, limit))
    }
}

//! Implements the trait of nodes.

mod leases;
pub(super) mod looks;

use super::sql_store::SqlStore;
use crate::{LivingNode, NewestTime, NodeStore, Result};
use async_trait::async_trait;
use milepost_domain::{DriverFix, NodeId, ParcelId, TenantId, Timestamp, TrackingId};

#[async_trait]
impl NodeStore for SqlStore {
    async fn installation(&self) -> Result<Option<String>> {
        self.native.installation(&mut *self.read_front().await?).await
    }
    async fn beat(&self, node: &LivingNode) -> Result<Vec<LivingNode>> {
        self.native.beat(&mut *self.read_front().await?, node).await
    }
    async fn compare_clocks(&self, machine: &(dyn Fn() -> Timestamp + Send + Sync)) -> Result<i64> {
        self.native.compare_clocks(&mut *self.read_front().await?, machine).await
    }
    async fn leave(&self, node: NodeId) -> Result<()> {
        self.native.leave(&mut *self.read_front().await?, node).await
    }
    async fn hold_lease(&self, name: &str, node: NodeId, now: Timestamp, until: Timestamp) -> Result<bool> {
        let (now, until) = (self.native.to_shared(now), self.native.to_shared(until));
        write_unflushed!(self, None, leases::hold_lease(name, node, now, until))
    }
    async fn newest_times(&self, tenant: &TenantId) -> Result<Vec<NewestTime>> {
        read!(self, looks::newest_times(tenant))
    }
    async fn delivery_versions(&self, ids: &[TrackingId]) -> Result<Vec<(TrackingId, i64)>> {
        read!(self, looks::delivery_versions(ids))
    }
    async fn drivers_of_parcels(&self, tenant: &TenantId, parcels: &[ParcelId]) -> Result<Vec<(ParcelId, DriverFix)>> {
        read!(self, looks::drivers_of_parcels(tenant, parcels))
    }
}

//! Implements the trait for deliveries with the functions of this folder.

pub(super) mod reads;
pub(super) mod sessions;

use super::sql_store::SqlStore;
use crate::{DeliveryChange, DeliveryCount, DeliveryListing, DeliveryMove, DeliveryStore, Once, Result, Ride};
use async_trait::async_trait;
use milepost_domain::{Delivery, DeliveryFix, RiderId, TenantId, Timestamp, TrackingId};
use std::sync::Arc;

#[async_trait]
impl DeliveryStore for SqlStore {
    async fn add_delivery(&self, change: &DeliveryChange<'_>, now: Timestamp, once: &Once<'_, ()>) -> Result<()> {
        write!(self, Some(&change.delivery.tenant), sessions::add_delivery(change, now, self.renderer()), once)
    }
    async fn get_delivery(&self, id: &TrackingId) -> Result<Option<Delivery>> {
        read!(self, reads::get_delivery(id))
    }
    async fn current_delivery(&self, tenant: &TenantId, rider: &RiderId, now: Timestamp) -> Result<Option<Delivery>> {
        read!(self, reads::current_delivery(tenant, rider, now))
    }
    async fn list_deliveries(&self, listing: &DeliveryListing, now: Timestamp) -> Result<Vec<Delivery>> {
        read!(self, reads::list_deliveries(listing, now))
    }
    async fn change_delivery(
        &self,
        change: &DeliveryChange<'_>,
        now: Timestamp,
        once: &Once<'_, bool>,
    ) -> Result<bool> {
        write!(self, Some(&change.delivery.tenant), sessions::change_delivery(change, now, self.renderer()), once)
    }
    async fn move_deliveries(&self, moves: Arc<[DeliveryMove]>) -> Result<Vec<bool>> {
        self.native.move_deliveries(&self.writers, moves).await
    }
    async fn delivery_fixes(&self, id: &TrackingId, after: Option<Timestamp>, limit: u32) -> Result<Vec<DeliveryFix>> {
        read!(self, reads::delivery_fixes(id, after, limit))
    }
    async fn finished_rides(&self, tenant: &TenantId, rider: &RiderId, limit: u32) -> Result<Vec<Ride>> {
        read!(self, reads::finished_rides(tenant, rider, limit))
    }
    async fn finished_deliveries(
        &self,
        tenant: &TenantId,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Delivery>> {
        read!(self, reads::finished_deliveries(tenant, after, limit))
    }
    async fn count_deliveries(&self, tenant: Option<&TenantId>, now: Timestamp) -> Result<Vec<DeliveryCount>> {
        read!(self, reads::count_deliveries(tenant, now))
    }
}

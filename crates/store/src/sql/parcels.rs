//! Parcels: the trait, each function of the modules in this folder.

pub(super) mod driver_fixes;
pub(super) mod driver_states;
pub(super) mod rows;
pub(super) mod table;

use super::audit::fleet as audited;
use super::sql_store::SqlStore;
use crate::{DriverAsked, DriverFixWrite, DriverState, FixOutcome, NewParcel, Once, ParcelScope, ParcelStore, Result};
use async_trait::async_trait;
use milepost_domain::{DriverFix, Fact, OutgoingCall, Parcel, ParcelId, TenantId, Timestamp, UserId, ZonesInside};
use std::sync::Arc;

#[async_trait]
impl ParcelStore for SqlStore {
    async fn add_parcel(&self, parcel: &NewParcel, now: Timestamp, once: &Once<'_, Parcel>) -> Result<Parcel> {
        write!(self, Some(&parcel.tenant), audited::add_parcel(parcel, now, self.renderer(), self.author()), once)
    }
    async fn get_parcel(&self, tenant: &TenantId, id: ParcelId) -> Result<Option<Parcel>> {
        read!(self, table::get_parcel(tenant, id))
    }
    async fn list_parcels(
        &self,
        tenant: &TenantId,
        scope: ParcelScope,
        after: Option<ParcelId>,
        limit: u32,
    ) -> Result<Vec<Parcel>> {
        read!(self, table::list_parcels(tenant, scope, after, limit))
    }
    async fn change_parcel(
        &self,
        parcel: &Parcel,
        facts: &[Fact],
        calls: &[OutgoingCall],
        now: Timestamp,
    ) -> Result<bool> {
        write!(
            self,
            Some(&parcel.tenant),
            audited::change_parcel(parcel, facts, calls, now, self.renderer(), self.author())
        )
    }
    async fn active_parcels(&self, tenant: &TenantId, driver: UserId) -> Result<Vec<Parcel>> {
        read!(self, table::active_parcels(tenant, driver))
    }
    async fn record_driver_fix(
        &self,
        tenant: &TenantId,
        fix: &DriverFix,
        inside: &[(ParcelId, ZonesInside)],
        facts: &[Fact],
        now: Timestamp,
    ) -> Result<FixOutcome> {
        write!(self, Some(tenant), driver_fixes::record_driver_fix(tenant, fix, inside, facts, now, self.renderer()))
    }
    async fn record_driver_fixes(&self, fixes: Arc<[DriverFixWrite]>) -> Result<Vec<FixOutcome>> {
        self.native.record_driver_fixes(&self.writers, fixes).await
    }
    async fn driver_states(&self, drivers: &[DriverAsked]) -> Result<Vec<DriverState>> {
        driver_states::driver_states(&mut *self.read_ingest().await?, drivers).await
    }
    async fn hold_driver_fix(&self, tenant: &TenantId, fix: &DriverFix, now: Timestamp) -> Result<bool> {
        write!(self, Some(tenant), driver_fixes::add_driver_fix(tenant, fix, now))
    }
    async fn driver_fixes(
        &self,
        tenant: &TenantId,
        driver: UserId,
        after: Timestamp,
        limit: u32,
    ) -> Result<Vec<DriverFix>> {
        read!(self, driver_fixes::driver_fixes(tenant, driver, after, limit))
    }
    async fn last_driver_fix(&self, tenant: &TenantId, driver: UserId) -> Result<Option<DriverFix>> {
        read!(self, driver_fixes::last_driver_fix(tenant, driver))
    }
    async fn parcel_path(
        &self,
        tenant: &TenantId,
        id: ParcelId,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<DriverFix>> {
        read!(self, driver_fixes::parcel_path(tenant, id, after, limit))
    }
}

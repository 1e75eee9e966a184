//! Implements the trait for roaming fences with the functions of this folder.

pub(super) mod encounters;
pub(super) mod fences;

use super::audit::fleet as audited;
use super::sql_store::SqlStore;
use crate::{EncounterChange, EncounterCursor, Once, OpenEncounter, Result, RoamingStore};
use async_trait::async_trait;
use milepost_domain::{Encounter, RoamingFence, RoamingFenceDescription, RoamingFenceId, TenantId, Timestamp};

#[async_trait]
impl RoamingStore for SqlStore {
    async fn add_roaming_fence(
        &self,
        tenant: &TenantId,
        description: &RoamingFenceDescription,
        now: Timestamp,
        once: &Once<'_, Option<RoamingFence>>,
    ) -> Result<Option<RoamingFence>> {
        write!(
            self,
            Some(tenant),
            audited::add_roaming_fence(tenant, description, now, self.renderer(), self.author()),
            once
        )
    }
    async fn get_roaming_fence(&self, tenant: &TenantId, id: RoamingFenceId) -> Result<Option<RoamingFence>> {
        read!(self, fences::get_roaming_fence(tenant, id))
    }
    async fn list_roaming_fences(
        &self,
        tenant: &TenantId,
        after: Option<RoamingFenceId>,
        limit: u32,
    ) -> Result<Vec<RoamingFence>> {
        read!(self, fences::list_roaming_fences(tenant, after, limit))
    }
    async fn update_roaming_fence(
        &self,
        tenant: &TenantId,
        id: RoamingFenceId,
        version: i64,
        description: &RoamingFenceDescription,
        now: Timestamp,
    ) -> Result<Option<RoamingFence>> {
        write!(
            self,
            Some(tenant),
            audited::update_roaming_fence(tenant, id, version, description, now, self.renderer(), self.author())
        )
    }
    async fn remove_roaming_fence(
        &self,
        tenant: &TenantId,
        id: RoamingFenceId,
        version: Option<i64>,
        now: Timestamp,
    ) -> Result<bool> {
        write!(
            self,
            Some(tenant),
            audited::remove_roaming_fence(tenant, id, version, now, self.renderer(), self.author())
        )
    }
    async fn roaming_tenants(&self) -> Result<Vec<TenantId>> {
        read!(self, fences::roaming_tenants())
    }

    async fn open_encounters(&self, tenant: &TenantId) -> Result<Vec<OpenEncounter>> {
        read!(self, encounters::open_encounters(tenant))
    }
    async fn change_encounter(&self, tenant: &TenantId, change: &EncounterChange, now: Timestamp) -> Result<bool> {
        write!(self, Some(tenant), encounters::change_encounter(tenant, change, now, self.renderer()))
    }
    async fn list_encounters(
        &self,
        tenant: &TenantId,
        id: RoamingFenceId,
        before: Option<EncounterCursor>,
        limit: u32,
    ) -> Result<Vec<(EncounterCursor, Encounter)>> {
        read!(self, encounters::list_encounters(tenant, id, before, limit))
    }
}

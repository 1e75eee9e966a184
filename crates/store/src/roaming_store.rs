//! Roaming fences and the encounters within them.

use crate::{Once, Result, VehicleNo};
use async_trait::async_trait;
use milepost_domain::{Alert, Encounter, RoamingFence, RoamingFenceDescription, RoamingFenceId, TenantId, Timestamp};

/// An encounter that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenEncounter {
    /// The fence.
    pub fence: RoamingFenceId,
    /// The vehicle with the lower number.
    pub a: VehicleNo,
    /// The other one.
    pub b: VehicleNo,
    /// Since when they are near.
    pub began_at: Timestamp,
    /// Whether they have been near for long enough.
    pub met: bool,
}

/// What two vehicles did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncounterStep {
    /// They came near.
    Began,
    /// They came near, and need not stay for any time.
    BegunAndMet,
    /// They have been near for long enough.
    Met,
    /// They are far from each other, after they met or before.
    Parted,
    /// The fence was changed, or one of them, and concerns them no more.
    Dropped,
}

/// A step of an encounter, to be stored with its alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncounterChange {
    /// The fence.
    pub fence: RoamingFenceId,
    /// The vehicle with the lower number.
    pub a: VehicleNo,
    /// The other one.
    pub b: VehicleNo,
    /// What they did.
    pub step: EncounterStep,
    /// When, by the time of their positions.
    pub at: Timestamp,
    /// The alert that the step raises, if it is the first to tell of it, and of two that have met.
    pub alert: Option<Alert>,
}

/// The last encounter of a page, after which the next page begins. Encounters are listed newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncounterCursor {
    /// When it began.
    pub began_at: Timestamp,
    /// Its key.
    pub no: i64,
}

/// Roaming fences. Part of [`crate::Store`].
#[async_trait]
pub trait RoamingStore: Send + Sync {
    /// Adds a roaming fence, with `RoamingFenceChanged`. Returns `None` when the tenant has
    /// [`milepost_domain::MAX_ROAMING_FENCES`]. `NotFound("tenant")`.
    async fn add_roaming_fence(
        &self,
        tenant: &TenantId,
        description: &RoamingFenceDescription,
        now: Timestamp,
        once: &Once<'_, Option<RoamingFence>>,
    ) -> Result<Option<RoamingFence>>;
    /// Reads a roaming fence by its number.
    async fn get_roaming_fence(&self, tenant: &TenantId, id: RoamingFenceId) -> Result<Option<RoamingFence>>;
    /// Lists a tenant's roaming fences in the order of their numbers, after `after`.
    async fn list_roaming_fences(
        &self,
        tenant: &TenantId,
        after: Option<RoamingFenceId>,
        limit: u32,
    ) -> Result<Vec<RoamingFence>>;
    /// Replaces the description of a roaming fence at this version, with `RoamingFenceChanged`. Returns `None` and writes nothing if
    /// there is no such fence, or another version was written first.
    async fn update_roaming_fence(
        &self,
        tenant: &TenantId,
        id: RoamingFenceId,
        version: i64,
        description: &RoamingFenceDescription,
        now: Timestamp,
    ) -> Result<Option<RoamingFence>>;
    /// Removes a roaming fence with its encounters, with `RoamingFenceChanged`. Returns false if there is no such fence, or it has
    /// another version than the one that is given.
    async fn remove_roaming_fence(
        &self,
        tenant: &TenantId,
        id: RoamingFenceId,
        version: Option<i64>,
        now: Timestamp,
    ) -> Result<bool>;
    /// The tenants that have roaming fences.
    async fn roaming_tenants(&self) -> Result<Vec<TenantId>>;

    /// A tenant's encounters that have not ended.
    async fn open_encounters(&self, tenant: &TenantId) -> Result<Vec<OpenEncounter>>;
    /// Stores a step of an encounter with its alert. Returns false and writes nothing if it was stored before, by this process or
    /// another one, or if the fence or a vehicle was removed. Times decide: a pair begins nothing at or before its last parting, and
    /// parts from nothing that began later. Two that part before they met, or are dropped before that, leave nothing.
    async fn change_encounter(&self, tenant: &TenantId, change: &EncounterChange, now: Timestamp) -> Result<bool>;
    /// Lists the encounters of a fence in which vehicles met, newest first, before `before`.
    async fn list_encounters(
        &self,
        tenant: &TenantId,
        id: RoamingFenceId,
        before: Option<EncounterCursor>,
        limit: u32,
    ) -> Result<Vec<(EncounterCursor, Encounter)>>;
}

//! Parcels: who brings them, and where their drivers were.

use crate::{Once, Result};
use async_trait::async_trait;
use milepost_domain::{
    DriverFix, Fact, OutgoingCall, Parcel, ParcelId, ParcelStatus, Place, TenantId, Timestamp, UserId, ZonesInside,
};

/// A parcel to be entered.
#[derive(Debug, Clone, PartialEq)]
pub struct NewParcel {
    /// Whose company.
    pub tenant: TenantId,
    /// Whose parcel.
    pub client_id: UserId,
    /// Who brings it.
    pub driver_id: Option<UserId>,
    /// Where it is fetched.
    pub pickup: Place,
    /// Where it is brought.
    pub destination: Place,
    /// `pending`, or `assigned` with a driver.
    pub status: ParcelStatus,
}

/// Which parcels of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParcelScope {
    /// All.
    All,
    /// Those of one client.
    Client(UserId),
    /// Those that one driver brings or brought.
    Driver(UserId),
}

/// What became of a driver's fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FixOutcome {
    /// It is the driver's newest.
    Newest,
    /// Stored; a newer one was known.
    Late,
    /// There is one with its driver and time: nothing was written.
    Duplicate,
}

/// Parcels. Part of [`crate::Store`].
#[async_trait]
pub trait ParcelStore: Send + Sync {
    /// Enters a parcel with its fact (`ParcelAdded`, made by the store, which knows its number). A driver's leg begins
    /// with it. `NotFound("tenant")`.
    async fn add_parcel(&self, parcel: &NewParcel, now: Timestamp, once: &Once<'_, Parcel>) -> Result<Parcel>;
    /// A parcel of any tenant.
    async fn get_parcel(&self, id: ParcelId) -> Result<Option<Parcel>>;
    /// Parcels in the order of their numbers, after `after`.
    async fn list_parcels(
        &self,
        tenant: &TenantId,
        scope: ParcelScope,
        after: Option<ParcelId>,
        limit: u32,
    ) -> Result<Vec<Parcel>>;
    /// Writes the whole parcel with its facts and calls, and ends and begins its driver's leg where driver or end
    /// changed; false (and nothing written) if its version is not one above the stored one.
    async fn change_parcel(
        &self,
        parcel: &Parcel,
        facts: &[Fact],
        calls: &[OutgoingCall],
        now: Timestamp,
    ) -> Result<bool>;
    /// What a driver brings now, in the order of numbers.
    async fn active_parcels(&self, tenant: &TenantId, driver: UserId) -> Result<Vec<Parcel>>;
    /// Stores a fix, and for the parcels listed which of their places the driver is at (versions stay), with facts.
    /// If it is not the newest, only the fix is written.
    async fn record_driver_fix(
        &self,
        tenant: &TenantId,
        fix: &DriverFix,
        inside: &[(ParcelId, ZonesInside)],
        facts: &[Fact],
        now: Timestamp,
    ) -> Result<FixOutcome>;
    /// A driver's newest fix.
    async fn last_driver_fix(&self, tenant: &TenantId, driver: UserId) -> Result<Option<DriverFix>>;
    /// The fixes of a parcel's drivers while they brought it, oldest first, strictly after `after`.
    async fn parcel_path(&self, id: ParcelId, after: Option<Timestamp>, limit: u32) -> Result<Vec<DriverFix>>;
}

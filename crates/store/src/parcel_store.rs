//! Parcels: who delivers them, and where their drivers were.

use crate::{Gathered, Once, Result, Store};
use async_trait::async_trait;
use milepost_domain::{
    DriverFix, Fact, OutgoingCall, Parcel, ParcelId, ParcelStatus, Place, TenantId, Timestamp, UserId, ZonesInside,
};
use std::sync::Arc;

/// A parcel to add.
#[derive(Debug, Clone, PartialEq)]
pub struct NewParcel {
    /// The tenant.
    pub tenant: TenantId,
    /// The client who follows the parcel.
    pub client_id: UserId,
    /// The driver who delivers the parcel.
    pub driver_id: Option<UserId>,
    /// The place of pickup.
    pub pickup: Place,
    /// The place of delivery.
    pub destination: Place,
    /// `pending`, or `assigned` if there is a driver.
    pub status: ParcelStatus,
}

/// Selects parcels of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParcelScope {
    /// All parcels.
    All,
    /// The parcels of one client.
    Client(UserId),
    /// The parcels that one driver delivers or delivered.
    Driver(UserId),
}

/// The result of storing a driver's fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FixOutcome {
    /// The fix is the driver's newest.
    Newest,
    /// The fix was stored, and a newer one was known.
    Late,
    /// A fix of the driver with this time exists. Nothing was written.
    Duplicate,
}

/// A question: what does this driver bring, and where was it last? [`crate::Gatherer`] asks those of many callers by one query.
#[derive(Debug, Clone)]
pub struct DriverAsked {
    /// The driver's tenant.
    pub tenant: TenantId,
    /// The driver.
    pub driver: UserId,
}

/// What a driver brings, and where it was last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DriverState {
    /// As [`ParcelStore::active_parcels`].
    pub active: Vec<Parcel>,
    /// As [`ParcelStore::last_driver_fix`].
    pub last: Option<DriverFix>,
}

#[async_trait]
impl Gathered for DriverAsked {
    type Answer = DriverState;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    async fn carry_out(store: &dyn Store, all: Arc<[Self]>) -> Result<Vec<DriverState>> {
        store.driver_states(&all).await
    }
}

/// A driver's fix with which no zone of a parcel was crossed, so that nothing but itself is stored. [`crate::Gatherer`] stores
/// those of many drivers by one transaction.
#[derive(Debug, Clone)]
pub struct DriverFixWrite {
    /// The driver's tenant.
    pub tenant: TenantId,
    /// The fix.
    pub fix: DriverFix,
    /// When it arrived.
    pub now: Timestamp,
}

#[async_trait]
impl Gathered for DriverFixWrite {
    type Answer = FixOutcome;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    async fn carry_out(store: &dyn Store, all: Arc<[Self]>) -> Result<Vec<FixOutcome>> {
        store.record_driver_fixes(all).await
    }
}

/// Parcels. Part of [`crate::Store`].
#[async_trait]
pub trait ParcelStore: Send + Sync {
    /// Adds a parcel with its fact `ParcelAdded`, which the store makes because it knows the number. If there is a
    /// driver, the driver's leg begins. `NotFound("tenant")`.
    async fn add_parcel(&self, parcel: &NewParcel, now: Timestamp, once: &Once<'_, Parcel>) -> Result<Parcel>;
    /// Reads a tenant's parcel.
    async fn get_parcel(&self, tenant: &TenantId, id: ParcelId) -> Result<Option<Parcel>>;
    /// Lists parcels in the order of their numbers, after `after`.
    async fn list_parcels(
        &self,
        tenant: &TenantId,
        scope: ParcelScope,
        after: Option<ParcelId>,
        limit: u32,
    ) -> Result<Vec<Parcel>>;
    /// Writes the whole parcel with its facts and calls. If the driver changed or the parcel came to its end, the
    /// driver's leg ends and a new one may begin. Returns false and writes nothing if the version is not one above the
    /// stored one.
    async fn change_parcel(
        &self,
        parcel: &Parcel,
        facts: &[Fact],
        calls: &[OutgoingCall],
        now: Timestamp,
    ) -> Result<bool>;
    /// Lists the parcels that a driver delivers now, in the order of their numbers.
    async fn active_parcels(&self, tenant: &TenantId, driver: UserId) -> Result<Vec<Parcel>>;
    /// Stores a fix with its facts, and records for the listed parcels which zones the driver is in; their versions
    /// stay. If the fix is not the newest, only the fix is written. A newer one that lies ahead of `now`
    /// ([`lies_ahead`](milepost_domain::lies_ahead)) gives way.
    async fn record_driver_fix(
        &self,
        tenant: &TenantId,
        fix: &DriverFix,
        inside: &[(ParcelId, ZonesInside)],
        facts: &[Fact],
        now: Timestamp,
    ) -> Result<FixOutcome>;
    /// Stores fixes of different drivers in one transaction, each as [`Self::record_driver_fix`] without zones and facts.
    async fn record_driver_fixes(&self, fixes: Arc<[DriverFixWrite]>) -> Result<Vec<FixOutcome>>;
    /// Reads what drivers bring and where they were last, in the order of the questions. Of a driver that nobody knows it is
    /// nothing.
    async fn driver_states(&self, drivers: &[DriverAsked]) -> Result<Vec<DriverState>>;
    /// Stores a fix that is held to be wrong: it is never the driver's newest. Returns false if the driver has a fix of this
    /// time.
    async fn hold_driver_fix(&self, tenant: &TenantId, fix: &DriverFix, now: Timestamp) -> Result<bool>;
    /// Lists all fixes of a driver, oldest first, strictly after `after`.
    async fn driver_fixes(
        &self,
        tenant: &TenantId,
        driver: UserId,
        after: Timestamp,
        limit: u32,
    ) -> Result<Vec<DriverFix>>;
    /// Reads a driver's newest fix that is not held to be wrong.
    async fn last_driver_fix(&self, tenant: &TenantId, driver: UserId) -> Result<Option<DriverFix>>;
    /// Lists all fixes of a parcel's drivers during the delivery, oldest first, strictly after `after`.
    async fn parcel_path(
        &self,
        tenant: &TenantId,
        id: ParcelId,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<DriverFix>>;
}

//! Deliveries: sessions, the fixes of their riders, and the rides of finished ones.

use crate::{Gathered, Once, Result, Store};
use async_trait::async_trait;
use milepost_domain::{
    Delivery, DeliveryFix, DeliveryStatus, Fact, OutgoingCall, RiderId, TenantId, Timestamp, TrackingId,
};
use std::sync::Arc;

/// A new state of a delivery, and the rows that are written with it in one transaction.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryChange<'a> {
    /// The new state. Its version is one above the stored one.
    pub delivery: &'a Delivery,
    /// A fix to store.
    pub fix: Option<&'a DeliveryFix>,
    /// The facts of the change.
    pub facts: &'a [Fact],
    /// Calls to make about the change.
    pub calls: &'a [OutgoingCall],
}

/// A delivery whose rider moved, and nothing else: no fact, no call, and no answer to a repeated request comes with it.
/// [`crate::Gatherer`] stores those of many callers by one transaction.
#[derive(Debug, Clone)]
pub struct DeliveryMove {
    /// The new state. Its version is one above the stored one, its status is the stored one.
    pub delivery: Delivery,
    /// A fix to store.
    pub fix: Option<DeliveryFix>,
}

#[async_trait]
impl Gathered for DeliveryMove {
    /// Whether it was written: its version was one above the stored one.
    type Answer = bool;

    fn tenant(&self) -> &TenantId {
        &self.delivery.tenant
    }

    async fn carry_out(store: &dyn Store, all: Arc<[Self]>) -> Result<Vec<bool>> {
        store.move_deliveries(all).await
    }
}

/// The ride of a finished delivery, from which estimates learn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ride {
    /// Distance along the fixes, in metres.
    pub driven_m: f64,
    /// The fix at the start.
    pub first: DeliveryFix,
    /// The fix at the end.
    pub last: DeliveryFix,
}

/// The number of sessions of one status that have not expired, by the time of their last change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryCount {
    /// The status that is counted.
    pub status: DeliveryStatus,
    /// All sessions of the status.
    pub sessions: u64,
    /// Of these, the sessions changed within the last 5 minutes.
    pub last_5_min: u64,
    /// Of these, the sessions changed within the last hour but not within the last 5 minutes.
    pub last_hour: u64,
}

/// Which sessions are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryListing {
    /// The tenant.
    pub tenant: TenantId,
    /// Only those of this rider.
    pub rider: Option<RiderId>,
    /// Only those that this subject started.
    pub started_by: Option<String>,
    /// Only those with this status.
    pub status: Option<DeliveryStatus>,
    /// Only those after this one, by its time of creation and id.
    pub after: Option<(Timestamp, TrackingId)>,
    /// The largest number of sessions.
    pub limit: u32,
}

/// Deliveries. Part of [`crate::Store`].
#[async_trait]
pub trait DeliveryStore: Send + Sync {
    /// Adds a session with its facts and calls. `Conflict("tracking_id")`, `NotFound("tenant")`.
    async fn add_delivery(&self, change: &DeliveryChange<'_>, now: Timestamp, once: &Once<'_, ()>) -> Result<()>;
    /// Reads a session of any tenant, expired or not.
    async fn get_delivery(&self, id: &TrackingId) -> Result<Option<Delivery>>;
    /// Reads a rider's session that has not expired: the running one that was started last, or else the last delivered
    /// one.
    async fn current_delivery(&self, tenant: &TenantId, rider: &RiderId, now: Timestamp) -> Result<Option<Delivery>>;
    /// Lists sessions that have not expired, newest first.
    async fn list_deliveries(&self, listing: &DeliveryListing, now: Timestamp) -> Result<Vec<Delivery>>;
    /// Writes a change. Returns false and writes nothing if its version is not one above the stored one.
    async fn change_delivery(&self, change: &DeliveryChange<'_>, now: Timestamp, once: &Once<'_, bool>)
    -> Result<bool>;
    /// Writes moves of different deliveries in one transaction, and says of each whether it was written, which it is not if its
    /// version is not one above the stored one. All that is written is on disk.
    async fn move_deliveries(&self, moves: Arc<[DeliveryMove]>) -> Result<Vec<bool>>;
    /// Lists fixes of a session, oldest first, strictly after `after`.
    async fn delivery_fixes(&self, id: &TrackingId, after: Option<Timestamp>, limit: u32) -> Result<Vec<DeliveryFix>>;
    /// Lists a rider's last finished rides, newest first.
    async fn finished_rides(&self, tenant: &TenantId, rider: &RiderId, limit: u32) -> Result<Vec<Ride>>;
    /// Lists a tenant's delivered sessions whose riders sent fixes, newest first. Only those that expire after `after`, which is a
    /// fixed time after their delivery.
    async fn finished_deliveries(
        &self,
        tenant: &TenantId,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Delivery>>;
    /// Counts sessions that have not expired by status, of one tenant or of all. A status without sessions is left out.
    async fn count_deliveries(&self, tenant: Option<&TenantId>, now: Timestamp) -> Result<Vec<DeliveryCount>>;
}

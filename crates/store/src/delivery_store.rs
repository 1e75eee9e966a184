//! Deliveries: sessions, the fixes of their riders, and what is learned from finished ones.

use crate::{Once, Result};
use async_trait::async_trait;
use milepost_domain::{
    Delivery, DeliveryFix, DeliveryStatus, Fact, OutgoingCall, RiderId, TenantId, Timestamp, TrackingId,
};

/// A delivery as it is to be from now on, and what goes with the change, in one transaction.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryChange<'a> {
    /// Its version is one above the one that was read.
    pub delivery: &'a Delivery,
    /// A fix to be kept.
    pub fix: Option<&'a DeliveryFix>,
    /// What happened.
    pub facts: &'a [Fact],
    /// Whom to tell.
    pub calls: &'a [OutgoingCall],
}

/// A finished delivery's ride, for learning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ride {
    /// Metres along the fixes.
    pub driven_m: f64,
    /// Where and when it began.
    pub first: DeliveryFix,
    /// Where and when it ended.
    pub last: DeliveryFix,
}

/// Sessions of one status that are not yet expired and were updated at or after some instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryCount {
    /// Which status.
    pub status: DeliveryStatus,
    /// How many.
    pub sessions: u64,
    /// Of these, updated within the last 5 minutes.
    pub last_5_min: u64,
    /// Of these, updated within the last hour, but not within the last 5 minutes.
    pub last_hour: u64,
}

/// Deliveries. Part of [`crate::Store`].
#[async_trait]
pub trait DeliveryStore: Send + Sync {
    /// Adds a session with its facts and calls. `Conflict("tracking_id")`, `NotFound("tenant")`.
    async fn add_delivery(&self, change: &DeliveryChange<'_>, now: Timestamp, once: &Once<'_, ()>) -> Result<()>;
    /// A session of any tenant, expired or not.
    async fn get_delivery(&self, id: &TrackingId) -> Result<Option<Delivery>>;
    /// A rider's session that is not expired: the last started of those under way, or else the last delivered.
    async fn current_delivery(&self, tenant: &TenantId, rider: &RiderId, now: Timestamp) -> Result<Option<Delivery>>;
    /// Writes a change; false (and nothing written) if its version is not one above the stored one.
    async fn change_delivery(&self, change: &DeliveryChange<'_>, now: Timestamp, once: &Once<'_, bool>)
    -> Result<bool>;
    /// Fixes of a session, oldest first, strictly after `after`.
    async fn delivery_fixes(&self, id: &TrackingId, after: Option<Timestamp>, limit: u32) -> Result<Vec<DeliveryFix>>;
    /// A rider's last finished rides, newest first.
    async fn finished_rides(&self, tenant: &TenantId, rider: &RiderId, limit: u32) -> Result<Vec<Ride>>;
    /// Sessions that are not expired, of one tenant or of all, by status (those without any are left out).
    async fn count_deliveries(&self, tenant: Option<&TenantId>, now: Timestamp) -> Result<Vec<DeliveryCount>>;
}

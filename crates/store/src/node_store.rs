//! What the nodes on one database need to know of each other, and what they look up when they missed each other's news.

use crate::{Result, VehicleNo};
use async_trait::async_trait;
use milepost_domain::{DriverFix, NodeId, ParcelId, TenantId, Timestamp, TrackingId, VehicleId};
use std::time::Duration;

/// A node that wrote no beat for this long has ended, or can't reach the database.
pub const NODE_SILENCE: Duration = Duration::from_secs(5);

/// A process that serves this database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LivingNode {
    /// Its id.
    pub id: NodeId,
    /// Its version of the program.
    pub version: String,
    /// Whether its relay works. `None` if it has none.
    pub relay_up: Option<bool>,
}

/// The time of a vehicle's newest place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewestTime {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Its internal number.
    pub no: VehicleNo,
    /// The time of its place. `None` if it has none.
    pub at: Option<Timestamp>,
}

/// Stores which nodes live, and reads what others may have changed. SQLite's file has one node.
#[async_trait]
pub trait NodeStore: Send + Sync {
    /// Names the installation: the same for all nodes of one database, and no other. `None` where a database has one node.
    async fn installation(&self) -> Result<Option<String>>;
    /// Notes that a node lives, and returns all that wrote within [`NODE_SILENCE`] by the database's clock, in the order of their
    /// ids.
    async fn beat(&self, node: &LivingNode) -> Result<Vec<LivingNode>>;
    /// Measures how far this node's clock is ahead of the database's, and returns it in milliseconds. Leases and claims are kept by
    /// the database's clock from then on, which all nodes share. `machine` reads the clock without what a test turned it. SQLite's
    /// file has one node, and needs no other clock than its own.
    async fn compare_clocks(&self, machine: &(dyn Fn() -> Timestamp + Send + Sync)) -> Result<i64>;
    /// Notes that a node has ended.
    async fn leave(&self, node: NodeId) -> Result<()>;
    /// Takes or keeps a lease: a piece of work that one node at a time does, such as polling a feed. False while another node has it.
    /// It is kept by the database's clock.
    async fn hold_lease(&self, name: &str, node: NodeId, now: Timestamp, until: Timestamp) -> Result<bool>;
    /// The times of all places of a tenant, in any order.
    async fn newest_times(&self, tenant: &TenantId) -> Result<Vec<NewestTime>>;
    /// The present versions of those of `ids` that exist, in any order.
    async fn delivery_versions(&self, ids: &[TrackingId]) -> Result<Vec<(TrackingId, i64)>>;
    /// The newest fixes of the drivers of those of `parcels` that are being brought, in any order.
    async fn drivers_of_parcels(&self, tenant: &TenantId, parcels: &[ParcelId]) -> Result<Vec<(ParcelId, DriverFix)>>;
}

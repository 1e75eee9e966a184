//! Where the follower gets descriptions of vehicles from.

use async_trait::async_trait;
use milepost_domain::{TenantId, Vehicle, VehicleId};
use milepost_store::StoreError;
use std::sync::Arc;

/// What this node knows of all tenants' vehicles. A change of a vehicle is made here before it is answered, so that the next
/// position is folded by the new description.
#[async_trait]
pub trait VehicleDirectory: Send + Sync {
    /// One tenant's vehicles, read from the store if this node does not know them yet.
    async fn of_tenant(&self, tenant: &TenantId) -> Result<Arc<dyn TenantVehicles>, StoreError>;
}

/// The vehicles of one tenant.
pub trait TenantVehicles: Send + Sync {
    /// A vehicle's description.
    fn get(&self, vehicle: &VehicleId) -> Option<Arc<Vehicle>>;
}

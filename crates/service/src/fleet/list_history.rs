//! Lists what the fold found in a vehicle's positions: visits of geofences, and incidents.

use super::Fleet;
use crate::vehicles::find_vehicle;
use crate::{Request, ServiceError};
use milepost_domain::{TenantId, Timestamp, VehicleId};
use milepost_store::{FenceVisit, Incident};

/// A vehicle's visits that began at `from` or later and before `to`, in the order of time.
///
/// # Errors
/// [`ServiceError::NotFound`] also for what the caller may not see.
pub async fn list_visits(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    vehicle: &VehicleId,
    (from, to): (Timestamp, Timestamp),
    limit: u32,
) -> Result<Vec<FenceVisit>, ServiceError> {
    find_vehicle(&*fleet.store, &request.caller, tenant, vehicle).await?;
    Ok(fleet.store.list_visits(tenant, vehicle, from, to, limit).await?)
}

/// A vehicle's incidents that began at `from` or later and before `to`, in the order of time.
///
/// # Errors
/// [`ServiceError::NotFound`] also for what the caller may not see.
pub async fn list_incidents(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    vehicle: &VehicleId,
    (from, to): (Timestamp, Timestamp),
    limit: u32,
) -> Result<Vec<Incident>, ServiceError> {
    find_vehicle(&*fleet.store, &request.caller, tenant, vehicle).await?;
    Ok(fleet.store.list_incidents(tenant, vehicle, from, to, limit).await?)
}

//! Where the vehicles of a fleet were at a past moment.

use super::Positions;
use crate::vehicles::VehicleListing;
use crate::{Request, ServiceError};
use milepost_domain::{Action, Position, Timestamp, Vehicle, VehicleId, VehicleScope};
use milepost_store::TrackedVehicle;

/// Vehicles, and where they were.
pub struct PlacesThen {
    /// The vehicles that were looked at, in the order of their ids.
    pub vehicles: Vec<Vehicle>,
    /// The last position of each at that moment, in the order of their ids. Vehicles that had none are left out.
    pub positions: Vec<Position>,
}

/// The last position at `at` or before it, and after `since`, of each vehicle that the caller may see.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn positions_at(
    positions: &Positions,
    request: &Request,
    listing: &VehicleListing,
    since: Timestamp,
    at: Timestamp,
) -> Result<PlacesThen, ServiceError> {
    let VehicleListing { tenant, after, limit } = listing;
    let scope = VehicleScope::of(&request.caller, Action::SeeVehicle, tenant);
    let tracked = positions.store.list_vehicles(tenant, &scope, after.as_ref(), *limit).await?;
    let numbers: Vec<_> = tracked.iter().map(|tracked| tracked.no).collect();
    let mut found = positions.store.positions_at(&numbers, since, at).await?;
    found.sort_by(|a, b| VehicleId::cmp(&a.vehicle_id, &b.vehicle_id));
    let vehicles = tracked.into_iter().map(|TrackedVehicle { vehicle, .. }| vehicle).collect();
    Ok(PlacesThen { vehicles, positions: found })
}

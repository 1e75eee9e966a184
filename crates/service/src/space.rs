//! Questions of space: which vehicles are nearest to a place, and which lie in a region. They are answered from this node's
//! memory, which holds the places that viewers see.

mod region;

pub use milepost_geo::{Bounds, Point};
pub use region::{FollowedRegion, NamedRegion, Region, find_region, read_box, read_place, read_region};

use crate::nodes::{Nodes, follow_tenant};
use crate::vehicles::Vehicles;
use crate::{Among, LiveVehicle, Request, ServiceError};
use milepost_domain::{Action, TenantId, Vehicle, VehicleId, VehicleScope, VehicleStatus};
use std::sync::Arc;
use tokio::sync::watch;

/// The most vehicles that are told with their distances.
pub const MAX_NEAREST: usize = 1_000;

/// Of this many times the vehicles that may be in a region, all are looked at.
const NEAR_A_REGION: usize = 10;

/// A question for the vehicles nearest to a place.
#[derive(Debug, Clone, Copy)]
pub struct Near {
    /// The place.
    pub place: Point,
    /// The most vehicles.
    pub limit: usize,
    /// Only those within so many metres.
    pub within_m: f64,
}

/// The vehicles that the caller may see and that are nearest to a place, the nearest first, with their distances in metres. Vehicles
/// without a place are none of them.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn nearest_vehicles(
    vehicles: &Vehicles,
    nodes: &Arc<Nodes>,
    request: &Request,
    tenant: &TenantId,
    near: &Near,
) -> Result<Vec<(LiveVehicle, f64)>, ServiceError> {
    let scope = VehicleScope::of(&request.caller, Action::SeeVehicle, tenant);
    // Otherwise places that other nodes stored would be missing.
    let _followed = follow_tenant(nodes, tenant).await;
    watched_nearest(vehicles, tenant, &scope, near, |_| true).await
}

/// The same for a viewer, whose connection follows the tenant already.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn watched_nearest(
    vehicles: &Vehicles,
    tenant: &TenantId,
    scope: &VehicleScope,
    near: &Near,
    is_wanted: impl Fn(&Vehicle) -> bool + Send + Sync,
) -> Result<Vec<(LiveVehicle, f64)>, ServiceError> {
    let live = vehicles.live(tenant).await?;
    Ok(live.nearest(scope, near.place, near.limit.min(MAX_NEAREST), near.within_m, is_wanted))
}

/// The vehicles in a region that the caller may see, in the order of their ids, after one of them.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn vehicles_within(
    vehicles: &Vehicles,
    nodes: &Arc<Nodes>,
    request: &Request,
    tenant: &TenantId,
    region: &Region,
    after: Option<&VehicleId>,
) -> Result<Vec<LiveVehicle>, ServiceError> {
    let scope = VehicleScope::of(&request.caller, Action::SeeVehicle, tenant);
    let _followed = follow_tenant(nodes, tenant).await;
    let live = vehicles.live(tenant).await?;
    let bounds = region.bounds();
    let may_be_in = |live: &LiveVehicle| {
        let is_later = after.is_none_or(|after| live.vehicle.id > *after);
        is_later && live.last.as_ref().is_some_and(|last| bounds.contains(last.into()))
    };
    let (mut found, ()) = live.watch(&scope, &Among::In(bounds), may_be_in, |_| ());
    // Not under the tenant's lock: a polygon may have many corners.
    found.retain(|live| live.last.as_ref().is_some_and(|last| region.contains(last.into())));
    Ok(found)
}

/// The vehicles in a region, for a viewer, whose connection follows the tenant already. `None` if there are more than `most`, or very
/// many near the region.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn watched_within(
    vehicles: &Vehicles,
    tenant: &TenantId,
    scope: &VehicleScope,
    region: &Region,
    most: usize,
    is_wanted: impl Fn(&Vehicle) -> bool + Send + Sync,
) -> Result<Option<Vec<VehicleId>>, ServiceError> {
    let live = vehicles.live(tenant).await?;
    let Some(mut found) = live.places_in(scope, &region.bounds(), most * NEAR_A_REGION, is_wanted) else {
        return Ok(None);
    };
    // Not under the tenant's lock: a polygon may have many corners.
    found.retain(|(_, place)| region.contains(*place));
    Ok((found.len() <= most).then(|| found.into_iter().map(|(id, _)| id).collect()))
}

/// The number of a tenant's vehicles in an area, whoever may see them.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn count_in(vehicles: &Vehicles, tenant: &TenantId, area: &Bounds) -> Result<usize, ServiceError> {
    Ok(vehicles.live(tenant).await?.count_in(area))
}

/// Calls `visit` with the status and the place of each of a tenant's vehicles, and returns the state of the map, as
/// [`watch_changes`] tells it. Nothing is published meanwhile.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn visit_places(
    vehicles: &Vehicles,
    tenant: &TenantId,
    visit: impl FnMut(&VehicleStatus, Point) + Send,
) -> Result<u64, ServiceError> {
    Ok(vehicles.live(tenant).await?.visit_places(visit))
}

/// Changes whenever a vehicle of the tenant moves or is described anew, or a rule of the tenant changes.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn watch_changes(vehicles: &Vehicles, tenant: &TenantId) -> Result<watch::Receiver<u64>, ServiceError> {
    Ok(vehicles.live(tenant).await?.changes())
}

//! Lists the deliveries that are under way.

use super::Deliveries;
use super::estimate_arrival::view_delivery;
use crate::{DeliveryView, Request, ServiceError};
use milepost_domain::{
    Action, DeliveryStatus, Principal, Reach, RiderId, Role, TenantId, Timestamp, TrackingId, may, reach,
};
use milepost_store::DeliveryListing;

/// Which deliveries are asked for.
#[derive(Debug, Clone)]
pub struct DeliveryQuery {
    /// Their tenant.
    pub tenant: TenantId,
    /// Only those of this rider.
    pub rider: Option<RiderId>,
    /// Only those with this status.
    pub status: Option<DeliveryStatus>,
    /// Only those after this one, by its time of creation and id.
    pub after: Option<(Timestamp, TrackingId)>,
    /// The largest number of deliveries.
    pub limit: u32,
}

/// Lists deliveries whose links still work, newest first: those of the tenant for its staff, those that it started for a
/// merchant, its own for a rider.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn list_deliveries(
    deliveries: &Deliveries,
    request: &Request,
    query: DeliveryQuery,
) -> Result<Vec<DeliveryView>, ServiceError> {
    let caller = &request.caller;
    let DeliveryQuery { tenant, rider, status, after, limit } = query;
    let is_rider = caller.tenant == tenant && reach(caller, Action::SeeRiders) == Some(Reach::Own);
    if !is_rider && !may(caller, Action::SeeRiders, &tenant) {
        return Err(ServiceError::Forbidden("only the tenant's staff, its merchants and riders may list deliveries"));
    }
    let name = caller.principal.name();
    if is_rider && rider.as_ref().is_some_and(|rider| rider.as_str() != name) {
        return Ok(Vec::new());
    }
    let rider = if is_rider { Some(RiderId::stored(&name)?) } else { rider };
    let is_merchant = matches!(caller.principal, Principal::User { role: Role::Merchant, .. });
    let started_by = is_merchant.then(|| name.into_owned());
    let listing = DeliveryListing { tenant, rider, started_by, status, after, limit };
    let mut views = Vec::new();
    for delivery in deliveries.store.list_deliveries(&listing, request.now).await? {
        views.push(view_delivery(deliveries, delivery, request.now).await);
    }
    Ok(views)
}

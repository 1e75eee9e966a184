//! Finds a delivery by its link or by its rider.

use super::Deliveries;
use super::estimate_arrival::view_delivery;
use crate::{DeliveryView, Listener, Request, ServiceError};
use milepost_domain::{
    Action, Delivery, Principal, Reach, RiderId, TenantId, Timestamp, TrackingId, UserId, may, reach,
};

/// The name of a delivery in error messages.
pub(super) const SESSION: &str = "tracking session";

/// A session by its link. Everyone who has the link may see it.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Gone`] once it has expired.
pub async fn find_delivery(
    deliveries: &Deliveries,
    id: &TrackingId,
    now: Timestamp,
) -> Result<DeliveryView, ServiceError> {
    let delivery = get_unexpired(deliveries, id, now).await?;
    Ok(view_delivery(deliveries, delivery, now).await)
}

/// Passes the session to `enter` while no change of it can be published, so that a subscription made by `enter` begins
/// with the next change.
///
/// # Errors
/// As [`find_delivery`].
pub async fn follow_delivery<T>(
    deliveries: &Deliveries,
    id: &TrackingId,
    now: Timestamp,
    enter: impl FnOnce(&DeliveryView) -> T + Send,
) -> Result<T, ServiceError> {
    let _lock = deliveries.locks.read(id).await;
    let delivery = get_unexpired(deliveries, id, now).await?;
    let view = view_delivery(deliveries, delivery, now).await;
    Ok(enter(&view))
}

/// A rider's current session, for the rider itself, its tenant's staff, and the user who started it.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`] when it has none.
pub async fn find_riders_delivery(
    deliveries: &Deliveries,
    request: &Request,
    tenant: &TenantId,
    rider: &RiderId,
) -> Result<DeliveryView, ServiceError> {
    if matches!(request.caller.principal, Principal::Device { .. }) {
        return Err(NOT_ITS_DELIVERY);
    }
    let name = request.caller.principal.name();
    let is_home = request.caller.tenant == *tenant;
    let is_own = is_home && reach(&request.caller, Action::SeeRiders) == Some(Reach::Own) && name == rider.as_str();
    let current = deliveries.store.current_delivery(tenant, rider, request.now).await?;
    let is_starter = is_home && current.as_ref().is_some_and(|current| current.started_by == name);
    if !is_own && !is_starter && !may(&request.caller, Action::SeeRiders, tenant) {
        return Err(NOT_ITS_DELIVERY);
    }
    Ok(view_delivery(deliveries, current.ok_or(ServiceError::NotFound(SESSION))?, request.now).await)
}

const NOT_ITS_DELIVERY: ServiceError =
    ServiceError::Forbidden("only the rider itself and its tenant's staff may ask for its delivery");

/// Reads and publishes a delivery that another process changed, if it has subscribers here.
pub(crate) async fn follow_delivery_event(
    deliveries: &Deliveries,
    id: &TrackingId,
    now: Timestamp,
) -> Result<(), ServiceError> {
    if !deliveries.listeners.follows_delivery(id) {
        return Ok(());
    }
    let _lock = deliveries.locks.write([id]).await;
    if let Some(delivery) = deliveries.store.get_delivery(id).await? {
        deliveries.listeners.delivery_changed(&view_delivery(deliveries, delivery, now).await);
    }
    Ok(())
}

/// Publishes the delivery of a rider who went off duty or came back, if it has subscribers here.
pub(crate) async fn follow_riders_duty(
    deliveries: &Deliveries,
    tenant: &TenantId,
    rider: UserId,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let Ok(rider) = RiderId::new(&rider.to_string()) else { return Ok(()) };
    match deliveries.store.current_delivery(tenant, &rider, now).await? {
        Some(current) => follow_delivery_event(deliveries, &current.tracking_id, now).await,
        None => Ok(()),
    }
}

async fn get_unexpired(deliveries: &Deliveries, id: &TrackingId, now: Timestamp) -> Result<Delivery, ServiceError> {
    let delivery = deliveries.store.get_delivery(id).await?.ok_or(ServiceError::NotFound(SESSION))?;
    if delivery.has_expired(now) { Err(ServiceError::Gone(SESSION)) } else { Ok(delivery) }
}

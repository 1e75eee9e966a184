//! Starts a delivery session, whose link works from then on.

use super::Deliveries;
use super::outgoing_calls::{text_call, texts_to};
use super::tracking_id::random_tracking_id;
use crate::tenants::ensure_tenant;
use crate::{DeliveryView, Request, ServiceError};
use milepost_domain::{
    Action, Delivery, DeliveryStatus, Fact, Invalid, Latitude, Longitude, OrderId, Phone, RiderId, Role, TenantId, may,
};
use milepost_store::{DeliveryChange, Once};

/// A delivery to be started.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDelivery {
    /// The shop's order.
    pub order_id: OrderId,
    /// The rider who brings it.
    pub rider_id: RiderId,
    /// The destination, in degrees north and east.
    pub dropoff: (Latitude, Longitude),
    /// The customer's phone, for SMS about the delivery.
    pub phone: Option<Phone>,
}

/// Starts a session. A rider starts its own, an admin those of any rider.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::Invalid`] for an order that can't be named in the order service's URL,
/// [`ServiceError::TooMany`] for too many texts.
pub async fn start_delivery(
    deliveries: &Deliveries,
    request: &Request,
    tenant: &TenantId,
    new: NewDelivery,
    once: &Once<'_, DeliveryView>,
) -> Result<DeliveryView, ServiceError> {
    if !may(&request.caller, Action::StartDelivery, tenant) {
        return Err(NOT_A_STARTER);
    }
    let name = request.caller.principal.name();
    if request.caller.role() == Some(Role::Rider) {
        require_own_name(deliveries, request, tenant, &name, &new.rider_id).await?;
    }
    if !new.order_id.is_path_segment() {
        return Err(Invalid::new("order_id", "must not be . or .., which can't be part of a URL").into());
    }
    ensure_tenant(&*deliveries.store, tenant).await?;
    let now = request.now;
    let delivery = Delivery {
        tracking_id: random_tracking_id(),
        tenant: tenant.clone(),
        order_id: new.order_id,
        rider_id: new.rider_id,
        started_by: name.into_owned(),
        phone: new.phone,
        status: DeliveryStatus::Assigned,
        dropoff: new.dropoff,
        last: None,
        first: None,
        driven_m: 0.0,
        created_at: now,
        updated_at: now,
        expires_at: now.plus_ms(deliveries.ttl_ms),
        version: 1,
    };
    let fact = Fact::DeliveryStarted {
        tracking_id: delivery.tracking_id.clone(),
        order_id: delivery.order_id.clone(),
        rider_id: delivery.rider_id.clone(),
    };
    let mut calls = Vec::new();
    if let Some(phone) = texts_to(&delivery, &deliveries.outgoing) {
        let counted = deliveries.count_text(&delivery, phone, request);
        counted.map_err(|retry_after_s| ServiceError::TooMany { retry_after_s })?;
        calls.push(text_call(&delivery, phone, &deliveries.outgoing));
    }
    let change = DeliveryChange { delivery: &delivery, fix: None, facts: &[fact], calls: &calls };
    let view = DeliveryView { delivery: delivery.clone(), eta_seconds: None, is_off_duty: false, estimate: None };
    deliveries.store.add_delivery(&change, now, &once.map(|(): &()| Some(view.clone()))).await?;
    deliveries.wakers.wake_outbox();
    // Logged without its id, because everyone who has the id can see where the customer lives.
    tracing::debug!(tenant.id = %tenant, by = request.caller.log_name(), "delivery started");
    Ok(view)
}

/// A rider's name is the `sub` of its token, or a name of its platform's that no session of somebody else has now. A whole
/// number is always a user's.
async fn require_own_name(
    deliveries: &Deliveries,
    request: &Request,
    tenant: &TenantId,
    subject: &str,
    rider: &RiderId,
) -> Result<(), ServiceError> {
    if rider.as_str() == subject {
        return Ok(());
    }
    let is_number = rider.as_str().bytes().all(|byte| byte.is_ascii_digit());
    let current = deliveries.store.current_delivery(tenant, rider, request.now).await?;
    if is_number || current.is_some_and(|current| current.started_by != subject) {
        return Err(ServiceError::Forbidden("a rider may start deliveries for itself only, not for another rider_id"));
    }
    Ok(())
}

const NOT_A_STARTER: ServiceError = ServiceError::Forbidden("only a rider or admin of the tenant may start a delivery");

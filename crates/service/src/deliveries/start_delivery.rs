//! Starts a delivery session, whose link works from then on.

use super::Deliveries;
use super::outgoing_calls::calls_of_start;
use super::tracking_id::random_tracking_id;
use crate::tenants::ensure_tenant;
use crate::{DeliveryView, Request, ServiceError};
use milepost_domain::{
    Action, Delivery, DeliveryStatus, Fact, Latitude, Longitude, OrderId, Phone, Principal, RiderId, TenantId, may,
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

/// Starts a session, of the caller or of another rider.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn start_delivery(
    deliveries: &Deliveries,
    request: &Request,
    tenant: &TenantId,
    new: NewDelivery,
    once: &Once<'_, DeliveryView>,
) -> Result<DeliveryView, ServiceError> {
    let Principal::User { subject, .. } = &request.caller.principal else { return Err(NOT_A_STARTER) };
    if !may(&request.caller, Action::StartDelivery, tenant) {
        return Err(NOT_A_STARTER);
    }
    ensure_tenant(&*deliveries.store, tenant).await?;
    let now = request.now;
    let delivery = Delivery {
        tracking_id: random_tracking_id(),
        tenant: tenant.clone(),
        order_id: new.order_id,
        rider_id: new.rider_id,
        started_by: subject.clone(),
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
    let calls = calls_of_start(&delivery, &deliveries.outgoing);
    let change = DeliveryChange { delivery: &delivery, fix: None, facts: &[fact], calls: &calls };
    let view = DeliveryView { delivery: delivery.clone(), eta_seconds: None, estimate: None };
    deliveries.store.add_delivery(&change, now, &once.map(|(): &()| Some(view.clone()))).await?;
    deliveries.wakers.wake_outbox();
    // Logged without its id, because everyone who has the id can see where the customer lives.
    tracing::info!(tenant.id = %tenant, by = request.caller.log_name(), "delivery started");
    Ok(view)
}

const NOT_A_STARTER: ServiceError = ServiceError::Forbidden("only a rider or admin of the tenant may start a delivery");

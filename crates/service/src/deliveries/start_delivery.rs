//! Starts a delivery session: from here on its link works.

use super::tell_others::calls_of_start;
use super::tracking_id::random_tracking_id;
use crate::{DeliveryView, Service, ServiceError};
use milepost_domain::{
    Action, Caller, Delivery, DeliveryStatus, Fact, Latitude, Longitude, OrderId, Phone, Principal, RiderId, TenantId,
    may,
};
use milepost_store::{DeliveryChange, Once};

/// A delivery to be started.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDelivery {
    /// The shop's order.
    pub order_id: OrderId,
    /// Who brings it.
    pub rider_id: RiderId,
    /// Where to: degrees north and east.
    pub dropoff: (Latitude, Longitude),
    /// Whom to tell by SMS.
    pub phone: Option<Phone>,
}

impl Service {
    /// Starts a session, for oneself or for another rider.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`].
    pub async fn start_delivery(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        new: NewDelivery,
        once: &Once<'_, DeliveryView>,
    ) -> Result<DeliveryView, ServiceError> {
        let Principal::User { subject, .. } = &caller.principal else { return Err(NOT_A_STARTER) };
        if !may(caller, Action::StartDelivery, tenant) {
            return Err(NOT_A_STARTER);
        }
        self.ensure_tenant(tenant).await?;
        let now = self.now();
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
            expires_at: now.plus_ms(self.deliveries.ttl_ms),
            version: 1,
        };
        let fact = Fact::DeliveryStarted {
            tracking_id: delivery.tracking_id.clone(),
            order_id: delivery.order_id.clone(),
            rider_id: delivery.rider_id.clone(),
        };
        let calls = calls_of_start(&delivery, &self.outgoing);
        let change = DeliveryChange { delivery: &delivery, fix: None, facts: &[fact], calls: &calls };
        let view = DeliveryView { delivery: delivery.clone(), eta_seconds: None, estimate: None };
        self.store.add_delivery(&change, now, &once.map(|(): &()| Some(view.clone()))).await?;
        self.wake_outbox();
        // The id is a key to where somebody lives: it stays out of the log.
        tracing::info!(tenant.id = %tenant, by = caller.log_name(), "delivery started");
        Ok(view)
    }
}

const NOT_A_STARTER: ServiceError = ServiceError::Forbidden("only a rider or admin of the tenant may start a delivery");
